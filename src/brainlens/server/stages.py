"""What a request's time went to, stage by stage, for who traces requests."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

_STATE: Final = "stages"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name, and its bounds in nanoseconds since 1970, UTC."""

    name: str
    start_ns: int
    end_ns: int


def stages_of(scope: Scope) -> list[Stage]:
    """Return the stages of a request so far; whoever adds one adds it to this list."""
    stages: list[Stage] = scope.setdefault("state", {}).setdefault(_STATE, [])
    return stages


@contextmanager
def stage(scope: Scope, name: str) -> Iterator[None]:
    """Note a stage that lasts as long as the block, however it ends."""
    start_ns = time.time_ns()
    try:
        yield
    finally:
        stages_of(scope).append(Stage(name, start_ns, time.time_ns()))


def add_measured(scope: Scope, start_ns: int, milliseconds: Mapping[str, float]) -> None:
    """Note stages that were measured one after the other elsewhere, ``total`` left out."""
    for name, lasted in milliseconds.items():
        if name != "total":
            end_ns = start_ns + round(lasted * 1e6)
            stages_of(scope).append(Stage(name, start_ns, end_ns))
            start_ns = end_ns
