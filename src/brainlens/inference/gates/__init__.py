"""Gates: what keeps a model from answering about images it knows nothing of."""

from brainlens.inference.gates.gate import Evidence, Finding, Gate
from brainlens.inference.gates.gates import Gates
from brainlens.inference.gates.load import load_gates

__all__ = ["Evidence", "Finding", "Gate", "Gates", "load_gates"]
