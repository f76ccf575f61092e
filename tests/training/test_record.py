from pathlib import Path

import pytest

from brainlens.errors import RunError
from brainlens.training.record import RunRecord, read_run


def test_the_record_holds_all_that_is_needed_to_repeat_the_run(finished_run: Path) -> None:
    record = read_run(finished_run)
    assert RunRecord.model_validate_json(record.model_dump_json()) == record
    assert record.config.threads == 1
    assert record.config.precision != "auto"
    assert {"python", "torch", "lightning", "brainlens"} <= set(record.versions)
    assert len(record.data.data_sha256) == 64


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a training run"):
        read_run(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"config": 1}'])
def test_a_damaged_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(RunError, match="cannot be read"):
        read_run(tmp_path)
