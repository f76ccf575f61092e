from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.manifest import Manifest
from brainlens.pipeline.silhouettes import silhouettes

from .ellipses import Picture, head, write_set


@pytest.fixture
def pictures(tmp_path: Path) -> Manifest:
    return write_set(
        tmp_path / "set",
        {"plain": head, "blob": lambda rng: head(rng, blob=(3, 3))},
        patients=2,
    )


def test_nothing_is_left_but_the_outline(pictures: Manifest, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    masked = pictures.with_rows(replace(row, mask=row.path) for row in pictures.rows)
    found = silhouettes(masked, tmp_path / "out", lambda *done: told.append(done))
    assert told[-1] == (8, 8)
    for before, after in zip(pictures.rows, found.rows, strict=True):
        was = np.asarray(Image.open(before.path))
        outline = np.asarray(Image.open(after.path))
        assert outline.shape == was.shape
        assert set(np.unique(outline)) == {0, 255}
        # The ellipse of 18 x 18 pixels, blob or none, and its soft edge.
        assert outline.mean() / 255 == pytest.approx(np.pi * 18**2 / 48**2, rel=0.17)
        assert (outline[was > 100] == 255).all()
        assert replace(after, path=before.path) == before


def test_what_is_there_is_not_written_again(pictures: Manifest, tmp_path: Path) -> None:
    found = silhouettes(pictures, tmp_path / "out")
    found.rows[0].path.write_bytes(b"kept")
    assert silhouettes(pictures, tmp_path / "out").rows == found.rows
    assert found.rows[0].path.read_bytes() == b"kept"


def test_a_bright_lesion_does_not_move_the_outline(tmp_path: Path) -> None:
    both = write_set(
        tmp_path / "set",
        {
            "plain": lambda rng: head(np.random.default_rng(5)),
            "blob": lambda rng: head(np.random.default_rng(5), blob=(3, 3)),
        },
        patients=1,
    )
    plain, _, blob, _ = (
        np.asarray(Image.open(row.path)) for row in silhouettes(both, tmp_path / "out").rows
    )
    assert (plain != blob).sum() <= 2


def test_noise_around_the_head_is_not_head(tmp_path: Path) -> None:
    def noisy(rng: np.random.Generator) -> Picture:
        clean = head(rng)
        noise = rng.rayleigh(10, clean.shape).astype(np.uint8)
        return np.maximum(clean, noise)

    data = write_set(tmp_path / "set", {"noisy": noisy}, patients=1, slices=1)
    (row,) = silhouettes(data, tmp_path / "out").rows
    outline = np.asarray(Image.open(row.path))
    assert outline.mean() / 255 == pytest.approx(np.pi * 18**2 / 48**2, rel=0.17)


def test_a_slice_of_one_grey_value_has_no_outline(tmp_path: Path) -> None:
    blank = write_set(
        tmp_path / "set",
        {"blank": lambda rng: np.full((40, 40), 7, np.uint8)},
        patients=1,
        slices=1,
    )
    (row,) = silhouettes(blank, tmp_path / "out").rows
    assert not np.asarray(Image.open(row.path)).any()
