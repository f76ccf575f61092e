"""Which format bytes are of, found by content and never by extension."""

import struct
from typing import Final

READABLE: Final = frozenset({"jpeg", "png", "tiff", "bmp", "webp", "gif"})
"""Formats that `brainlens.imaging.read` decodes."""

_SIGNATURES: Final = (
    # First: a DICOM file may open with the header of a TIFF, which describes the pixels only.
    ("dicom", 128, b"DICM"),
    ("jpeg", 0, b"\xff\xd8\xff"),
    ("png", 0, b"\x89PNG\r\n\x1a\n"),
    ("gif", 0, b"GIF87a"),
    ("gif", 0, b"GIF89a"),
    ("tiff", 0, b"II*\x00"),
    ("tiff", 0, b"MM\x00*"),
    ("tiff", 0, b"II+\x00"),  # BigTIFF
    ("tiff", 0, b"MM\x00+"),
    ("nifti", 344, b"n+1\x00"),
    ("nifti", 344, b"ni1\x00"),
    ("nifti", 4, b"n+2\x00\r\n\x1a\n"),
    ("jpeg2000", 0, b"\x00\x00\x00\x0cjP  \r\n\x87\n"),
    ("jpeg2000", 0, b"\xff\x4f\xff\x51"),
    ("jpegxl", 0, b"\x00\x00\x00\x0cJXL \r\n\x87\n"),
    ("jpegxl", 0, b"\xff\x0a"),
    ("matlab", 0, b"MATLAB "),
    ("hdf5", 0, b"\x89HDF\r\n\x1a\n"),
    ("nrrd", 0, b"NRRD000"),
    ("pdf", 0, b"%PDF-"),
    ("gzip", 0, b"\x1f\x8b"),
    ("zip", 0, b"PK\x03\x04"),
    ("numpy", 0, b"\x93NUMPY"),
)
_HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
_AVIF_BRANDS: Final = (b"avif", b"avis")
_BMP_HEADER_SIZES: Final = frozenset({12, 40, 52, 56, 64, 108, 124})

_NAMES: Final = {
    "dicom": "a DICOM file",
    "nifti": "a NIfTI volume",
    "jpeg2000": "a JPEG 2000 image",
    "jpegxl": "a JPEG XL image",
    "heif": "a HEIF image",
    "avif": "an AVIF image",
    "matlab": "a MATLAB file",
    "hdf5": "an HDF5 file",
    "nrrd": "an NRRD volume",
    "pdf": "a PDF document",
    "gzip": "a gzip archive",
    "zip": "a zip archive",
    "numpy": "a NumPy array",
}


def sniff(data: bytes) -> str | None:
    """Tell a file's format from its first bytes.

    Parameters
    ----------
    data
        The file, or at least its first 352 bytes.

    Returns
    -------
    str or None
        One of `READABLE`, or another format's name that is recognised only so that the refusal can
        name it (``dicom``, ``nifti``, ``pdf``, …), or None where nothing is recognised.
    """
    for name, offset, signature in _SIGNATURES:
        if data.startswith(signature, offset):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _sniff_iso_media(data[8:12])
    # Two letters are too short a signature: a text may well start with "BM".
    if data[:2] == b"BM" and len(data) >= 18:
        (header_size,) = struct.unpack_from("<I", data, 14)
        if header_size in _BMP_HEADER_SIZES:
            return "bmp"
    return None


def _sniff_iso_media(brand: bytes) -> str | None:
    if brand in _HEIF_BRANDS:
        return "heif"
    return "avif" if brand in _AVIF_BRANDS else None


def describe(name: str | None) -> str:
    """Return a noun phrase for a format that is not read, to be used in a message."""
    if name is None:
        return "of no known image format"
    return _NAMES.get(name, f"a {name.upper()} file")
