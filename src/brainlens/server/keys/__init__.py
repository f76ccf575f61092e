"""Who may come in: API keys, kept as keyed hashes."""
