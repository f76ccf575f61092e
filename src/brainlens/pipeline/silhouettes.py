"""A data set of which nothing is left but the outline of each head."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.workers import worker_threads
from brainlens.evaluation.head import head_mask
from brainlens.files import write_bytes
from brainlens.imaging.read import read
from brainlens.imaging.slice import Pixels

_BRIGHT: Final = 99.0
"""Percentile that stands for bright tissue, as in `head_mask`."""
_AIR: Final = 0.1
"""Share of it above which a pixel is tissue, as there."""
_FLOOR: Final = 0.15
"""Share of the middle tissue below which all is alike; found by looking at real slices."""


def silhouettes(manifest: Manifest, folder: Path, progress: Progress | None = None) -> Manifest:
    """Write every slice anew: the head white, all else black, of the same size.

    What is there already is not written again.

    Parameters
    ----------
    manifest
        With hashes (`brainlens.datasets.fingerprint.with_hashes`).
    folder
        Where the images go.
    progress
        Called with (done, total).

    Returns
    -------
    Manifest
        The same rows with other images and without masks. The hashes stay those of the originals:
        what must not be on two sides of a split is the same patient, not the same outline.

    Raises
    ------
    ImageError
        If an image cannot be decoded.
    """

    def write(numbered: tuple[int, Row]) -> Row:
        number, row = numbered
        path = folder / f"{number:06d}-{row.pixel_sha256[:16]}.png"
        if not path.exists():
            write_bytes(path, _outline(row.path.read_bytes()))
        return replace(row, path=path, mask=None)

    rows = []
    with worker_threads() as pool:
        for row in pool.map(write, enumerate(manifest.rows, start=1)):
            rows.append(row)
            if progress is not None:
                progress(len(rows), len(manifest))
    return manifest.with_rows(rows)


def _outline(data: bytes) -> bytes:
    head = head_mask(_windowed(read(data).pixels))
    buffer = BytesIO()
    Image.fromarray(head.astype(np.uint8) * np.uint8(255)).save(buffer, format="PNG")
    return buffer.getvalue()


def _windowed(pixels: Pixels) -> NDArray[np.float32]:
    """Return the slice with grey values kept between a floor and that of the middle tissue.

    `head_mask` draws the line between tissue and air at a share of the brightest tissue. A bright
    lesion would move that line, and the outline's size would tell of the lesion: so nothing is
    brighter than the middle tissue. That line then lies lower, in the noise around some heads: so
    nothing is darker than the floor. It comes to lie at 23 % of the middle tissue.
    """
    grey = pixels.astype(np.float32)
    low, bright = float(grey.min()), float(np.percentile(grey, _BRIGHT))
    tissue = grey[grey > low + _AIR * (bright - low)]
    if not tissue.size:
        return grey
    middle = float(np.median(tissue))
    return np.clip(grey, low + _FLOOR * (middle - low), middle)
