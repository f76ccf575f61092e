from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from brainlens.datasets.audit.audit import audit
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.survey import SeenImages
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.phantom.write import write_phantoms
from brainlens.errors import DataError, ManifestError
from brainlens.imaging import HammingIndex, PreprocessSpec


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Return a clean set: one slice of each of 24 patients."""
    root = tmp_path_factory.mktemp("clean") / "set"
    manifest = write_phantoms(root, 132, 2, size=128)
    first = {row.patient: row for row in reversed(manifest.rows)}
    manifest.with_rows(reversed(first.values())).save(root / "manifest.csv")
    return Manifest.load(root / "manifest.csv")


def test_a_clean_manifest_is_kept_whole(phantoms: Manifest) -> None:
    found = audit(phantoms.root)
    assert found.knows_patients
    assert found.faults == ()
    assert not found.leaks.leaks
    assert [replace(r, group="") for r in found.training.manifest.rows] == list(phantoms.rows)
    assert found.groups == tuple(row.patient for row in phantoms.rows)
    assert found.n_redundant == 0


def test_stages_are_told_and_a_bundle_is_asked(phantoms: Manifest) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    @contextmanager
    def stage(title: str) -> Iterator[Callable[[int, int], None]]:
        steps = told.setdefault(title, [])
        yield lambda done, total: steps.append((done, total))

    seen = SeenImages("b", PreprocessSpec(size=32), HammingIndex([], 0))
    found = audit(phantoms.root / "manifest.csv", seen=seen, stage=stage)
    assert list(told) == ["Reading images", "Looking for near copies", "Looking for confounds"]
    assert all(steps[-1][0] == steps[-1][1] for steps in told.values() if steps)
    assert told["Reading images"][-1] == (24, 24)
    assert found.bundle == "b"
    assert found.seen == ()


def test_a_report_can_be_audited_in_turn(audited: Audit, tmp_path: Path) -> None:
    audited.training.manifest.save(tmp_path / "manifest.csv")
    again = audit(tmp_path)
    assert again.n_redundant == 0
    assert again.contradictions == ()
    assert not again.leaks.leaks
    assert len(again.training.manifest) == len(audited.training.manifest)


def test_copies_join_the_patients_they_show(phantoms: Manifest, tmp_path: Path) -> None:
    first, last = phantoms.rows[0], phantoms.rows[-1]
    assert first.patient != last.patient
    copy = tmp_path / "copy.png"
    with Image.open(first.path) as image:
        image.rotate(90).save(copy)
    stranger = replace(
        last, path=copy, label=first.label, mask=None, sha256="", pixel_sha256="", split=first.split
    )
    manifest = phantoms.with_rows([*phantoms.rows, stranger])
    manifest.save(tmp_path / "manifest.csv")
    found = audit(tmp_path)
    assert [s.rows for s in found.sets] == [(0, len(phantoms))]
    assert abs(found.near[0].turn) == pytest.approx(90)
    assert (
        found.groups[0] == found.groups[-1] == found.groups[-2] == min(first.patient, last.patient)
    )


def test_what_is_no_data_set_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is nothing at"):
        audit(tmp_path / "gone")
    (tmp_path / "m.csv").write_text("file;label\n")
    with pytest.raises(ManifestError, match="no column path"):
        audit(tmp_path / "m.csv")


def test_a_set_of_which_nothing_is_usable(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        Image.new("L", (64, 64), 9).save(tmp_path / label / "1.png")
    found = audit(tmp_path)
    assert found.usable == ()
    assert found.training.manifest.rows == ()
    assert found.leaks.random_share == 0
    assert found.confounds.score is None


def test_a_manifest_without_rows_is_one_clear_error(tmp_path: Path) -> None:
    table = tmp_path / "manifest.csv"
    table.write_text("path,label\n")
    with pytest.raises(DataError, match="names no image") as caught:
        audit(table)
    assert "row" in caught.value.hint
