"""The most that a Python process can do: decode, preprocess and ONNX Runtime, nothing else."""

import threading
import time
from collections.abc import Sequence

import numpy as np
from benchmarks.serving.load import Load
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.imaging import preprocess, read
from brainlens.inference.calibration import softmax
from brainlens.inference.engine import LOGITS, Engine

NAME = "bare"


class Bare:
    """Answers in the callers' own threads, one engine thread each.

    Parameters
    ----------
    bundle
        The bundle that answers.
    images
        Contents of image files.
    """

    def __init__(self, bundle: Bundle, images: Sequence[bytes]) -> None:
        self._info = bundle.info
        self._engine = Engine(bundle, threads=1)
        self._images = images

    def probabilities(self, index: int) -> dict[str, float]:
        """Return class id → probability for the image of that number."""
        shares = softmax(self._logits(index), self._info.temperature).tolist()
        return {c.id: p for c, p in zip(self._info.classes, shares, strict=True)}

    def offer(self, callers: int, seconds: float) -> Load:
        """Have ``callers`` threads ask for ``seconds``, each for the images in turn."""
        latencies: list[list[float]] = [[] for _ in range(callers)]
        failures: list[BaseException] = []
        start = time.perf_counter()
        end = start + seconds

        def call(number: int) -> None:
            turn = number
            now = time.perf_counter()
            try:
                while now < end:
                    self._logits(turn % len(self._images))
                    turn, before, now = turn + 1, now, time.perf_counter()
                    latencies[number].append(now - before)
            # Kept for the thread that asked for the measurement, which raises it again.
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=call, args=(n,)) for n in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for error in failures:
            raise error
        return Load(time.perf_counter() - start, [s for mine in latencies for s in mine])

    def _logits(self, index: int) -> NDArray[np.float32]:
        batch = preprocess(read(self._images[index]), self._info.preprocess)[np.newaxis]
        logits: NDArray[np.float32] = self._engine.run(batch)[LOGITS][0]
        return logits
