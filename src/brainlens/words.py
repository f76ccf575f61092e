"""The sentences said to people, word for word, wherever BrainLens speaks of results."""

from typing import Final

AID: Final = "Aid to decision; it never replaces a qualified professional."
NOT_A_DEVICE: Final = (
    "Research and teaching software. Not a medical device. Do not use for diagnosis or treatment."
)
DISCLAIMER: Final = f"{AID} {NOT_A_DEVICE}"
INTENDED_INPUT: Final = (
    "One contrast-enhanced T1-weighted slice of an adult brain already known to show one of the "
    "tumour types the model was trained on; grade, other lesions, treated brains and children "
    "not evaluated."
)

UNVERIFIED_LICENCE: Final = "unverified"
"""What stands for the licence of data whose publisher may not have had the right to license it."""

WHERE_IT_LOOKED: Final = {
    "en": "Where the model looked, on a coarse grid. This is not a segmentation.",
    "fr": "Où le modèle a regardé, sur une grille grossière. Ce n'est pas une segmentation.",
}
"""What every heat map is labelled with."""
