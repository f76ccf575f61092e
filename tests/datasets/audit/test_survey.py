import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from brainlens.datasets.audit.file_faults import KIND_NAMES, MEANINGS, UNUSABLE, FileFault
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.survey import SeenImages, passed_over, survey
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import open_dataset
from brainlens.imaging import HammingIndex, PreprocessSpec, perceptual_hash, quantise, read


def by_kind(faults: tuple[FileFault, ...]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for fault in faults:
        found[fault.kind].append(fault.path.name)
    return dict(found)


def test_every_bad_file_is_found(audited: Audit) -> None:
    assert by_kind(audited.faults) == {
        "unreadable": ["cut.png"],
        "constant": ["constant.png"],
        "tiny": ["tiny.png"],
        "too_large": ["huge.png"],
        "colour": ["colour.png"],
        "extension": ["wrong.jpg"],
        "outside": ["linked.png"],
        "empty": ["empty.png"],
        "broken_link": ["broken.png"],
        "folder": ["deeper"],
        "passed_over": ["notes.txt"],
    }


def test_bad_files_are_not_usable_odd_ones_are(audited: Audit) -> None:
    out = {f.row.path.name for f in audited.inspected if not f.usable}
    assert out == {"cut.png", "constant.png", "tiny.png", "huge.png"}
    details = {fault.kind: fault.detail for fault in audited.faults}
    assert details["tiny"] == "20 x 20 pixels"
    assert details["constant"] == "grey level 7"
    assert details["extension"] == ".jpg, yet PNG"
    assert "10001 x 10000" in details["too_large"]


def test_every_kind_has_words() -> None:
    assert set(MEANINGS) == set(KIND_NAMES)
    assert set(MEANINGS) > UNUSABLE


def test_hashes_are_those_of_the_files_now(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.linear_gradient("L").save(path)
    claimed = Row(path, sha256="0" * 64, pixel_sha256="1" * 64)
    (found,) = survey(Manifest(tmp_path, (claimed,)), folders=False)
    assert [fault.kind for fault in found.faults] == ["changed"]
    assert found.usable
    (again,) = survey(Manifest(tmp_path, (found.row,)), folders=False)
    assert again.faults == ()
    assert again.row == found.row != claimed


def test_a_manifest_may_name_files_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.linear_gradient("L").save(path)
    manifest = Manifest(tmp_path / "deeper", (Row(path),))
    assert survey(manifest, folders=False)[0].faults == ()
    assert [f.kind for f in survey(manifest, folders=True)[0].faults] == ["outside"]


def test_what_is_called_an_image_and_is_none(tmp_path: Path) -> None:
    contents = {"scan.png": b"%PDF-1.7", "scan.dcm": bytes(128) + b"DICM", "empty.txt": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe.png")
    found = {f.path.name: f for f in passed_over(sorted(tmp_path.iterdir()))}
    assert found["scan.png"].kind == "not_an_image"
    assert found["scan.png"].detail == "a PDF document"
    assert found["scan.dcm"] == FileFault(tmp_path / "scan.dcm", "passed_over", "a DICOM file")
    assert found["empty.txt"].kind == "passed_over"
    assert found["pipe.png"] == FileFault(tmp_path / "pipe.png", "unreadable", "not a plain file")


def test_a_row_that_is_no_image_any_more(tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(b"%PDF-1.7")
    rows = (Row(tmp_path / "scan.png"), Row(tmp_path / "gone.png"))
    first, second = survey(Manifest(tmp_path, rows), folders=False)
    assert [f.kind for f in first.faults] == ["not_an_image"]
    assert [f.kind for f in second.faults] == ["unreadable"]
    assert "No such file" in second.faults[0].detail


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_a_name_that_is_no_unicode_is_a_fault(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.png"))
    try:
        Image.linear_gradient("L").save(path)
    except OSError:
        pytest.skip("this file system refuses such names")
    (found,) = survey(Manifest(tmp_path, (Row(path),)), folders=True)
    assert [f.kind for f in found.faults] == ["bad_name"]
    assert not found.usable


def test_images_that_a_bundle_has_seen(planted: Path) -> None:
    manifest = open_dataset(planted).select(split="test")
    spec = PreprocessSpec(size=64)
    known = perceptual_hash(quantise(read(manifest.rows[3].path), spec))
    seen = SeenImages("b", spec, HammingIndex([known], 0))
    steps: list[tuple[int, int]] = []
    found = survey(
        manifest, folders=True, seen=seen, progress=lambda done, total: steps.append((done, total))
    )
    assert found[3].seen
    assert sum(bool(f.seen) for f in found) < len(found) / 2
    assert steps[-1] == (len(manifest), len(manifest))
    assert survey(manifest, folders=True)[3] == replace(found[3], seen=None)
