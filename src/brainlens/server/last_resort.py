"""The end of a process that cannot end by itself."""

import logging
import os
import threading
from typing import Final

from brainlens.server.request_log import log

#: Seconds after those for requests under way: to write records, close the database, let threads go.
GRACE_S: Final = 10.0
#: As for every failure of a service; see docs/contracts.md.
STATUS: Final = 3


def end_within(seconds: float) -> None:
    """End this process after that time if it is still there.

    Threads cannot be stopped. One that waits for a database that neither answers nor breaks off
    would hold the process for as long.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    log("stop_forced", logging.ERROR)
    os._exit(STATUS)
