"""The gate that asks whether there is a lesion to name at all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brainlens.inference.gates.features import features, needs
from brainlens.inference.gates.gate import Evidence, Finding

NAME: Final = "lesion_sign"


@dataclass(frozen=True, slots=True, eq=False)
class LesionSign:
    """Abstains where a class of a lesion is named and no sign of a lesion is seen.

    It gives way where the model itself names a class without a lesion.

    Attributes
    ----------
    depths
        What the sign is read from, see `features`; joined in this order.
    weights
        float32 [D]; the sign is their product with the features, plus ``bias``.
    bias
        float32 [1].
    abstain_below
        Sign below which no lesion is seen.
    """

    depths: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    abstain_below: float

    @property
    def name(self) -> str:
        """The name in ``bundle.json``."""
        return NAME

    @property
    def needs(self) -> tuple[str, ...]:
        """The network's outputs behind the depths."""
        return tuple(output for depth in self.depths for output in needs(depth))

    def sign(self, evidence: Evidence) -> float:
        """Return how much speaks for a lesion."""
        joined = np.concatenate([features(depth, evidence) for depth in self.depths])
        return float(joined.astype(np.float64) @ self.weights + self.bias[0])

    def check(self, evidence: Evidence) -> Finding | None:
        """Return the objection, or None."""
        if evidence.names_lesion and self.sign(evidence) < self.abstain_below:
            return Finding(rejects=False, reason="no_lesion_seen")
        return None
