"""Offering load to an endpoint with wrk, and what came back."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.serving.forms import CONTENT_TYPE

from brainlens.errors import UsageError

#: Seconds from which an answer counts as none.
TIMEOUT_S: Final = 2.0
_SCRIPT: Final = Path(__file__).with_name("load.lua")
#: Seconds that wrk is given to begin and to end.
_SLACK_S: Final = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw that each sent its next request when it had the answer to the last.

    Attributes
    ----------
    seconds
        How long they asked.
    latencies
        Seconds of each request that was answered with status 200.
    unanswered
        Seconds that those requests had waited which had no answer at the end.
    not_ok
        Answers of other statuses.
    broken
        Connections that were refused, or broke before the answer.
    """

    seconds: float
    latencies: Sequence[float]
    unanswered: Sequence[float] = ()
    not_ok: int = 0
    broken: int = 0

    @classmethod
    def parse(cls, output: str) -> "Load":
        """Return what the last line of wrk's output says; ``load.lua`` writes it."""
        return cls(**json.loads(output.splitlines()[-1]))

    @property
    def timeouts(self) -> int:
        """Requests that were answered too late, or had waited too long at the end."""
        return sum(s > TIMEOUT_S for s in (*self.latencies, *self.unanswered))

    @property
    def per_second(self) -> float:
        """Requests answered in time, per second."""
        return sum(s <= TIMEOUT_S for s in self.latencies) / self.seconds


def require_wrk() -> None:
    """Say how to install wrk where it is missing.

    Raises
    ------
    UsageError
        If it is.
    """
    if shutil.which("wrk") is None:
        raise UsageError(
            "The load comes from wrk, which is not installed.",
            hint="Run scripts/install-system-packages, or apt-get install wrk.",
        )


def offer(
    url: str,
    forms: Path,
    n_forms: int,
    *,
    clients: int,
    seconds: int,
    headers: Mapping[str, str],
) -> Load:
    """Have ``clients`` ask an endpoint for ``seconds``.

    Parameters
    ----------
    url
        Where they post to.
    forms, n_forms
        Folder of what they post; see `benchmarks.serving.forms.write_forms`.
    clients
        How many at a time.
    seconds
        For how long.
    headers
        Sent with each request.
    """
    command = ["wrk", "--threads", str(clients), "--connections", str(clients)]
    command += ["--duration", f"{seconds}s", "--script", str(_SCRIPT)]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    command += [url, "--", str(forms), str(n_forms), CONTENT_TYPE]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds + _SLACK_S
    )
    if done.returncode != 0:
        raise RuntimeError(f"wrk ended with status {done.returncode}: {done.stderr[-500:]}")
    return Load.parse(done.stdout)
