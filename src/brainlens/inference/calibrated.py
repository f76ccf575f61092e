"""A bundle's calibration, applied: logits to probabilities, probabilities to a prediction set."""

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.schema import BundleInfo
from brainlens.errors import UsageError
from brainlens.inference.calibration import softmax
from brainlens.inference.prediction_set import set_members
from brainlens.inference.prior import under_prior


class Calibrated:
    """What a bundle's description makes of logits.

    Parameters
    ----------
    info
        The bundle's description.
    """

    def __init__(self, info: BundleInfo) -> None:
        self._ids = tuple(c.id for c in info.classes)
        self._temperature = info.temperature
        sets, prior = info.thresholds.prediction_sets, info.prior
        self._least = None if sets is None else self._in_order(sets.least)
        self._mixes = (
            None
            if prior is None
            else (self._in_order(prior.shares), self._in_order(prior.calibrated))
        )

    def probabilities(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return probabilities [..., C], at the bundle's temperature and class mix.

        Raises
        ------
        ValueError
            If a logit is not finite.
        """
        shares = softmax(logits, self._temperature)
        return shares if self._mixes is None else under_prior(shares, *self._mixes)

    def prediction_set(self, probabilities: NDArray[np.float64]) -> tuple[str, ...] | None:
        """Return the ids of the classes that probabilities [C] cannot rule out, likeliest first.

        None where the bundle has no prediction sets.
        """
        if self._least is None:
            return None
        members = set_members(probabilities, self._least)
        likeliest = np.argsort(-probabilities, kind="stable")
        return tuple(self._ids[index] for index in likeliest if members[index])

    def require_sets(self) -> None:
        """Check that the bundle has prediction sets.

        Raises
        ------
        UsageError
            If it has none, so that nothing could be ambiguous.
        """
        if self._least is None:
            raise UsageError(
                "The model has no prediction sets to abstain on.",
                hint="Make some with brainlens calibrate, or leave this option out.",
            )

    def _in_order(self, by_class: dict[str, float]) -> NDArray[np.float64]:
        return np.array([by_class[class_id] for class_id in self._ids])
