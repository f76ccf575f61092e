"""The images that every contender is given."""

import io
from pathlib import Path

from PIL import Image

from brainlens.bundle.load import Bundle
from brainlens.datasets.phantom.generator import PhantomSet
from brainlens.errors import UsageError
from brainlens.imaging.formats import READABLE, sniff
from brainlens.inference.predictor import Predictor

SIDE = 512
JPEG_QUALITY = 95


def phantom_images(n: int, seed: int = 0) -> list[bytes]:
    """Return ``n`` phantom slices of 512 x 512 pixels, JPEG and PNG in turn."""
    phantoms = PhantomSet(seed=seed, size=SIDE)
    return [_encode(Image.fromarray(phantoms.slice(i).image), i) for i in range(n)]


def folder_images(folder: Path, n: int) -> list[bytes]:
    """Return ``n`` images of a folder, spread evenly over its sorted paths.

    Raises
    ------
    UsageError
        If there are none.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    paths = [path for path in paths if sniff(path.read_bytes()) in READABLE]
    if not paths:
        raise UsageError(f"There are no images in {folder}.", hint="Name a folder that has some.")
    n = min(n, len(paths))
    return [paths[i * len(paths) // n].read_bytes() for i in range(n)]


def accepted(images: list[bytes], bundle: Bundle) -> list[bytes]:
    """Return those that the bundle's gates let through: to reject is less work than to answer.

    Raises
    ------
    UsageError
        If there are none.
    """
    predictor = Predictor(bundle, threads=1)
    taken = [image for image in images if predictor.predict(image).status != "rejected"]
    if not taken:
        raise UsageError(
            f"The bundle {bundle.info.name} rejects all images.",
            hint="Give images of the kind that it is for: --images FOLDER.",
        )
    return taken


def _encode(image: Image.Image, number: int) -> bytes:
    buffer = io.BytesIO()
    if number % 2:
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
