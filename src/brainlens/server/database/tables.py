"""The tables as the newest migration leaves them.

Times are whole microseconds since 1970 in UTC: exact in every database, and one spelling for the
codes that are computed over them.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata: Final = MetaData()

predictions: Final = Table(
    "predictions",
    metadata,
    Column("writer", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("prediction_id", String(32), nullable=False, unique=True),
    Column("time_us", BigInteger, nullable=False),
    Column("key_id", String(16)),
    Column("input_hmac", String(64), nullable=False),
    Column("input_bytes", BigInteger, nullable=False),
    Column("input_format", String(16), nullable=False),
    Column("input_width", Integer, nullable=False),
    Column("input_height", Integer, nullable=False),
    Column("model", String(64), nullable=False),
    Column("decision_sha256", String(64), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("predicted_class", Text),
    Column("confidence", Float(53)),
    Column("probabilities", Text),
    Column("milliseconds", Float(53), nullable=False),
    Column("mac", String(64), nullable=False),
    Column("distance", Float(53)),
    Index("predictions_by_time", "time_us"),
)

stubs: Final = Table(
    "stubs",
    metadata,
    Column("writer", String(32), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_mac", String(64), nullable=False),
    Column("first_time_us", BigInteger, nullable=False),
    Column("last_time_us", BigInteger, nullable=False),
    Column("pruned_us", BigInteger, nullable=False),
    Column("mac", String(64), nullable=False),
)

feedback: Final = Table(
    "feedback",
    metadata,
    Column("feedback_id", String(32), primary_key=True),
    Column("prediction_id", String(32), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("key_id", String(16)),
    Column("concluded", Text),
    Column("mac", String(64), nullable=False),
    Index("feedback_by_prediction", "prediction_id"),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("key_id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("hash", String(64), nullable=False),
    Column("revoked_us", BigInteger),
    Column("last_used_us", BigInteger),
    # Two keys of one name could not be told apart when one of them must go; a revoked one may
    # leave its name to its successor.
    Index(
        "api_keys_active_name",
        "name",
        unique=True,
        sqlite_where=text("revoked_us IS NULL"),
        postgresql_where=text("revoked_us IS NULL"),
    ),
)

#: One row: what tells whether the secret in use is the one these tables were written with.
secret_check: Final = Table(
    "secret_check",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("mac", String(64), nullable=False),
)
