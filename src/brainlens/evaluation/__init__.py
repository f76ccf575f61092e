"""What a bundle is worth: outcomes, metrics, reports."""
