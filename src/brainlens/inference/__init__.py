"""Answers from a bundle, without torch."""

from brainlens.inference.answer import Answer
from brainlens.inference.predictor import Predictor

__all__ = ["Answer", "Predictor"]
