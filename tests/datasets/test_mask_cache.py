"""Cached masks lie where the cached slices do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.mask_cache import MaskCache
from brainlens.errors import DataError, ImageError, NotAnImage
from brainlens.imaging.spec import PreprocessSpec

SIZE = 36  # no multiple of 8: the last byte of a row is not full
MakeImage = Callable[..., Path]


def _drawn(folder: Path, name: str, shape: tuple[int, int], centre: tuple[int, int]) -> Row:
    """A slice that is bright exactly where its mask is."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    lesion = np.hypot(y - centre[0], x - centre[1]) < 9
    image, mask = folder / f"{name}.png", folder / f"{name}-mask.png"
    Image.fromarray(np.where(lesion, 255, 0).astype(np.uint8)).save(image)
    Image.fromarray(np.where(lesion, 200, 0).astype(np.uint8)).save(mask)
    return Row(image, "a", mask=mask)


@pytest.mark.parametrize("shape", [(80, 80), (120, 70), (50, 90)])
def test_a_mask_lies_on_its_lesion(tmp_path: Path, shape: tuple[int, int]) -> None:
    rows = [_drawn(tmp_path, f"{i}", shape, (20 + 4 * i, 30 + 5 * i)) for i in range(3)]
    manifest = Manifest(tmp_path, tuple(rows))
    spec = PreprocessSpec(intensity="full_range", size=SIZE)
    images = Cache.build(manifest, spec, tmp_path / "cache")
    masks = MaskCache.build(manifest, PreprocessSpec(size=SIZE), tmp_path / "cache")
    found = masks.masks(masks.indices(rows))
    assert found.shape == (3, SIZE, SIZE)
    assert len(masks) == 3
    for row, mask in zip(rows, found, strict=True):
        bright = images.images[images.index(row)] >= 128
        assert bright.sum() > 20
        # The image is rounded to whole grey values before it is compared with half.
        assert (bright != mask).sum() <= 1
        assert set(np.unique(mask)) == {0, 1}


def test_rows_without_a_mask_get_an_empty_one_and_are_known(
    tmp_path: Path, make_image: MakeImage
) -> None:
    drawn = _drawn(tmp_path, "drawn", (40, 40), (20, 20))
    blank = tmp_path / "blank-mask.png"
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(blank)
    rows = [Row(make_image("1.png")), drawn, Row(make_image("2.png", 1), mask=blank)]
    masks = MaskCache.build(
        Manifest(tmp_path, tuple(rows)), PreprocessSpec(size=SIZE), tmp_path / "cache"
    )
    positions = masks.indices(rows)
    assert [at >= 0 for at in positions] == [False, True, False]
    assert [int(m.sum()) > 0 for m in masks.masks(positions)] == [False, True, False]


def test_no_masks_at_all_are_none(tmp_path: Path, make_image: MakeImage) -> None:
    rows = [Row(make_image("1.png"))]
    masks = MaskCache.build(
        Manifest(tmp_path, tuple(rows)), PreprocessSpec(size=SIZE), tmp_path / "cache"
    )
    assert len(masks) == 0
    assert not masks.masks(masks.indices(rows)).any()
    assert not (tmp_path / "cache").exists()


def test_a_second_build_reads_nothing_and_a_changed_mask_is_read(tmp_path: Path) -> None:
    row = _drawn(tmp_path, "one", (40, 40), (20, 20))
    manifest = Manifest(tmp_path, (row,))
    calls: list[tuple[int, int]] = []

    def build() -> MaskCache:
        return MaskCache.build(
            manifest,
            PreprocessSpec(size=SIZE),
            tmp_path / "cache",
            lambda done, total: calls.append((done, total)),
        )

    before = build().masks(np.array([0]))
    build()
    assert calls == [(1, 1)]
    assert row.mask is not None
    Image.fromarray(np.eye(40, dtype=np.uint8)[::-1] | np.eye(40, dtype=np.uint8)).save(row.mask)
    after = build().masks(np.array([0]))
    assert calls == [(1, 1), (1, 1)]
    assert not np.array_equal(before, after)


def test_a_mask_of_another_size_is_refused_by_name(tmp_path: Path, make_image: MakeImage) -> None:
    row = Row(make_image("1.png"), mask=make_image("larger.png", size=41))
    with pytest.raises(ImageError, match=r"larger\.png: The mask has 41 x 41 .* slice 40 x 40"):
        MaskCache.build(Manifest(tmp_path, (row,)), PreprocessSpec(size=SIZE), tmp_path / "cache")


def test_what_cannot_be_read_is_named(tmp_path: Path, make_image: MakeImage) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    row = Row(make_image("1.png"), mask=bad)
    with pytest.raises(NotAnImage, match=r"bad\.png: "):
        MaskCache.build(Manifest(tmp_path, (row,)), PreprocessSpec(size=SIZE), tmp_path / "cache")
    row = Row(make_image("1.png"), mask=tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"gone\.png cannot be opened"):
        MaskCache.build(Manifest(tmp_path, (row,)), PreprocessSpec(size=SIZE), tmp_path / "cache")
