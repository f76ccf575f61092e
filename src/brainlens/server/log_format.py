"""Log lines as JSON, one object a line."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from brainlens.server.request_log import LOGGER


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; an error by its type, never by its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == LOGGER.name:
            line |= json.loads(record.getMessage())
        else:
            line["event"] = record.getMessage().strip()
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_to(stream: TextIO | None = None) -> None:
    """Send the service's lines, and what its libraries warn of, to ``stream``, else stderr."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (
        (LOGGER.name, logging.INFO),
        ("uvicorn.error", logging.WARNING),
        ("opentelemetry", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
    # What it finds wrong with a form is told to the caller; its own words quote the form.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
