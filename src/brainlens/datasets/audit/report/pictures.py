"""Small pictures inside the page."""

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from brainlens.datasets.audit.shown_path import shown_path
from brainlens.datasets.manifest import Progress
from brainlens.errors import ImageError, StorageError
from brainlens.html.element import Html, element, joined
from brainlens.imaging.preprocess import quantise
from brainlens.imaging.read import read
from brainlens.imaging.slice import Slice
from brainlens.imaging.spec import PreprocessSpec

MOST: Final = 200
"""Pictures in one report, some 4 KB each."""
SIDE: Final = 144
_QUALITY: Final = 82
_FULL: Final = PreprocessSpec(intensity="full_range", size=SIDE)
_STRETCHED: Final = PreprocessSpec(intensity="percentile", size=SIDE)


class Pictures:
    """Draws pictures until there are enough.

    Parameters
    ----------
    progress
        Called with (done, most).
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.left = MOST
        self._progress = progress

    def room(self, wanted: int, n_each: int = 2) -> int:
        """Return how many of ``wanted`` items of ``n_each`` pictures still find room."""
        return min(wanted, self.left // n_each)

    def of(self, path: Path, *captions: Html) -> Html:
        """Return a picture with its captions, or the captions alone once there are enough."""
        parts: Sequence[Html] = captions
        if self.left > 0:
            self.left -= 1
            if self._progress is not None:
                self._progress(MOST - self.left, MOST)
            parts = (_image(path), *captions)
        return element("figure", *parts)


def path_element(path: Path, root: Path) -> Html:
    """Return a file's name that a narrow column breaks after slashes first."""
    parts = shown_path(path, root).split("/")
    broken = [joined(escaped, "/", element("wbr")) for escaped in parts[:-1]]
    return element("span", *broken, parts[-1], class_="path")


def _image(path: Path) -> Html:
    try:
        slice_ = read(path)
    # A file may be gone or changed since it was read; the report is about what it was.
    except (ImageError, StorageError) as error:
        return element("div", error.message, class_="gone")
    uri = "data:image/jpeg;base64," + base64.b64encode(_jpeg(slice_)).decode()
    return element("img", src=uri, width=SIDE, height=SIDE, alt="", loading="lazy")


def _jpeg(slice_: Slice) -> bytes:
    # Eight bits are shown as they are, so that a brightened copy looks brighter; deeper ones
    # rarely use their whole range.
    spec = _FULL if slice_.pixels.dtype == np.uint8 else _STRETCHED
    buffer = BytesIO()
    Image.fromarray(quantise(slice_, spec)).save(buffer, format="JPEG", quality=_QUALITY)
    return buffer.getvalue()
