"""What the service ought to reach, and whether it does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.serving.contenders import EAGER, LITSERVE, ONNX, SERVICE
from benchmarks.serving.figures import Results

from benchmarks.serving import bare

CLIENTS: Final = (1, 4, 16, 64)
ALTERNATIVES: Final = (ONNX, EAGER, LITSERVE)
_SHARE_OF_BARE: Final = 0.8
_BEHIND_ALONE: Final = 0.9
_START_S: Final = 1.5
_MEMORY_MB: Final = 300


@dataclass(frozen=True, slots=True)
class Aim:
    """One aim.

    Attributes
    ----------
    wanted
        What it is.
    found
        What was measured.
    met
        Whether that is it.
    """

    wanted: str
    found: str
    met: bool


def aims(results: Results, cores: int) -> tuple[Aim, ...]:
    """Return the aims of which enough was measured to tell."""
    return (*_rates(results, cores), *_process(results))


def _rates(results: Results, cores: int) -> Iterator[Aim]:
    shares = {c: results.ratio(SERVICE, bare.NAME, c, cores) for c in CLIENTS}
    known = {c: share for c, share in shares.items() if share is not None}
    if known:
        best = max(known, key=lambda c: known[c])
        yield Aim(
            f"at least {_SHARE_OF_BARE:.0%} of the bare rate",
            f"{known[best]:.0%}, with {best} clients",
            known[best] >= _SHARE_OF_BARE,
        )
    alone = results.ratio(SERVICE, ONNX, 1)
    if alone is not None:
        yield Aim(
            f"at 1 client, at least {_BEHIND_ALONE:.0%} of the rate of {ONNX}",
            f"{alone:.0%}",
            alone >= _BEHIND_ALONE,
        )
    for other in ALTERNATIVES:
        ratios = [results.ratio(SERVICE, other, c) for c in CLIENTS if c > 1]
        told = [ratio for ratio in ratios if ratio is not None]
        if told:
            yield Aim(
                f"from {CLIENTS[1]} clients, ahead of {other}",
                f"{min(told):.2f} times its rate at least",
                min(told) > 1,
            )
    many = results.find(SERVICE, CLIENTS[-1])
    if many is not None:
        failures = many.failures
        yield Aim(
            f"at {CLIENTS[-1]} clients, no timeout",
            ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in failures.items()),
            not any(failures.values()),
        )


def _process(results: Results) -> Iterator[Aim]:
    process = results.process(SERVICE)
    if process is None:
        return
    yield Aim(
        f"ready within {_START_S} s of the start of its process",
        f"{process.start_s:.2f} s",
        process.start_s <= _START_S,
    )
    yield Aim(
        f"at most {_MEMORY_MB} MB",
        f"{process.peak_mb:.0f} MB at most, {process.loaded_mb:.0f} MB after the load",
        process.peak_mb <= _MEMORY_MB,
    )
