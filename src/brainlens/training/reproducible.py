"""Torch's global settings while a run is on."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from brainlens.training.config import TrainConfig


@contextmanager
def reproducible(config: TrainConfig) -> Iterator[None]:
    """Set threads and deterministic algorithms, and put everything back afterwards.

    The random state is put back too, so that a run inside a larger program disturbs nothing.
    """
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    state = torch.get_rng_state()
    torch.set_num_threads(config.threads or threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        torch.set_rng_state(state)
