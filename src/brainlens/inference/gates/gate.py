"""What every gate is: it looks at the evidence and may object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from brainlens.imaging import Slice

Abstaining = Literal[
    "low_confidence",
    "ambiguous",
    "out_of_distribution",
    "no_lesion_seen",
    "poor_quality",
]
Rejecting = Literal["not_brain_mr"]
Reason = Abstaining | Rejecting

ABSTAINING: Final[tuple[Abstaining, ...]] = get_args(Abstaining)
REJECTING: Final[tuple[Rejecting, ...]] = get_args(Rejecting)
# Files that cannot be read and sequences that are not expected have names in the contract too, and
# no gate finds them yet: a file that cannot be read is an error.


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a gate objects.

    Attributes
    ----------
    rejects
        Whether the image is none that the model can speak about; else the model only abstains.
    reason
        Which it is.
    """

    rejects: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """What gates look at.

    Attributes
    ----------
    slice_
        The slice as it was read.
    quantised
        uint8 [size, size]: what is left of it after padding and resizing.
    outputs
        What the network gave for it, by name, each with the batch's axis; empty before it ran.
    names_lesion
        Whether the predicted class is one of a lesion.
    """

    slice_: Slice
    quantised: NDArray[np.uint8]
    outputs: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    names_lesion: bool = True


class Gate(Protocol):
    """One gate."""

    @property
    def name(self) -> str:
        """The name in ``bundle.json``."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The network's outputs it looks at; a gate that needs none is asked before it runs."""

    def check(self, evidence: Evidence) -> Finding | None:
        """Return the objection, or None."""
