import json
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.report_folder import require_room, write_report
from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest
from brainlens.errors import UsageError
from brainlens.files import sha256_file


def test_a_report_is_written_and_overwritten(audited: Audit, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    written = write_report(audited, out)
    assert [path.name for path in written] == ["report.html", "audit.json", "manifest.csv"]
    assert json.loads((out / "audit.json").read_text(encoding="utf-8"))["schema"] == 1
    assert len(Manifest.load(out / "manifest.csv")) == len(audited.training.manifest)
    described = json.loads((out / "manifest.croissant.json").read_text())
    assert described["distribution"][0]["sha256"] == sha256_file(out / "manifest.csv")
    require_room(out, tmp_path)
    other = replace(audited, manifest=replace(audited.manifest, info=DatasetInfo(title="Other")))
    training = replace(audited.training, manifest=other.manifest.with_rows(()))
    assert len(write_report(replace(other, training=training), out)) == 2
    # Nothing of the other set is left beside the new report.
    assert sorted(path.name for path in out.iterdir()) == ["audit.json", "report.html"]


def test_where_a_report_may_go(tmp_path: Path) -> None:
    data, full, empty = tmp_path / "data", tmp_path / "full", tmp_path / "empty"
    for folder in (data, full, empty):
        folder.mkdir()
    (full / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("")
    require_room(empty, data)
    require_room(tmp_path / "new", data)
    with pytest.raises(UsageError, match="is not empty"):
        require_room(full, data)
    (full / "audit.json").write_text("not json")
    with pytest.raises(UsageError, match="is not empty"):
        require_room(full, data)
    with pytest.raises(UsageError, match="is a file"):
        require_room(tmp_path / "file", data)
    for folder in (data, data / "manifest.csv"):
        with pytest.raises(UsageError, match="overwrite the manifest"):
            require_room(data, folder)
