"""How a model bears what scanners, exports and patients do to an image."""
