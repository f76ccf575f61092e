"""What a running service holds: models, threads, keys and records, since when it runs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from fastapi import Request

from brainlens.server.attempts import Attempts
from brainlens.server.database.database import PATIENCE_S, DatabaseError
from brainlens.server.metrics import Metrics
from brainlens.server.model_swap import ModelSwap
from brainlens.server.models import Models
from brainlens.server.pool import WorkerPool
from brainlens.server.rate_limits import RateLimits
from brainlens.server.records.writer import RecordWriter
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

if TYPE_CHECKING:
    from brainlens.server.oidc.tokens import Tokens


#: Seconds that somebody waits for the database, the queue before it included.
LOOK_UP_S: Final = 2 * PATIENCE_S
#: Threads that ask the database for callers and records, and how many requests may wait for them.
LOOKUPS: Final = 4
LOOKUPS_QUEUED: Final = 256

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Service:
    """State of a running service; found by `service_of` in every route."""

    settings: Settings
    models: Models
    pool: WorkerPool
    storage: Storage
    writer: RecordWriter
    rate_limits: RateLimits
    metrics: Metrics
    swap: ModelSwap
    lookups: WorkerPool
    tokens: "Tokens | None" = None
    attempts: Attempts = field(default_factory=Attempts)
    _started: float = field(default_factory=time.monotonic)

    async def look_up(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` finds in the database, in a thread, while a few others do so.

        Raises
        ------
        ServiceBusy
            If too many wait for the database already.
        DatabaseError
            If it fails, or that takes too long.
        """
        with self.lookups.place():
            try:
                async with asyncio.timeout(LOOK_UP_S):
                    return await self.lookups.run(work)
            except TimeoutError:
                raise DatabaseError(
                    "The database does not answer in time.", hint="Send the request again later."
                ) from None

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
