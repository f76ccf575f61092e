"""Public sets brought here, checked and described."""
