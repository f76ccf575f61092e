"""What temperatures from the answers about other folds' patients do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.calibration import ProbabilityFigures
from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.confidences import Confidences
from brainlens.evaluation.cross_fit import cross_fit
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.risk import figures_at
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.temperature import fit_temperature, tempered


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Every fold at a temperature fitted on the answers about all other folds' patients.

    Those are four times as many patients, or more, as the fold's own training slices can spare for
    validation, each answered by a network that never saw it, though not by the network of the fold.

    Attributes
    ----------
    temperatures
        Fold → its temperature.
    figures
        Of all slices' probabilities.
    at_threshold
        As `brainlens.evaluation.risk.figures_at` gives them.
    """

    temperatures: Mapping[int, float]
    figures: ProbabilityFigures
    at_threshold: Mapping[str, Ratio]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "temperatures": {str(fold): value for fold, value in self.temperatures.items()},
            "figures": self.figures.model_dump(mode="json"),
            "at_threshold": {name: ratio.to_dict() for name, ratio in self.at_threshold.items()},
        }


def out_of_fold(
    uncalibrated: Scores,
    fold: NDArray[np.int64],
    held_back: NDArray[np.bool_],
    threshold: float,
) -> OutOfFold | None:
    """Fit and measure, fold by fold.

    Parameters
    ----------
    uncalibrated
        Of n slices, at temperature 1.
    fold
        int64 [n]: the fold that each slice was kept out of.
    held_back
        bool [n]: whether a gate objects.
    threshold
        Of the confidence.

    Returns
    -------
    OutOfFold or None
        None where there is one fold only, or where folds divide patients.
    """
    pairs = {(int(unit), int(number)) for unit, number in zip(uncalibrated.unit, fold, strict=True)}
    if len(np.unique(fold)) < 2 or len(pairs) > len(np.unique(uncalibrated.unit)):
        return None
    temperatures: dict[int, float] = {}

    def calibrated(fit: NDArray[np.bool_], apply: NDArray[np.bool_]) -> NDArray[np.float64]:
        temperature = fit_temperature(
            uncalibrated.probabilities[fit], uncalibrated.truth[fit], uncalibrated.unit[fit]
        )
        (number,) = np.unique(fold[apply])
        temperatures[int(number)] = temperature
        return tempered(uncalibrated.probabilities[apply], temperature)

    scores = replace(uncalibrated, probabilities=cross_fit(fold, calibrated))
    return OutOfFold(
        temperatures=temperatures,
        figures=probability_figures(scores.probabilities, scores.truth),
        at_threshold=figures_at(Confidences.of(scores, held_back), threshold),
    )
