"""Records of predictions, stubs of pruned ones, feedback, API keys.

Triggers hold the tables of records to what the program does with them: rows are added, never
changed, and deleted only behind a stub. They stop mistakes, not somebody who may drop triggers:
for that there are the chains.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COVERED = (
    "EXISTS (SELECT 1 FROM stubs WHERE stubs.writer = OLD.writer AND stubs.first_seq <= OLD.seq "
    "AND stubs.last_seq >= OLD.seq)"
)
_ORPHAN = (
    "NOT EXISTS (SELECT 1 FROM predictions WHERE predictions.prediction_id = OLD.prediction_id)"
)
#: Table → condition under which a row may be deleted; no row is ever changed.
_DELETABLE = {"predictions": _COVERED, "stubs": "1 = 0", "feedback": _ORPHAN}


def upgrade() -> None:
    """Make the tables and their triggers."""
    _predictions()
    _stubs()
    _feedback()
    _api_keys()
    op.create_table(
        "secret_check",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    guard = _guard_postgresql if op.get_context().dialect.name == "postgresql" else _guard_sqlite
    for table, condition in _DELETABLE.items():
        guard(table, condition)


def _predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("writer", sa.String(32), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("prediction_id", sa.String(32), nullable=False, unique=True),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(16)),
        sa.Column("input_hmac", sa.String(64), nullable=False),
        sa.Column("input_bytes", sa.BigInteger, nullable=False),
        sa.Column("input_format", sa.String(16), nullable=False),
        sa.Column("input_width", sa.Integer, nullable=False),
        sa.Column("input_height", sa.Integer, nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("decision_sha256", sa.String(64), nullable=False),
        sa.Column("threshold", sa.Float(53), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("predicted_class", sa.Text),
        sa.Column("confidence", sa.Float(53)),
        sa.Column("probabilities", sa.Text),
        sa.Column("milliseconds", sa.Float(53), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_index("predictions_by_time", "predictions", ["time_us"])


def _stubs() -> None:
    op.create_table(
        "stubs",
        sa.Column("writer", sa.String(32), primary_key=True),
        sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("last_mac", sa.String(64), nullable=False),
        sa.Column("first_time_us", sa.BigInteger, nullable=False),
        sa.Column("last_time_us", sa.BigInteger, nullable=False),
        sa.Column("pruned_us", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.String(32), primary_key=True),
        sa.Column("prediction_id", sa.String(32), nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(16)),
        sa.Column("concluded", sa.Text),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_index("feedback_by_prediction", "feedback", ["prediction_id"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("revoked_us", sa.BigInteger),
        sa.Column("last_used_us", sa.BigInteger),
    )
    op.create_index(
        "api_keys_active_name",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked_us IS NULL"),
        postgresql_where=sa.text("revoked_us IS NULL"),
    )


def _guard_sqlite(table: str, deletable: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'records are never changed'); END"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} WHEN NOT ({deletable}) "
        "BEGIN SELECT RAISE(ABORT, 'records are deleted by log prune only'); END"
    )


def _guard_postgresql(table: str, deletable: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_unchanged() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'records are never changed'; END $$"
    )
    op.execute(
        f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NOT ({deletable}) THEN "
        "RAISE EXCEPTION 'records are deleted by log prune only'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_unchanged()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_unchanged()"
    )
