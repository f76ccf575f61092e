"""Bytes to pixels to network input."""
