"""Answers from a bundle, without torch."""
