"""Synthetic heads: T1-weighted slices with lesions of three kinds, drawn and not measured."""

from brainlens.datasets.phantom.generator import PhantomSet, PhantomSlice
from brainlens.datasets.phantom.write import PHANTOM_CLASSES, write_phantoms

__all__ = ["PHANTOM_CLASSES", "PhantomSet", "PhantomSlice", "write_phantoms"]
