"""Bytes or a file to one grey slice."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from brainlens.errors import (
    BrainLensError,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    NotAnImage,
    StorageError,
    UnreadableImage,
)
from brainlens.imaging.canvas import declared_size
from brainlens.imaging.formats import READABLE, describe, sniff
from brainlens.imaging.limits import Limits
from brainlens.imaging.pillow_warnings import silenced
from brainlens.imaging.slice import Pixels, Slice

COLOUR_TOLERANCE: Final = 8
"""Largest spread of red, green and blue, of 255, that JPEG rounding leaves in a grey pixel."""
COLOUR_SHARE: Final = 0.001
"""Share of pixels beyond the tolerance that makes a slice colourful."""
MAX_SCANS: Final = 64
"""Most scans of a JPEG. A progressive one has about ten; each costs a pass over the whole image, so
a file of a hundred thousand tiny ones would keep a decoder busy for hours."""

_START_OF_SCAN: Final = b"\xff\xda"
_DEFAULT_LIMITS: Final = Limits()
_READ_FORMATS: Final = "JPEG, PNG, TIFF, BMP, WebP or GIF"

# The plugins are called directly and not through `Image.open`, which warns about large images, or
# refuses them, by a limit of its own and before ours can be looked at.
_PLUGINS: Final[dict[str, Callable[[BytesIO], ImageFile.ImageFile]]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
}
_ORIENTATIONS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read(source: bytes | Path, limits: Limits = _DEFAULT_LIMITS) -> Slice:
    """Read one slice from a file or from its bytes.

    The format is found by content. Of several frames the first is read. An EXIF or TIFF
    orientation is applied, transparency is laid over black, colour becomes Rec. 601 luma. Grey
    images keep their depth: 16 bits stay ``uint16``, floating point stays ``float32``; colour of
    16 bits a channel is read at 8.

    Parameters
    ----------
    source
        A file, or the content of one.
    limits
        What is refused; checked before anything is decoded.

    Returns
    -------
    Slice
        With ``colourful`` set where more than 0.1 % of the pixels have channels that differ by
        more than 8 of 255: grey images saved as colour JPEG stay below that.

    Raises
    ------
    EmptyImage
        If there are no bytes.
    ImageTooLarge
        If a limit is exceeded.
    NotAnImage
        If the bytes are of no format read here.
    UnreadableImage
        If the content is damaged, cut short, of an unsupported kind, or not finite.
    ImageError
        If there is no such file, or if it is a folder.
    StorageError
        If the file system refuses to read it.
    """
    data = source if isinstance(source, bytes) else _load(source, limits)
    if not data:
        raise EmptyImage("The image is empty (0 bytes).", hint="Export or send it again.")
    limits.check_bytes(len(data))
    name = sniff(data)
    if name is None or name not in READABLE:
        raise NotAnImage(
            f"The file is {describe(name)}; it cannot be read as an image.",
            hint=f"Give one slice as {_READ_FORMATS} (16-bit PNG or TIFF keeps all grey levels).",
        )
    return _decode(data, name, limits)


def _load(path: Path, limits: Limits) -> bytes:
    """Read a file, at most one byte beyond the limit."""
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder.", hint="Give the image files inside it.")
        if not path.is_file():
            raise ImageError(f"There is no file {path}.", hint="Check the path.")
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error


def _decode(data: bytes, name: str, limits: Limits) -> Slice:
    canvas = declared_size(data, name)
    if canvas is not None:
        limits.check_size(*canvas)
    if name == "jpeg" and data.count(_START_OF_SCAN) > MAX_SCANS:
        raise UnreadableImage(
            f"The JPEG image has more than {MAX_SCANS} scans.", hint="Export it again as PNG."
        )
    try:
        with silenced(), _PLUGINS[name](BytesIO(data)) as image:
            limits.check_size(*image.size)
            if isinstance(image, TiffImagePlugin.TiffImageFile):
                limits.check_size(*_tile(image))
            return _slice(image, name)
    except BrainLensError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(
            "The image has parts larger than any slice.", hint="Export it again as PNG."
        ) from error
    # Damaged bytes make Pillow raise nearly anything, SyntaxError and MemoryError included.
    except Exception as error:
        raise UnreadableImage(
            f"The {name.upper()} image is damaged, cut short or of an unsupported kind.",
            hint="Open it in a viewer and export it again as PNG.",
        ) from error


def _tile(image: TiffImagePlugin.TiffImageFile) -> tuple[int, int]:
    """Return the size of a TIFF's tiles, which a small image may declare huge."""
    return (
        int(image.tag_v2.get(TiffImagePlugin.TILEWIDTH, 0)),
        int(image.tag_v2.get(TiffImagePlugin.TILELENGTH, 0)),
    )


def _slice(image: ImageFile.ImageFile, name: str) -> Slice:
    image.load()
    upright = _upright(image)
    pixels: Pixels
    coloured = 0.0
    if upright.mode.startswith(("I", "F")):
        pixels = _deep(image, upright)
    else:
        pixels, coloured = _shallow(upright)
    # Asked last: to know, a GIF's decoder looks at the second frame and forgets the first.
    several = bool(getattr(image, "is_animated", False))
    return Slice(
        pixels=pixels,
        format=name,
        colourful=coloured > COLOUR_SHARE,
        colour_share=coloured,
        frame=0 if several else None,
    )


def _upright(image: ImageFile.ImageFile) -> Image.Image:
    """Apply the orientation of the EXIF block (Pillow applies a TIFF's own tag itself)."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:
        # The pixels are sound and only the note beside them is damaged: taken as it lies, which is
        # what viewers show.
        return image
    turn = _ORIENTATIONS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _deep(image: ImageFile.ImageFile, upright: Image.Image) -> Pixels:
    """Return pixels of more than 8 bits, larger brighter."""
    values = np.asarray(upright)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise UnreadableImage(
            "The image holds values that are not finite numbers.",
            hint="Export it again without NaN or infinity.",
        )
    white_is_zero = False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        white_is_zero = image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    if upright.mode.startswith("I;16"):
        deep: Pixels = values.astype(np.uint16)
        return np.uint16(65535) - deep if white_is_zero else deep
    if values.dtype.kind == "i" and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16)
    real = values.astype(np.float32)
    return -real if white_is_zero else real


def _shallow(image: Image.Image) -> tuple[NDArray[np.uint8], float]:
    """Return pixels of 8 bits or fewer, and the share of those whose channels differ."""
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode != "L":
        image = image.convert("RGB")
    coloured = _coloured(image) if image.mode == "RGB" else 0.0
    grey = image.convert("L")
    if alpha is not None:
        grey = ImageChops.multiply(grey, alpha)
    return np.asarray(grey), coloured


def _coloured(image: Image.Image) -> float:
    red, green, blue = image.split()
    highest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    lowest = ImageChops.darker(ImageChops.darker(red, green), blue)
    spread = ImageChops.subtract(highest, lowest).histogram()
    return float(sum(spread[COLOUR_TOLERANCE + 1 :])) / (image.width * image.height)
