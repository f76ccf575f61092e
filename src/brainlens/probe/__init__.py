"""The folder client that tests a running service, and nothing else."""

from brainlens.probe.figures import ClassFigures, Figures
from brainlens.probe.report import Latency, ProbeReport, ServedModel
from brainlens.probe.walk import probe

__all__ = ["ClassFigures", "Figures", "Latency", "ProbeReport", "ServedModel", "probe"]
