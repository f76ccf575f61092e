"""What a caller asks of a prediction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for besides the image, once it is known that it can be had.

    Attributes
    ----------
    threshold
        Confidence in [0, 1] from which the model answers.
    explain
        Whether to tell where the network looked.
    classes
        Classes to draw that for besides the predicted one.
    """

    threshold: float
    explain: bool = False
    classes: tuple[str, ...] = ()
