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

STATUS_SENTENCES: Final[dict[str, dict[str, str]]] = {
    "answered": {
        "en": "Among the classes it knows, the model's output is highest for this one.",
        "fr": "Parmi les classes qu'il connaît, la sortie du modèle est la plus élevée pour "
        "celle-ci.",
    },
    "abstained": {
        "en": "The model abstains: its output is not to be relied on here.",
        "fr": "Abstention : la sortie du modèle n'est pas fiable ici.",
    },
    "rejected": {
        "en": "Rejected: this is no image that the model can speak about.",
        "fr": "Rejet : le modèle ne peut rien dire de cette image.",
    },
}
"""What each status of an answer means, by language."""

REASON_SENTENCES: Final[dict[str, dict[str, str]]] = {
    "low_confidence": {
        "en": "The confidence is below the threshold.",
        "fr": "La confiance est inférieure au seuil.",
    },
    "ambiguous": {
        "en": "More than one class cannot be ruled out.",
        "fr": "Plusieurs classes ne peuvent être écartées.",
    },
    "out_of_distribution": {
        "en": "The image is unlike those the model was trained on.",
        "fr": "L'image ne ressemble pas à celles de l'entraînement du modèle.",
    },
    "unexpected_sequence": {
        "en": "The image seems to be of another MR sequence than the model was trained on.",
        "fr": "L'image semble provenir d'une autre séquence IRM que celle de l'entraînement du "
        "modèle.",
    },
    "no_lesion_seen": {
        "en": "No lesion was located by the model. This does not exclude a tumour.",
        "fr": "Le modèle n'a localisé aucune lésion. Cela n'exclut pas une tumeur.",
    },
    "poor_quality": {
        "en": "The image is too small or shows too little.",
        "fr": "L'image est trop petite ou montre trop peu.",
    },
    "not_brain_mr": {
        "en": "The image does not look like an MR slice of a brain.",
        "fr": "L'image ne ressemble pas à une coupe IRM du cerveau.",
    },
    "unreadable": {
        "en": "The image cannot be read.",
        "fr": "L'image ne peut pas être lue.",
    },
}
"""What each reason of an abstention or a rejection means, by language."""
