"""One turn of a contender: start it, see that it does the same work, load it, look at it."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.serving.agreement import check_agreement
from benchmarks.serving.aims import CLIENTS
from benchmarks.serving.bare import Bare
from benchmarks.serving.contenders import Contender
from benchmarks.serving.figures import Figures, Process, Results
from benchmarks.serving.load import Load, offer
from benchmarks.serving.process import HOST, Running
from benchmarks.serving.rounds import Turn

from benchmarks.serving import bare
from brainlens.bundle.load import Bundle

_PAUSE_S: Final = 0.5


class Measurement:
    """Measures contenders on the same images and keeps what it found.

    Parameters
    ----------
    bundle
        The bundle that all answer with.
    images
        Contents of image files.
    work
        Folder for logs; holds the images' forms in ``forms``.
    seconds
        Length of one measurement.
    say
        Told how far it is.

    Attributes
    ----------
    difference
        Largest difference of a probability from the bare work's.
    """

    def __init__(
        self,
        bundle: Bundle,
        images: Sequence[bytes],
        work: Path,
        *,
        seconds: int,
        say: Callable[[str], None],
    ) -> None:
        self._images = images
        self._work = work
        self._seconds = seconds
        self._say = say
        self._bare = Bare(bundle, images)
        self._expected = [self._bare.probabilities(i) for i in range(len(images))]
        self._loads: dict[tuple[str, int], Figures] = {}
        self._processes: dict[str, Process] = {}
        self.difference = 0.0

    def turns(self, cores: int, contenders: Sequence[Contender]) -> list[Turn]:
        """Return what is to be done in each round."""
        callers = sorted({1, cores})
        return [
            partial(self._measure_bare, callers),
            *(partial(self._measure, c) for c in contenders),
        ]

    def results(self) -> Results:
        """Return what was measured so far."""
        return Results(list(self._loads.values()), list(self._processes.values()))

    def _measure_bare(self, callers: Sequence[int]) -> None:
        for n in callers:
            time.sleep(_PAUSE_S)
            self._keep(bare.NAME, n, self._bare.offer(n, self._seconds))

    def _measure(self, contender: Contender) -> None:
        log = self._work / "server.log"
        with contender.start(log) as server:
            found = [contender.probabilities(server.port, image) for image in self._images]
            difference = check_agreement(contender.name, found, self._expected)
            self.difference = max(self.difference, difference)
            for clients in CLIENTS:
                self._load(contender, server, clients)
            process = self._processes.setdefault(
                contender.name, Process(contender.name, contender.threads)
            )
            process.starts.append(server.start_s)
            process.memory.append(server.memory())

    def _load(self, contender: Contender, server: Running, clients: int) -> None:
        load = offer(
            f"http://{HOST}:{server.port}/predict",
            self._work / "forms",
            len(self._images),
            clients=clients,
            seconds=self._seconds,
            headers=contender.headers,
        )
        self._keep(contender.name, clients, load)
        # What the last clients left behind is worked off before the next ones come.
        contender.probabilities(server.port, self._images[0])
        time.sleep(_PAUSE_S)

    def _keep(self, name: str, clients: int, load: Load) -> None:
        self._say(f"{name}, {clients} at a time: {load.per_second:.1f} requests/s")
        self._loads.setdefault((name, clients), Figures(name, clients)).loads.append(load)
