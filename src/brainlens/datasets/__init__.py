"""Manifests, splits, fetchers, phantoms and the decoded cache."""
