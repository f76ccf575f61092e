"""What strings training and evaluation together."""
