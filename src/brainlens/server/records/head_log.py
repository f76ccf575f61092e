"""The heads of a running service's chain, written to its log on a schedule."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from brainlens.server.moments import now_us
from brainlens.server.records.chain import Link
from brainlens.server.records.head import EVENT, Head
from brainlens.server.records.writer import RecordWriter
from brainlens.server.request_log import log


class HeadLog:
    """Logs how far a writer's records go, where they went further since the last time.

    Parameters
    ----------
    writer
        Whose records.
    key
        Key of the heads.
    """

    def __init__(self, writer: RecordWriter, key: bytes) -> None:
        self._writer = writer
        self._key = key
        self._logged: Link | None = None

    def write(self) -> None:
        """Log the head, if there is a new one."""
        end = self._writer.end
        if end.seq == 0 or end == self._logged:
            return
        values = Head.of(self._key, end, now_us()).as_json()
        del values["event"]
        log(EVENT, **values)
        self._logged = end

    @asynccontextmanager
    async def every(self, seconds: float) -> AsyncIterator[None]:
        """Log it on a schedule while the block runs, and once more at its end."""

        async def repeat() -> None:
            while True:
                await asyncio.sleep(seconds)
                self.write()

        task = asyncio.create_task(repeat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.write()
