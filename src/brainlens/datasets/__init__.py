"""Manifests, splits, fetchers, phantoms and the decoded cache."""

from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import Manifest, Row
from brainlens.datasets.open import open_dataset

__all__ = ["DatasetInfo", "Manifest", "Row", "open_dataset"]
