"""Whether the service could answer a prediction now."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import select

from brainlens.server.database.database import Database
from brainlens.server.refusals import NotReady
from brainlens.server.service import Service

#: Seconds for which a finding is told again: whoever may ask is not known here.
REMEMBERED_S: Final = 1.0


class Readiness:
    """Looks after the database and the disk; for one event loop.

    That the models are verified and have run once needs no looking: the service does not listen
    before, and takes no other model into use.

    Parameters
    ----------
    service
        The service.
    clock
        Seconds that never go back.
    """

    def __init__(self, service: Service, clock: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._clock = clock
        self._lock = asyncio.Lock()
        self._looked: float | None = None
        self._found: NotReady | None = None

    async def check(self) -> None:
        """Return if all is there.

        Raises
        ------
        NotReady
            If the database does not answer, or its disk cannot be written or is nearly full.
        ServiceBusy
            If the database is asked too much already.
        """
        async with self._lock:
            if self._looked is None or self._clock() - self._looked >= REMEMBERED_S:
                self._found = await self._service.look_up(self._look)
                self._looked = self._clock()
        if self._found is not None:
            raise NotReady(self._found.message, hint=self._found.hint)

    def _look(self) -> NotReady | None:
        database = self._service.storage.database
        try:
            with database.reading() as connection:
                connection.execute(select(1))
        except Exception:
            # Whatever it is: readiness says no, and the requests that fail say why.
            return NotReady(
                "The database of records does not answer.", hint="Ask again in a few seconds."
            )
        return _look_at_disk(database, self._service.settings.min_free_bytes)


def _look_at_disk(database: Database, least: int) -> NotReady | None:
    folder = database.folder
    if folder is None:
        return None
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError:
        return NotReady(
            "The disk of the records cannot be written.",
            hint="The operator has to look after it; what was recorded can be read.",
        )
    if free < least:
        return NotReady(
            "The disk of the records is nearly full.",
            hint="The operator has to make room, or to lower BRAINLENS_MIN_FREE_BYTES.",
        )
    return None
