"""What tests of records and keys share: open storages, records, somebody who meddles."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from brainlens.server.database.database import Database
from brainlens.server.records.record import Record
from brainlens.server.secret import Secret
from brainlens.server.storage import Storage

SECRET = Secret(bytes(range(32)))
_TRIGGERS = ("unchanged", "kept")
_TABLES = ("predictions", "stubs", "feedback")

OpenStorage = Callable[[], Storage]


def record(number: int = 0, **changed: Any) -> Record:
    """Return a record; each number has another identifier and time."""
    values: dict[str, Any] = {
        "prediction_id": f"{number:032x}",
        "time_us": 1_700_000_000_000_000 + number * 1_000_000,
        "key_id": None,
        "input_hmac": "ab" * 32,
        "input_bytes": 12_345,
        "input_format": "png",
        "input_width": 512,
        "input_height": 256,
        "model": "default",
        "decision_sha256": "cd" * 32,
        "threshold": 0.7,
        "status": "answered",
        "reasons": (),
        "predicted_class": "alpha",
        "confidence": 0.1 + 0.2 + number / 997,
        "probabilities": {"beta": 1 / 3, "alpha": 2 / 3},
        "milliseconds": 17.25,
        "distance": 0.5 + number / 997,
    }
    return Record(**{**values, **changed})


def write(storage: Storage, *records: Record) -> str:
    """Write records as one process would; return the name of its chain."""
    writer = storage.writer()
    try:
        for done in [writer.append(one) for one in records]:
            done.result(30)
        return writer.end.writer
    finally:
        writer.close()


def meddle(database: Database, statement: str, **values: Any) -> None:
    """Change the database as somebody could who may do everything with it, triggers included."""
    with database.writing() as connection:
        for table in _TABLES:
            for trigger in _TRIGGERS:
                on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{trigger}{on}"))
        assert connection.execute(text(statement), values).rowcount >= 1
