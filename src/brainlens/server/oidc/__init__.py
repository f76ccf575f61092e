"""Who may come in by the word of an identity provider: OpenID Connect bearer tokens."""
