"""What a running service holds: models, threads, keys and records, since when it runs."""

import time
from dataclasses import dataclass, field

from fastapi import Request

from brainlens.server.attempts import Attempts
from brainlens.server.models import Models
from brainlens.server.pool import WorkerPool
from brainlens.server.rate_limits import RateLimits
from brainlens.server.records.writer import RecordWriter
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage


@dataclass(frozen=True, slots=True)
class Service:
    """State of a running service; found by `service_of` in every route."""

    settings: Settings
    models: Models
    pool: WorkerPool
    storage: Storage
    writer: RecordWriter
    rate_limits: RateLimits
    attempts: Attempts = field(default_factory=Attempts)
    _started: float = field(default_factory=time.monotonic)

    @property
    def uptime_s(self) -> float:
        """Seconds since the models were loaded."""
        return time.monotonic() - self._started


async def service_of(request: Request) -> Service:
    """Return the service that a request is for."""
    # Asynchronous, since FastAPI runs plain functions in threads, and this one needs none.
    service = request.app.state.service
    assert isinstance(service, Service)  # noqa: S101 - the lifespan set it
    return service
