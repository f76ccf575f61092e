"""The training run, from manifest to bundle."""
