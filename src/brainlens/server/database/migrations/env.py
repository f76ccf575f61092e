"""Run by Alembic for every command: takes the open connection that it is given."""

from alembic import context

from brainlens.server.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # One step of one migration that fails must leave nothing of the others.
    transaction_per_migration=False,
)
context.run_migrations()
