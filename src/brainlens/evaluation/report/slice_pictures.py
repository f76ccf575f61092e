"""Pictures of slices for the page: as they are, and with heat map and outline of the lesion."""

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from brainlens.datasets.manifest import Row
from brainlens.errors import ImageError, StorageError
from brainlens.evaluation.lesion_mask import read_lesion_mask
from brainlens.evaluation.report.findings import Findings
from brainlens.html.element import Html, element
from brainlens.imaging import Slice, read
from brainlens.inference.drawing import backdrop, overlay
from brainlens.inference.predictor import Predictor
from brainlens.outcomes import Outcome

LONGEST: Final = 224
"""Longer side of a picture, in pixels."""
_QUALITY: Final = 85
# No colour of the heat maps, and bright beside grey.
_OUTLINE: Final = (0, 220, 255)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of one slice; `problem` says why there are none.

    Attributes
    ----------
    pictures
        Pairs of (picture, what it is).
    problem
        Empty where there are pictures.
    """

    pictures: tuple[tuple[Html, str], ...] = ()
    problem: str = ""


class SlicePictures:
    """Draws slices of a report's data; heat maps where the model is at hand."""

    def __init__(self, findings: Findings) -> None:
        manifest = findings.manifest
        self._root = None if manifest is None else manifest.root
        self._rows = {} if manifest is None else {row.path: row for row in manifest.rows}
        self._predictor = None if findings.bundle is None else Predictor(findings.bundle, threads=1)

    def row(self, outcome: Outcome) -> Row | None:
        """Return the manifest's row of a slice, or None."""
        return None if self._root is None else self._rows.get(self._root / outcome.path)

    def of(self, outcome: Outcome) -> Shown:
        """Return the pictures of a slice: alone, and with the heat map of what was predicted."""
        row = self.row(outcome)
        if row is None:
            return Shown(problem="The image is not at hand.")
        try:
            slice_ = read(row.path)
            lesion = None if row.mask is None else read_lesion_mask(row.mask, slice_)
        # A file may be gone or changed since it was measured; the report is about what it was.
        except (ImageError, StorageError) as error:
            return Shown(problem=error.message)
        grey = backdrop(slice_)
        plain = _picture(np.repeat(grey[..., np.newaxis], 3, axis=2), None)
        pictures = [(plain, "the slice")]
        heat = self._heat(slice_, outcome, (grey.shape[1], grey.shape[0]))
        if heat is not None:
            words = f"heat map of {outcome.predicted_class}"
            if lesion is not None:
                words += ", outline of the lesion"
            pictures.append((_picture(overlay(grey, heat), lesion), words))
        elif lesion is not None:
            rgb = np.repeat(grey[..., np.newaxis], 3, axis=2)
            pictures.append((_picture(rgb, lesion), "outline of the lesion"))
        return Shown(tuple(pictures))

    def _heat(
        self, slice_: Slice, outcome: Outcome, size: tuple[int, int]
    ) -> NDArray[np.float32] | None:
        if self._predictor is None:
            return None
        _, maps = self._predictor.heat_maps(slice_)
        of_class = {heat_map.class_id: heat_map for heat_map in maps}
        found = of_class.get(outcome.predicted_class or "")
        return None if found is None else found.resampled(*size)


def _picture(rgb: NDArray[np.uint8], lesion: Mask | None) -> Html:
    shrink = LONGEST / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
    drawn = np.array(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))
    if lesion is not None:
        small = Image.fromarray(lesion).resize(size, Image.Resampling.NEAREST)
        drawn[_edge(np.asarray(small))] = _OUTLINE
    buffer = BytesIO()
    Image.fromarray(drawn).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    uri = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    return element("img", src=uri, width=size[0], height=size[1], alt="", loading="lazy")


def _edge(mask: Mask) -> Mask:
    """Return the pixels of a mask that have a neighbour outside it."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(mask & ~inside)
