import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import DESCRIPTION, Metric
from brainlens.files import canonical_json, sha256_bytes


def _metric(**more: object) -> Metric:
    return Metric.model_validate(
        {"name": "accuracy", "value": 0.5, "split": "test", "protocol": "given", "n_slices": 9}
        | more
    )


def _without(bundle: Bundle, folder: Path, *fields: str) -> Path:
    """Write the bundle as a version did that did not know these fields of a figure."""
    description = json.loads((bundle.path / DESCRIPTION).read_text())
    for metric in description["metrics"]:
        for field in fields:
            del metric[field]
    del description["description_sha256"]
    description["description_sha256"] = sha256_bytes(canonical_json(description))
    folder.mkdir()
    for name in bundle.names:
        (folder / name).write_bytes(bundle.read(name))
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    (folder / DESCRIPTION).write_text(text)
    return folder


def test_a_figure_without_level_and_subgroup_is_of_all_slices(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    new = revise(load_bundle(tiny_bundle), tmp_path / "new", metrics=(_metric(),))
    old = load_bundle(_without(new, tmp_path / "old", "level", "subgroup"))
    assert old.info.metrics == (_metric(level="slice", subgroup=None),)
    assert old.info.decision_sha256 == new.info.decision_sha256


def test_a_figure_says_what_was_counted_and_of_which_part(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    figures = (_metric(level="patient"), _metric(subgroup="large lesions"))
    written = revise(load_bundle(tiny_bundle), tmp_path / "b", metrics=figures)
    assert written.info.metrics == figures
    with pytest.raises(ValidationError, match="level"):
        _metric(level="study")
