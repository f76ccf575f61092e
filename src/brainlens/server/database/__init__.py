"""Where records and keys are kept: SQLite by default, PostgreSQL by URL."""
