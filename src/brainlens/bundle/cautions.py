"""What must be said about a model wherever it speaks."""

from typing import Final

from brainlens.bundle.schema import BundleInfo
from brainlens.words import UNVERIFIED_LICENCE

SYNTHETIC: Final = (
    "SYNTHETIC: this model was trained on drawn phantoms, not on patients; its answers on real "
    "images mean nothing."
)
LEAKY: Final = (
    "LEAKY SPLIT: patients or copies of images are on both sides of this model's split; its "
    "figures look better than they are."
)
ELSEWHERE: Final = (
    "TRAINED ELSEWHERE: BrainLens has no list of the images this model was trained on. Whether "
    "an image was among them cannot be checked, so figures may look better than they are."
)
UNVERIFIED: Final = (
    "DATA LICENCE UNVERIFIED: nobody has verified that the data this model was trained on may be "
    "used; find out before you pass the model on."
)


def cautions(info: BundleInfo) -> tuple[str, ...]:
    """Return the sentences that go with every card and answer of this model."""
    found = []
    if info.training.synthetic:
        found.append(SYNTHETIC)
    if info.training.split_check == "leaky":
        found.append(LEAKY)
    if info.training.elsewhere:
        found.append(ELSEWHERE)
    if info.training.data_licence == UNVERIFIED_LICENCE:
        found.append(UNVERIFIED)
    return tuple(found)
