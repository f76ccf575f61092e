"""Small pictures that the tests of the imaging room share."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def smooth(height: int = 96, width: int = 96) -> NDArray[np.float64]:
    """A bright off-centre blob with a finer wave on it, in [0, 1], black at the border."""
    y, x = np.mgrid[0:height, 0:width]
    u, v = (x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5
    head = np.clip(1.2 - 8 * (u**2 + 1.3 * v**2), 0, 1)
    texture = 0.7 + 0.2 * np.sin(9 * u + 4 * v) + 0.1 * np.cos(17 * v)
    lesion = 0.6 * np.exp(-((u - 0.15) ** 2 + (v + 0.1) ** 2) / 0.006)
    values: NDArray[np.float64] = head * (0.6 * texture + lesion)
    return values.clip(0, 1)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a file of that kind."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey8(height: int = 96, width: int = 96) -> NDArray[np.uint8]:
    """The smooth picture in 8 bits."""
    return np.rint(smooth(height, width) * 255).astype(np.uint8)


def grey16(height: int = 96, width: int = 96) -> NDArray[np.uint16]:
    """The smooth picture in 12 of 16 bits, as scanners give it, on an offset."""
    return np.rint(smooth(height, width) * 3100 + 40).astype(np.uint16)
