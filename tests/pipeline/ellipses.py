"""Tiny heads: a grey ellipse with an optional bright blob, so that what can be learnt is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.datasets.manifest import Manifest, Row
from brainlens.files import sha256_bytes
from brainlens.imaging.pixel_hash import pixel_sha256
from brainlens.imaging.slice import Slice

Picture = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Picture]

SIDE = 48


def head(
    rng: np.random.Generator,
    *,
    half: tuple[float, float] = (18, 18),
    blob: tuple[float, float] | None = None,
    stripes: bool = False,
) -> Picture:
    """Return one slice; ``half`` are the head's half axes, ``blob`` lies at (row, column)."""
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    row, column = row - rng.uniform(-2, 2), column - rng.uniform(-2, 2)
    inside = (row / half[0]) ** 2 + (column / half[1]) ** 2 < 1
    grey = np.where(inside, 90.0, 0.0)
    if blob is not None:
        near = (row - blob[0]) ** 2 + (column - blob[1]) ** 2 < 25
        grey = np.where(near & inside, 230.0, grey)
    if stripes:
        grey = np.where(inside & (np.arange(SIDE) // 3 % 2 == 0), 230.0, grey)
    noisy = grey + np.where(inside, rng.normal(0, 8, grey.shape), 0)
    picture: Picture = np.clip(noisy, 0, 255).astype(np.uint8)
    return picture


def write_set(root: Path, classes: dict[str, Draw], *, patients: int, slices: int = 2) -> Manifest:
    """Write so many patients a class, each with so many slices; there is no split."""
    rows = []
    rng = np.random.default_rng(0)
    for label, draw in classes.items():
        for i in range(patients * slices):
            pixels = draw(rng)
            path = root / "images" / f"{label}-{i:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
            rows.append(
                Row(
                    path,
                    label,
                    patient=f"{label}-{i // slices}",
                    sha256=sha256_bytes(path.read_bytes()),
                    pixel_sha256=pixel_sha256(Slice(pixels, "png")),
                )
            )
    return Manifest(root, tuple(rows))
