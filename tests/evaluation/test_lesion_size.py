from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.manifest import Row
from brainlens.evaluation import lesion_size
from brainlens.evaluation.lesion_size import lesion_sizes
from brainlens.imaging.slice import Slice


def _disc(path: Path, diameter: float, side: int = 128, value: int = 255) -> Path:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    inside = np.hypot(y, x) <= diameter / 2
    Image.fromarray((inside * value).astype(np.uint8)).save(path)
    return path


def _row(mask: Path | None) -> Row:
    return Row(Path("slice.png"), mask=mask)


def test_a_disc_has_its_own_diameter(tmp_path: Path) -> None:
    rows = [_row(_disc(tmp_path / f"{d}.png", d)) for d in (20, 61)]
    found = lesion_sizes(rows, spacing_mm=0.5)
    assert found.unit == "mm"
    np.testing.assert_allclose(found.values, [10, 30.5], rtol=0.01)


def test_without_a_spacing_it_is_the_share_of_the_image(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    Image.fromarray(np.full((10, 10), 255, dtype=np.uint8)).save(whole)
    found = lesion_sizes([_row(whole), _row(_disc(tmp_path / "d.png", 64)), _row(None)])
    assert found.unit == "share"
    np.testing.assert_allclose(found.values, [1, np.pi * 32**2 / 128**2, np.nan], rtol=0.01)


def test_lesion_is_what_lies_above_half_of_the_masks_largest_value(tmp_path: Path) -> None:
    pixels = np.zeros((10, 10), dtype=np.uint8)
    pixels[:2] = 1
    Image.fromarray(pixels).save(tmp_path / "ones.png")
    pixels[:2], pixels[2:4] = 200, 100
    Image.fromarray(pixels).save(tmp_path / "soft.png")
    found = lesion_sizes([_row(tmp_path / "ones.png"), _row(tmp_path / "soft.png")])
    np.testing.assert_allclose(found.values, [0.2, 0.2])


def test_an_empty_mask_outlines_no_lesion(tmp_path: Path) -> None:
    rows = [_row(_disc(tmp_path / "none.png", 0)), _row(_disc(tmp_path / "d.png", 40))]
    found = lesion_sizes(rows, spacing_mm=1.0)
    assert found.unit == "mm"
    assert np.isnan(found.values[0])
    assert not found.unreadable


def test_what_the_file_says_of_its_pixels_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_with_spacing(path: Path) -> Slice:
        pixels = np.asarray(Image.open(path))
        said = (2.0, 0.5) if path.name == "says.png" else None
        return Slice(pixels, format="png", spacing_mm=said)

    monkeypatch.setattr(lesion_size, "read", read_with_spacing)
    rows = [_row(_disc(tmp_path / name, 40)) for name in ("says.png", "silent.png")]
    np.testing.assert_allclose(lesion_sizes(rows, spacing_mm=3.0).values, [40, 120], rtol=0.01)
    assert lesion_sizes(rows).unit == "share"
    assert lesion_sizes(rows[:1]).unit == "mm"


def test_masks_that_cannot_be_read_are_told_and_have_no_size(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image at all")
    gone = tmp_path / "gone.png"
    found = lesion_sizes([_row(bad), _row(_disc(tmp_path / "d.png", 40)), _row(gone)])
    assert np.isnan(found.values[[0, 2]]).all()
    assert found.values[1] > 0
    assert [text.partition(":")[0] for text in found.unreadable] == [str(bad), str(gone)]


def test_masks_are_counted_as_they_are_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    rows = [_row(_disc(tmp_path / f"{i}.png", 9)) for i in range(3)]
    lesion_sizes([*rows, _row(None)], progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_masks_no_sizes() -> None:
    found = lesion_sizes([_row(None)] * 2, spacing_mm=0.5)
    assert np.isnan(found.values).all()
    assert found.unit == "share"
