"""Alembic's scripts; `brainlens.server.database.migrate` runs them."""
