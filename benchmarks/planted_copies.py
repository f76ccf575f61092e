"""Copies of a slice such as circulate in public sets, each as the bytes of a file."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

Change = Callable[[bytes, np.random.Generator], bytes]
"""Makes a copy from the bytes of an image; what is left to chance comes from the generator."""


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("L")


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _recompressed(data: bytes, chance: np.random.Generator) -> bytes:
    return _jpeg(_open(data), int(chance.integers(40, 96)))


def _resized(data: bytes, chance: np.random.Generator) -> bytes:
    image = _open(data)
    side = int(chance.integers(128, 641))
    filters = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    size = (side, round(side * image.height / image.width))
    return _png(image.resize(size, filters[chance.integers(3)]))


def _brightened(data: bytes, chance: np.random.Generator) -> bytes:
    return _png(ImageEnhance.Brightness(_open(data)).enhance(float(chance.uniform(0.6, 1.4))))


def _contrasted(data: bytes, chance: np.random.Generator) -> bytes:
    return _png(ImageEnhance.Contrast(_open(data)).enhance(float(chance.uniform(0.7, 1.3))))


def _gamma(data: bytes, chance: np.random.Generator) -> bytes:
    power = float(chance.uniform(0.7, 1.4))
    return _png(_open(data).point([round(255 * (v / 255) ** power) for v in range(256)]))


def _mirrored(data: bytes, chance: np.random.Generator) -> bytes:
    image = _open(data)
    return _png(ImageOps.mirror(image) if chance.integers(2) else ImageOps.flip(image))


def _quarter_turned(data: bytes, chance: np.random.Generator) -> bytes:
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return _png(_open(data).transpose(turns[chance.integers(3)]))


def _turn(image: Image.Image, chance: np.random.Generator, most: float) -> Image.Image:
    degrees = float(chance.uniform(1, most)) * (1 if chance.integers(2) else -1)
    return image.rotate(degrees, Image.Resampling.BICUBIC)


def _turned(data: bytes, chance: np.random.Generator) -> bytes:
    return _png(_turn(_open(data), chance, 8))


def _crop(image: Image.Image, chance: np.random.Generator, most: float) -> Image.Image:
    """Cut a share of the width off left and right, of the height off top and bottom."""
    left, right = chance.uniform(0, most, 2) * image.width
    top, bottom = chance.uniform(0, most, 2) * image.height
    box = (round(left), round(top), round(image.width - right), round(image.height - bottom))
    return image.crop(box)


def _cropped(data: bytes, chance: np.random.Generator) -> bytes:
    return _png(_crop(_open(data), chance, 0.1))


def _cropped_and_stretched(data: bytes, chance: np.random.Generator) -> bytes:
    image = _open(data)
    return _png(_crop(image, chance, 0.1).resize(image.size, Image.Resampling.BILINEAR))


def _several(data: bytes, chance: np.random.Generator) -> bytes:
    image = _open(data)
    if chance.integers(2):
        image = ImageOps.mirror(image)
    image = _crop(_turn(image, chance, 4), chance, 0.05)
    image = ImageEnhance.Brightness(image).enhance(float(chance.uniform(0.8, 1.2)))
    return _jpeg(image.resize((256, 256), Image.Resampling.BILINEAR), 75)


CHANGES: dict[str, Change] = {
    "bytes": lambda data, chance: data,
    "pixels": lambda data, chance: _png(_open(data)),
    "re-compressed (JPEG 40-95)": _recompressed,
    "resized (128-640)": _resized,
    "brightness (0.6-1.4)": _brightened,
    "contrast (0.7-1.3)": _contrasted,
    "gamma (0.7-1.4)": _gamma,
    "mirrored": _mirrored,
    "quarter turn": _quarter_turned,
    "turned (1-8 degrees)": _turned,
    "cropped (0-10 % a side)": _cropped,
    "cropped and stretched": _cropped_and_stretched,
    "several at once": _several,
}
