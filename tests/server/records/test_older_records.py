"""Records from before there was a column for the distance, with the codes of that version."""

import json

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

from brainlens.server.database.database import Database, parse_url
from brainlens.server.database.migrate import NEWEST, revision_of
from brainlens.server.records.verify import verify
from brainlens.server.storage import Storage

from ..databases import SECRET, meddle, record, write

WRITER = "ab" * 16
CODES = (
    "0330164549d1f60b6abaefc28d2fd00ce7dbef296f667f945585e213263563cf",
    "f6523eba38cdb347f9ccb9cd5ab31024d35b874741fb213703b87404697947cc",
    "c295a9f1fca151d44afd50713825dbb22040257d948698a33f9d2691de439d73",
)


def _write_as_before(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "brainlens.server.database:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for seq, mac in enumerate(CODES, start=1):
            row = {
                "writer": WRITER,
                "seq": seq,
                "prediction_id": f"{seq:032x}",
                "time_us": 1_700_000_000_000_000 + seq,
                "key_id": None,
                "input_hmac": "ab" * 32,
                "input_bytes": 12345,
                "input_format": "png",
                "input_width": 512,
                "input_height": 256,
                "model": "default",
                "decision_sha256": "cd" * 32,
                "threshold": 0.7,
                "status": "answered",
                "reasons": "[]",
                "predicted_class": "alpha",
                "confidence": 0.75,
                "probabilities": json.dumps({"beta": 0.25, "alpha": 0.75}),
                "milliseconds": 17.25,
                "mac": mac,
            }
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO predictions ({names}) VALUES ({values})"), row)  # noqa: S608 - constants


@pytest.fixture
def older(database_url: str) -> str:
    """Return the URL of a database with three records of the version before."""
    engine = create_engine(parse_url(database_url))
    _write_as_before(engine)
    engine.dispose()
    return database_url


def _open(url: str) -> Storage:
    return Storage(Database(parse_url(url)), SECRET)


def test_older_records_are_as_they_were_written(older: str) -> None:
    storage = _open(older)
    write(storage, record(7, distance=None), record(8, distance=1.25))

    found = verify(storage.database, storage.codes)
    stored = [one.record.distance for one in storage.records.since(0)]
    with storage.database.reading() as connection:
        assert revision_of(connection) == NEWEST
    storage.close()

    assert (found.n_records, found.findings) == (5, ())
    assert stored == [None, None, None, None, 1.25]


@pytest.mark.parametrize("distance", ["0", "0.7"])
def test_a_distance_put_into_an_older_record_is_found(older: str, distance: str) -> None:
    storage = _open(older)
    meddle(storage.database, f"UPDATE predictions SET distance = {distance} WHERE seq = 2")  # noqa: S608 - constants

    findings = verify(storage.database, storage.codes).findings
    storage.close()

    assert [(one.fault, one.first) for one in findings] == [("changed", 2)]


def test_a_distance_taken_out_of_a_record_is_found(older: str) -> None:
    storage = _open(older)
    write(storage, record(7, distance=1.25))
    meddle(storage.database, "UPDATE predictions SET distance = NULL WHERE distance IS NOT NULL")

    findings = verify(storage.database, storage.codes).findings
    storage.close()

    assert [(one.fault, one.first) for one in findings] == [("changed", 1)]
