"""Files that mean harm, made anew at each run: small, and each dear to a careless reader."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps
from tests.imaging.pictures import encode, grey8, grey16

GREY = Image.fromarray(grey8(40, 56))
COLOUR = Image.merge("RGB", [GREY, GREY.rotate(90), Image.new("L", GREY.size, 90)])
PNG = b"\x89PNG\r\n\x1a\n"
ZEROS = 1 << 26


def sound(height: int = 40, width: int = 56) -> dict[str, bytes]:
    """Name → a sound file of every kind that is read, for others to be damaged from."""
    noise = np.random.default_rng(0).integers(0, 24, (height, width), dtype=np.uint8)
    grey = Image.fromarray(grey8(height, width) // 2 + noise)
    deep = Image.fromarray(grey16(height, width) + noise)
    colour = Image.merge("RGB", [grey, ImageOps.mirror(grey), Image.new("L", grey.size, 90)])
    rgba = colour.convert("RGBA")
    rgba.putalpha(grey)
    others = [colour.rotate(90), colour.rotate(180)]
    several = {"save_all": True, "append_images": others}
    return {
        "grey.png": encode(grey, "PNG"),
        "deep.png": encode(deep, "PNG"),
        "palette.png": encode(colour.quantize(16), "PNG", transparency=2),
        "alpha.png": encode(rgba, "PNG"),
        "bits.png": encode(grey.convert("1"), "PNG"),
        "animated.png": encode(colour, "PNG", **several),
        "grey.jpg": encode(grey, "JPEG"),
        "progressive.jpg": encode(colour, "JPEG", progressive=True),
        "cmyk.jpg": encode(colour.convert("CMYK"), "JPEG"),
        "turned.jpg": encode(colour, "JPEG", exif=orientation(3)),
        "deep.tif": encode(deep, "TIFF", compression="tiff_lzw"),
        "deflated.tif": encode(grey, "TIFF", compression="tiff_adobe_deflate"),
        "real.tif": encode(deep.convert("F"), "TIFF"),
        "jpeg.tif": encode(colour, "TIFF", compression="jpeg"),
        "fax.tif": encode(grey.convert("1"), "TIFF", compression="group4"),
        "pages.tif": encode(grey, "TIFF", save_all=True, append_images=[grey, grey]),
        "lab.tif": encode(Image.merge("LAB", colour.split()), "TIFF"),
        "lossless.webp": encode(rgba, "WEBP", lossless=True),
        "lossy.webp": encode(colour, "WEBP"),
        "animated.webp": encode(colour, "WEBP", **several),
        "animated.gif": encode(colour, "GIF", transparency=3, **several),
        "grey.bmp": encode(grey, "BMP"),
        "colour.bmp": encode(colour, "BMP"),
    }


def hostile() -> dict[str, bytes]:
    """Name → a file that means harm."""
    return {**bombs(), **absurd_sizes(), **endless(), **wrong_modes(), **polyglots()}


def bombs() -> dict[str, bytes]:
    """Little that swells: each of these would fill 64 MiB or more."""
    swelling = zlib.compress(bytes(ZEROS), 9)
    head = png_head(56, 40)
    end = chunk(b"IEND", b"")
    body = chunk(b"IDAT", zlib.compress(bytes(57 * 40)))
    return {
        "png: pixels without end": PNG + head + chunk(b"IDAT", swelling) + end,
        "png: text": PNG + head + chunk(b"zTXt", b"a\0\0" + swelling) + body + end,
        "png: text by language": (
            PNG + head + chunk(b"iTXt", b"a\0\1\0\0\0" + swelling) + body + end
        ),
        "png: colour profile": PNG + head + chunk(b"iCCP", b"a\0\0" + swelling) + body + end,
        "png: many texts": (
            PNG + head + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000))) * 200 + body + end
        ),
        "png: blank and huge": encode(Image.new("L", (16_000, 16_000)), "PNG"),
        "tiff: strip that swells": tiff(
            {256: 56, 257: 40, 258: 8, 259: 8, 262: 1, 277: 1, 278: 40}, swelling
        ),
        "tiff: huge tiles": tiff(
            {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 277: 1, 322: 60_000, 323: 60_000}, b"\0"
        ),
        "tiff: huge strips": tiff(
            {256: 56, 257: 40, 258: 8, 259: 5, 262: 1, 277: 1, 278: 2**32 - 1}, b"\x80\x00"
        ),
        "jpeg: passes without end": many_scans(encode(COLOUR, "JPEG", progressive=True), 5000),
        "webp: blank and huge": encode(Image.new("RGB", (16_383, 16_383)), "WEBP", lossless=True),
        "gif: blank and huge": encode(Image.new("L", (16_000, 16_000)), "GIF"),
    }


def absurd_sizes() -> dict[str, bytes]:
    """Headers that promise far more, or less, than any file holds."""
    grey = bytearray(encode(GREY, "JPEG"))
    frame = grey.index(b"\xff\xc0") + 5
    found = {}
    for height, width in ((65_535, 65_535), (0, 56), (40, 0), (65_535, 1)):
        grey[frame : frame + 4] = struct.pack(">HH", height, width)
        found[f"jpeg: {width} x {height}"] = bytes(grey)
    for width, height in ((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 0), (1, 16_385)):
        body = chunk(b"IDAT", zlib.compress(bytes(9)))
        found[f"png: {width} x {height}"] = PNG + png_head(width, height) + body
        tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1, 278: max(height, 1)}
        found[f"tiff: {width} x {height}"] = tiff(tags, bytes(9))
        bitmap = bytearray(encode(GREY, "BMP"))
        bitmap[18:26] = struct.pack("<II", width, height)
        found[f"bmp: {width} x {height}"] = bytes(bitmap)
    canvas = struct.pack("<I", 2**24 - 1)[:3] * 2
    found["webp: canvas"] = webp([(b"VP8X", bytes(4) + canvas)])
    found["webp: animated canvas"] = webp(
        [(b"VP8X", b"\2\0\0\0" + canvas), (b"ANIM", bytes(6)), (b"ANMF", bytes(16) + canvas)]
    )
    found["webp: lossless canvas"] = webp([(b"VP8L", b"\x2f\xff\xff\xff\xff\0\0\0\0")])
    found["gif: screen"] = b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b";"
    found["gif: frame beyond the screen"] = (
        b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + frame_of(65_535, 65_535)
    )
    return found


def endless() -> dict[str, bytes]:
    """Frames, chunks and directories without end, or that lead back to themselves."""
    picture = encode(COLOUR, "PNG")
    control = chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
    gif = encode(GREY, "GIF")[:-1]
    looped = bytearray(encode(GREY, "TIFF"))
    (start,) = struct.unpack_from("<I", looped, 4)
    (entries,) = struct.unpack_from("<H", looped, start)
    struct.pack_into("<I", looped, start + 2 + 12 * entries, start)
    still = encode(COLOUR.resize((8, 8)), "WEBP", lossless=True)[12:]
    placed = bytes(6) + b"\7\0\0\7\0\0" + b"\1\0\0\0" + still
    return {
        "png: two thousand million frames": picture[:33] + control + picture[33:],
        "png: many small chunks": (
            PNG + png_head(56, 40) + chunk(b"tEXt", b"a\0b") * 50_000 + picture[33:]
        ),
        "gif: many frames": gif + frame_of(1, 1) * 50_000,
        "gif: note without end": gif[:13] + b"!\xfe" + (b"\xff" + b"a" * 255) * 4000,
        "tiff: pages in a ring": bytes(looped),
        "tiff: many pages": many_pages(50_000),
        "webp: many frames": webp(
            [
                (b"VP8X", b"\2\0\0\0\7\0\0\7\0\0"),
                (b"ANIM", bytes(6)),
                *[(b"ANMF", placed)] * 5000,
            ]
        ),
        "jpeg: many notes": b"\xff\xd8" + b"\xff\xfe\0\2" * 100_000 + encode(GREY, "JPEG")[2:],
    }


def wrong_modes() -> dict[str, bytes]:
    """Colours, depths and layouts that do not exist or do not go together."""
    found = {}
    body = chunk(b"IDAT", zlib.compress(bytes(40 * (56 * 8 + 1)))) + chunk(b"IEND", b"")
    for depth, kind in ((3, 0), (8, 5), (16, 3), (8, 3), (2, 2), (1, 6), (32, 0)):
        found[f"png: {depth} bits of kind {kind}"] = PNG + png_head(56, 40, depth, kind) + body
    jpeg = encode(COLOUR, "JPEG")
    place = jpeg.index(b"\xff\xc0") + 9
    for components in (0, 1, 2, 4, 255):
        changed = bytearray(jpeg)
        changed[place] = components
        found[f"jpeg: {components} components"] = bytes(changed)
    for photometric, samples, depth in (
        (3, 1, 8), (6, 1, 8), (8, 1, 8), (5, 3, 8), (32_845, 3, 16), (1, 7, 8),
        (2, 1, 64), (1, 1, 3), (1, 0, 8), (1, 65_535, 8), (65_535, 1, 8),
    ):  # fmt: skip
        tags = {256: 56, 257: 40, 258: depth, 259: 1, 262: photometric, 277: samples, 278: 40}
        found[f"tiff: {samples} x {depth} bits of kind {photometric}"] = tiff(tags, bytes(56 * 40))
    for bits in (0, 2, 7, 16, 64):
        bitmap = bytearray(encode(GREY, "BMP"))
        bitmap[28:30] = struct.pack("<H", bits)
        found[f"bmp: {bits} bits"] = bytes(bitmap)
    not_numbers = np.full((20, 30), np.nan, np.float32)
    not_numbers[3, 4] = np.inf
    found["tiff: no numbers"] = encode(Image.fromarray(not_numbers), "TIFF")
    return found


def polyglots() -> dict[str, bytes]:
    """Files that are two things at once, or say that they are one and are another."""
    picture, photo, page = encode(GREY, "PNG"), encode(GREY, "JPEG"), b"%PDF-1.7\n1 0 obj\n<<>>\n"
    note = b"\xff\xfe" + struct.pack(">H", len(page) + 2) + page
    archive = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)
    scanner = bytearray(encode(GREY, "TIFF").ljust(400, b"\0"))
    scanner[128:132] = b"DICM"
    volume = bytearray(picture.ljust(400, b"\0"))
    volume[344:348] = b"n+1\0"
    return {
        "png and zip": picture + archive,
        "zip and png": archive + picture,
        "jpeg and pdf": photo[:2] + note + photo[2:],
        "pdf and jpeg": page + photo,
        "gif and script": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
        "tiff and dicom": bytes(scanner),
        "png and nifti": bytes(volume),
        "png that is a jpeg": PNG + photo,
        "jpeg that is a png": photo[:4] + picture,
        "webp that is a sound": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
        "bmp that is a letter": b"BM, the first letters of a letter, and more letters follow.",
    }


def truncated(data: bytes, step: int = 1024) -> Iterator[bytes]:
    """Yield a file cut short at every multiple of ``step`` bytes, and at its last byte."""
    for length in range(0, len(data), step):
        yield data[:length]
    yield data[:-1]


def flipped(data: bytes, n: int, seed: int) -> Iterator[bytes]:
    """Yield ``n`` files with one to eight flipped bits each, half of them in the header."""
    rng = np.random.default_rng(seed)
    for number in range(n):
        changed = bytearray(data)
        reach = min(len(data), 128) if number % 2 else len(data)
        for place in rng.integers(0, 8 * reach, rng.integers(1, 9)).tolist():
            changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_head(width: int, height: int, depth: int = 8, kind: int = 0) -> bytes:
    """The header of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def webp(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(tags: dict[int, int], data: bytes) -> bytes:
    """A TIFF with these tags and one strip or tile of data."""
    start = 8 + 2 + 12 * (len(tags) + 2) + 4
    place, length = (324, 325) if 322 in tags else (273, 279)
    every = sorted({**tags, place: start, length: len(data)}.items())
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in every)
    return b"II*\0" + struct.pack("<IH", 8, len(every)) + entries + bytes(4) + data


def many_pages(n: int) -> bytes:
    """A TIFF with many pages after the first."""
    first = bytearray(tiff({256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 277: 1, 278: 8}, bytes(64)))
    (entries,) = struct.unpack_from("<H", first, 8)
    struct.pack_into("<I", first, 10 + 12 * entries, len(first))
    start = len(first)
    return bytes(first) + b"".join(
        struct.pack("<HI", 0, start + 6 * (page + 1)) for page in range(n)
    )


def many_scans(jpeg: bytes, n: int) -> bytes:
    """A progressive JPEG whose last scan is there ``n`` times."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * n + jpeg[-2:]


def frame_of(width: int, height: int) -> bytes:
    """A GIF's frame that holds hardly any data."""
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x4c\x01\0"


def orientation(turn: int) -> bytes:
    """An EXIF block with nothing but an orientation."""
    return b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1" + struct.pack(">HHI", turn, 0, 0)
