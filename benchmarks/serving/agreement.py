"""Whether all contenders do the same work."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from brainlens.errors import CheckFailed

TOLERANCE: Final = 1e-3

Shares = Mapping[str, float]


def check_agreement(name: str, found: Sequence[Shares], expected: Sequence[Shares]) -> float:
    """Return the largest difference of a probability, over all images.

    Parameters
    ----------
    name
        The contender.
    found, expected
        Its probabilities of each image, and those of the bare work.

    Raises
    ------
    CheckFailed
        If a probability differs by more than `TOLERANCE`, or a class by more than a tie that
        small.
    """
    largest = 0.0
    for index, (shares, wanted) in enumerate(zip(found, expected, strict=True)):
        ids = list(wanted)
        theirs, ours = (np.array([given[c] for c in ids]) for given in (shares, wanted))
        difference = float(np.abs(theirs - ours).max())
        margin = float(np.diff(np.sort(ours)[-2:])[0])
        other_class = theirs.argmax() != ours.argmax() and margin > TOLERANCE
        if difference > TOLERANCE or other_class:
            raise CheckFailed(
                f"{name} answers image {index} with {dict(shares)}, the bare work with "
                f"{dict(wanted)}.",
                hint="Give 8-bit grey or RGB images: the applications beside read no others.",
            )
        largest = max(largest, difference)
    return largest
