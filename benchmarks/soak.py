"""A service at full load for long: its memory must stay flat, and no descriptor may leak.

Run it from the repository's root, on Linux::

    python -m benchmarks.soak [--minutes 30] [--clients 8] [--bundle NAME_OR_PATH] [--out FILE.json]

Clients ask what clients ask: mostly for predictions, some of them explained, some of what is no
image; for records; to give feedback; for figures. The exit status is 1 where memory grew by more
than 5 % after the first tenth of the time, descriptors were left over, an answer was wrong, or a
chain does not verify.
"""

import argparse
import http.client
import io
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PIL import Image

from brainlens.bundle.shipped import find
from brainlens.datasets.phantom.generator import PhantomSet
from brainlens.files import write_json

HOST: Final = "127.0.0.1"
GROWTH: Final = 0.05
#: Descriptors that may be open at the end beyond those of a service nobody has asked yet: the
#: database's pool keeps up to five connections of two files each.
SPARE: Final = 10
EVERY_S: Final = 1.0
MIB: Final = 1024 * 1024


@dataclass
class Load:
    """What clients ask and were told; from the threads of all of them."""

    port: int
    images: Sequence[bytes]
    ended: threading.Event = field(default_factory=threading.Event)
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def ask(self, seed: int) -> None:
        """Ask until told to end; a connection is used for some hundred requests."""
        chance = random.Random(seed)  # noqa: S311 - no secret
        while not self.ended.is_set():
            connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
            try:
                for _ in range(chance.randrange(1, 300)):
                    if self.ended.is_set():
                        break
                    self._once(connection, chance)
            except OSError as error:
                self.wrong.append(type(error).__name__)
            finally:
                connection.close()

    def _once(self, connection: http.client.HTTPConnection, chance: random.Random) -> None:
        kind = chance.random()
        if kind < 0.02:
            self._get(connection, "/metrics")
        elif kind < 0.05:
            self._post(connection, "/predict", b"no image", 415)
        elif kind < 0.10:
            image = chance.choice(self.images)
            self._post(connection, "/predict?explain=true", image, 200)
        else:
            body = self._post(connection, "/predict", chance.choice(self.images), 200)
            if body and kind < 0.15:
                path = f"/predictions/{json.loads(body)['prediction_id']}"
                self._get(connection, path)
                self._post(connection, f"{path}/feedback", b'{"class": null}', 201)

    def _get(self, connection: http.client.HTTPConnection, path: str) -> None:
        connection.request("GET", path)
        self._read(connection, 200)

    def _post(
        self, connection: http.client.HTTPConnection, path: str, body: bytes, wanted: int
    ) -> bytes:
        kind = "application/json" if path.endswith("feedback") else "application/octet-stream"
        connection.request("POST", path, body, {"Content-Type": kind})
        return self._read(connection, wanted)

    def _read(self, connection: http.client.HTTPConnection, wanted: int) -> bytes:
        answer = connection.getresponse()
        body = answer.read()
        self.told[str(answer.status)] += 1
        if answer.status != wanted:
            self.wrong.append(f"{answer.status} for {wanted}: {body[:200]!r}")
            return b""
        return body


@dataclass(frozen=True, slots=True)
class Sample:
    """The service's process at one moment."""

    seconds: float
    resident: int
    descriptors: int
    threads: int


def sample(process: int, started: float) -> Sample:
    """Return how the process is now, as Linux tells it."""
    folder = Path(f"/proc/{process}")
    lines = (folder / "status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return Sample(
        time.monotonic() - started,
        int(values["VmRSS"].split()[0]) * 1024,
        sum(1 for _ in (folder / "fd").iterdir()),
        int(values["Threads"]),
    )


def soak(options: argparse.Namespace, work: Path) -> dict[str, object]:
    """Run service and clients; return what was found."""
    port = _free_port()
    plain = {name: v for name, v in os.environ.items() if not name.startswith("BRAINLENS_")}
    plain |= {"BRAINLENS_DATA_DIR": str(work / "kept"), "BRAINLENS_RATE_LIMIT": "10000000"}
    program = str(Path(sysconfig.get_path("scripts")) / "brainlens")
    bundle = f"soak={find(options.bundle)}"
    command = [program, "serve", "--bundle", bundle, "--port", str(port)]
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(command, env=plain, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        load = Load(port, _images())
        started = time.monotonic()
        idle = sample(process.pid, started)
        threads = [threading.Thread(target=load.ask, args=(n,)) for n in range(options.clients)]
        for thread in threads:
            thread.start()
        samples = []
        while time.monotonic() - started < options.minutes * 60 and process.poll() is None:
            time.sleep(EVERY_S)
            samples.append(sample(process.pid, started))
        load.ended.set()
        for thread in threads:
            thread.join(120)
        # Connections that clients have closed are closed here within the keep-alive's 5 seconds.
        time.sleep(6)
        rest = sample(process.pid, started)
    finally:
        process.terminate()
        status = process.wait(60)
    verified = subprocess.run([program, "log", "verify"], env=plain, capture_output=True)
    return _findings(load, idle, samples, rest) | {
        "bundle": str(options.bundle),
        "clients": options.clients,
        "stopped_with": status,
        "chains_verify": verified.returncode == 0,
    }


def _findings(
    load: Load, idle: Sample, samples: Sequence[Sample], rest: Sample
) -> dict[str, object]:
    tenth = max(1, len(samples) // 10)
    # The first tenth is for caches and allocators to fill.
    early = statistics.median(one.resident for one in samples[tenth : 2 * tenth] or samples)
    late = statistics.median(one.resident for one in samples[-tenth:])
    seconds = samples[-1].seconds
    return {
        "minutes": round(seconds / 60, 2),
        "requests": sum(load.told.values()),
        "requests_per_second": round(sum(load.told.values()) / seconds, 1),
        "told": dict(load.told),
        "wrong": len(load.wrong),
        "first_wrong": load.wrong[:5],
        "memory_mib": {
            "idle": round(idle.resident / MIB, 1),
            "second_tenth": round(early / MIB, 1),
            "last_tenth": round(late / MIB, 1),
            "most": round(max(one.resident for one in samples) / MIB, 1),
        },
        "growth": round(late / early - 1, 4),
        "descriptors": {"before": idle.descriptors, "after": rest.descriptors},
        "threads": {"before": idle.threads, "after": rest.threads},
    }


def passed(found: dict[str, object]) -> bool:
    """Return whether nothing leaked and nothing went wrong."""
    descriptors = found["descriptors"]
    growth = found["growth"]
    assert isinstance(descriptors, dict)  # noqa: S101 - see `_findings`
    assert isinstance(growth, float)  # noqa: S101 - see `_findings`
    return (
        growth <= GROWTH
        and descriptors["after"] <= descriptors["before"] + SPARE
        and found["wrong"] == 0
        and found["chains_verify"] is True
    )


def _images() -> list[bytes]:
    phantoms = PhantomSet(seed=0, size=512)
    images = []
    for number in range(24):
        buffer = io.BytesIO()
        kind = ("JPEG", "PNG", "TIFF")[number % 3]
        Image.fromarray(phantoms.slice(number).image).save(buffer, kind)
        images.append(buffer.getvalue())
    return images


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The service did not start.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--bundle", default="default", help="shipped name or path")
    parser.add_argument("--out", type=Path, help="JSON file to write as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        found = soak(options, Path(work))
    print(json.dumps(found, indent=2))
    if options.out:
        write_json(options.out, found)
    return 0 if passed(found) else 1


if __name__ == "__main__":
    sys.exit(main())
