"""Keeps Lightning's tips and advice to developers from users' screens."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Message beginnings (regular expressions), each with the reason why it does not apply here.
_KNOWN = (
    # Batches come from a memory map in less time than a worker process needs to send them.
    r".*does not have many workers which may be a bottleneck",
    # Small sets are allowed; we log by epoch.
    r"The number of training batches .* is smaller than the logging interval",
    # A user may choose the CPU on a machine with a GPU.
    r".* available but not used",
    # On resume Lightning suggests state for loaders; our order is a function of the epoch.
    r".*you are resuming from a checkpoint that ended before the epoch ended",
    # Frozen stages are, on purpose.
    r"Found .* module\(s\) in eval mode at the start of training",
    # Uses of torch inside Lightning that torch has since deprecated.
    r".*`isinstance\(treespec, LeafSpec\)` is deprecated",
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Let only Lightning's warnings and errors through, less those known not to apply."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in _KNOWN:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
