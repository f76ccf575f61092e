"""What ships: the only thing that passes between training and serving."""

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.pack import pack
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import BundleInfo
from brainlens.bundle.shipped import find, shipped
from brainlens.bundle.write import write_bundle

__all__ = [
    "Bundle",
    "BundleInfo",
    "find",
    "load_bundle",
    "pack",
    "revise",
    "shipped",
    "write_bundle",
]
