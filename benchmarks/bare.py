"""The floor: decode, preprocess and ONNX Runtime in this process, nothing around them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from benchmarks.contender import Ask
from numpy.typing import NDArray

from brainlens.bundle.load import Bundle
from brainlens.imaging import preprocess, read
from brainlens.inference.calibration import softmax
from brainlens.inference.engine import LOGITS, Engine


class Bare:
    """Answers in the caller's thread.

    Parameters
    ----------
    name
        What tables call it.
    bundle
        The bundle that answers.
    images
        Contents of image files.
    threads
        Threads that work on one image together in the engine.
    """

    def __init__(self, name: str, bundle: Bundle, images: Sequence[bytes], threads: int) -> None:
        self.name = name
        self._info = bundle.info
        self._engine = Engine(bundle, threads=threads)
        self._images = images

    @contextmanager
    def connect(self) -> Iterator[Ask]:
        """Yield the call itself."""
        yield self._logits

    def probabilities(self, index: int) -> dict[str, float]:
        """Return class id → probability for the image of that number."""
        shares = softmax(self._logits(index), self._info.temperature).tolist()
        return {c.id: p for c, p in zip(self._info.classes, shares, strict=True)}

    def _logits(self, index: int) -> NDArray[np.float32]:
        batch = preprocess(read(self._images[index]), self._info.preprocess)[np.newaxis]
        logits: NDArray[np.float32] = self._engine.run(batch)[LOGITS][0]
        return logits
