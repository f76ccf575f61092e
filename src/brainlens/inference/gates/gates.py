"""All gates of a bundle, asked in order of cost."""

from collections.abc import Iterable
from dataclasses import dataclass

from brainlens.inference.gates.distance import Distance
from brainlens.inference.gates.features import DEPTHS
from brainlens.inference.gates.gate import Evidence, Finding, Gate


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of a bundle.

    Attributes
    ----------
    all
        In the bundle's order.
    """

    all: tuple[Gate, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The network's outputs that some gate looks at."""
        return tuple(dict.fromkeys(output for gate in self.all for output in gate.needs))

    def distance_of(self, depth: str) -> Distance | None:
        """Return the gate that measures the distance at a depth, or None."""
        found = (gate for gate in self.all if isinstance(gate, Distance) and gate.depth == depth)
        return next(found, None)

    @property
    def told(self) -> Distance | None:
        """The gate whose distance answers tell: at the first of `DEPTHS` that has one, or None."""
        return next(filter(None, map(self.distance_of, DEPTHS)), None)

    def before(self, evidence: Evidence) -> tuple[Finding, ...]:
        """Return the objections of gates that need no network."""
        return _ask((gate for gate in self.all if not gate.needs), evidence)

    def after(self, evidence: Evidence) -> tuple[Finding, ...]:
        """Return the objections of gates that look at the network's outputs."""
        return _ask((gate for gate in self.all if gate.needs), evidence)


def _ask(gates: Iterable[Gate], evidence: Evidence) -> tuple[Finding, ...]:
    findings = (gate.check(evidence) for gate in gates)
    return tuple(finding for finding in findings if finding is not None)
