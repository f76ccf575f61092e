"""Logits to probabilities."""

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return calibrated probabilities.

    Parameters
    ----------
    logits
        Shape [..., C], finite.
    temperature
        Logits are divided by it; above 1 makes the model less sure, and never changes the order of
        the classes.

    Returns
    -------
    ndarray of float64, shape [..., C]
        In [0, 1], summing to 1 over the last axis.

    Raises
    ------
    ValueError
        If a logit is not finite or the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature must be above 0, not {temperature}")
    values = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a logit is not finite")
    # The largest becomes 0 first, so that no temperature or logit overflows.
    with np.errstate(over="ignore", under="ignore"):
        powers = np.exp((values - values.max(axis=-1, keepdims=True)) / temperature)
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
