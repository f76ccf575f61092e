"""What a bundle was trained on, as far as perceptual hashes can tell."""

from brainlens.bundle.schema import BundleInfo
from brainlens.imaging.perceptual_hash import HammingIndex, from_hex


def seen_index(info: BundleInfo) -> HammingIndex | None:
    """Return an index of the training slices' hashes, or None where the bundle has none."""
    if info.seen is None:
        return None
    return HammingIndex([from_hex(text) for text in info.seen.hashes], info.seen.max_distance)
