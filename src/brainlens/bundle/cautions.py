"""What must be said about a model wherever it speaks."""

from typing import Final

from brainlens.bundle.schema import BundleInfo

SYNTHETIC: Final = (
    "SYNTHETIC: this model was trained on drawn phantoms, not on patients; its answers on real "
    "images mean nothing."
)
LEAKY: Final = (
    "LEAKY SPLIT: patients or copies of images are on both sides of this model's split; its "
    "figures look better than they are."
)


def cautions(info: BundleInfo) -> tuple[str, ...]:
    """Return the sentences that go with every card and answer of this model."""
    found = []
    if info.training.synthetic:
        found.append(SYNTHETIC)
    if info.training.split_check == "leaky":
        found.append(LEAKY)
    return tuple(found)
