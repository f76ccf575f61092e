import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.fetch.convert import convert_archive
from brainlens.datasets.fetch.slice_record import load_records, save_records
from brainlens.errors import DataError
from brainlens.imaging import read

from ...cheng_originals import FIRST, archive, image_of, mask_of, members


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.zip"
    path.write_bytes(content)
    return path


def test_images_keep_every_level_and_masks_their_pixels(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    source = write(tmp_path, archive(members(FIRST)))
    records = convert_archive(source, tmp_path / "out", lambda *call: calls.append(call))
    assert [(r.number, r.label, r.pid) for r in records] == [
        (1, "meningioma", "100"),
        (2, "glioma", "MR1A"),
        (3, "glioma", "MR1B"),
    ]
    assert calls[-1] == (3, 3)
    one = read(tmp_path / "out" / "images" / "meningioma" / "1.png").pixels
    assert one.dtype == np.uint16
    np.testing.assert_array_equal(one, image_of(1))
    two = read(tmp_path / "out" / "images" / "glioma" / "2.png").pixels
    np.testing.assert_array_equal(two.astype(int) - 3, image_of(2, lowest=-5))
    mask = np.asarray(Image.open(tmp_path / "out" / "masks" / "3.png"))
    np.testing.assert_array_equal(mask, mask_of() * 255)
    assert records[1].lowest == -3
    assert records[1].lesion_share == 60 / 1200
    assert (records[1].lesion_x * 40, records[1].lesion_y * 30) == pytest.approx((14.5, 7.5))


def test_records_come_back_and_damaged_ones_count_as_none(tmp_path: Path) -> None:
    records = convert_archive(write(tmp_path, archive(members(FIRST))), tmp_path / "out")
    note = tmp_path / "a.zip.json"
    assert load_records(note) is None
    save_records(records, note)
    assert load_records(note) == records
    note.write_bytes(note.read_bytes()[:-5])
    assert load_records(note) is None


def damaged() -> bytes:
    """Return an archive whose second slice has other bytes than its CRC says."""
    content = bytearray(archive(members(FIRST)))
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        info = opened.getinfo("data/2.mat")
    at = info.header_offset + 30 + len(info.filename) + 20
    content[at : at + 50] = bytes(50)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"a\.zip is not a sound zip"),
        (b"<html>", r"a\.zip is not a sound zip"),
        (archive(members(FIRST))[:2000], r"a\.zip is not a sound zip"),
        (damaged(), r"data/2\.mat cannot be unpacked"),
        (archive({"4.mat": b"nothing"}), r"4\.mat is not a MATLAB"),
    ],
)
def test_a_damaged_archive_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        convert_archive(write(tmp_path, content), tmp_path / "out")


def test_a_member_that_claims_to_be_huge_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainlens.datasets.fetch.convert._LARGEST_MEMBER", 100)
    with pytest.raises(DataError, match="no slice is that large"):
        convert_archive(write(tmp_path, archive(members(FIRST))), tmp_path / "out")
