"""The gate that knows what the training slices were like."""

from dataclasses import dataclass
from typing import Final

from brainlens.inference.gates.features import features, needs
from brainlens.inference.gates.gate import Evidence, Finding
from brainlens.inference.gates.subspace import Subspace

NAME: Final = "distance"
REFERENCE: Final = "reference"
"""What the tensor of a depth's quantiles is called, after the depth and a dot."""
VIEWS: Final = "views"
"""The field of the gate's record that holds the number of its subspaces; 1 where it is missing."""


def prefix(depth: str, view: int) -> str:
    """Return what the names of a subspace's tensors begin with, before a dot."""
    return f"{depth}.{view}" if view else depth


@dataclass(frozen=True, slots=True)
class Distance:
    """Abstains from slices that lie far from the training slices, and rejects those far beyond.

    Attributes
    ----------
    depth
        What distances are measured by, see `features`.
    subspaces
        What the training slices were like; where there are several, the nearest counts.
    abstain_above, reject_above
        Distances, the second at least the first.
    reference
        Quantiles, at equal steps from least to largest, of the distances of slices that neither the
        network nor a subspace was fitted on; empty where the bundle has none.
    """

    depth: str
    subspaces: tuple[Subspace, ...]
    abstain_above: float
    reject_above: float
    reference: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The name in ``bundle.json``."""
        return NAME

    @property
    def needs(self) -> tuple[str, ...]:
        """The network's output behind the depth, if any."""
        return needs(self.depth)

    def distance(self, evidence: Evidence) -> float:
        """Return how far a slice lies from the training slices; about 1 is usual."""
        row = features(self.depth, evidence)[None]
        return min(float(subspace.distances(row)[0]) for subspace in self.subspaces)

    def check(self, evidence: Evidence) -> Finding | None:
        """Return the objection, or None."""
        distance = self.distance(evidence)
        if distance > self.reject_above:
            return Finding(rejects=True, reason="not_brain_mr")
        if distance > self.abstain_above:
            return Finding(rejects=False, reason="out_of_distribution")
        return None
