"""Bytes to pixels to network input."""

from brainlens.imaging.geometry import Geometry
from brainlens.imaging.limits import Limits
from brainlens.imaging.perceptual_hash import HammingIndex, from_hex, perceptual_hash, to_hex
from brainlens.imaging.pixel_hash import pixel_sha256
from brainlens.imaging.preprocess import kept_box, preprocess, quantise, standardise
from brainlens.imaging.read import read
from brainlens.imaging.slice import Pixels, Slice
from brainlens.imaging.spec import PreprocessSpec

__all__ = [
    "Geometry",
    "HammingIndex",
    "Limits",
    "Pixels",
    "PreprocessSpec",
    "Slice",
    "from_hex",
    "kept_box",
    "perceptual_hash",
    "pixel_sha256",
    "preprocess",
    "quantise",
    "read",
    "standardise",
    "to_hex",
]
