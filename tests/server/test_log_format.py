import io
import json
import logging

from brainlens.server.log_format import log_to
from brainlens.server.request_log import log


def test_lines_are_json_objects() -> None:
    stream = io.StringIO()
    log_to(stream)

    log("request", status=200)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.\n")
    logging.getLogger("uvicorn.error").info("Started")

    ours, theirs = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert ours["event"] == "request"
    assert ours["status"] == 200
    assert ours["time"].endswith("+00:00")
    assert theirs["event"] == "Invalid HTTP request received."
    assert theirs["level"] == "warning"


def test_error_is_logged_by_its_type_only() -> None:
    stream = io.StringIO()
    log_to(stream)

    try:
        raise ValueError("JaneDoe")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

    line = json.loads(stream.getvalue())
    assert line["error"] == "ValueError"
    assert "JaneDoe" not in stream.getvalue()


def test_twice_makes_no_double_lines() -> None:
    stream = io.StringIO()
    log_to(stream)
    log_to(stream)

    log("request")

    assert len(stream.getvalue().splitlines()) == 1
