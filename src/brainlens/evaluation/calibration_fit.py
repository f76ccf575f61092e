"""All that calibration takes from outcomes: temperature, prediction sets, what thresholds do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.calibration import (
    ErrorBound,
    PredictionSets,
    Prior,
    ProbabilityFigures,
    SetFigures,
)
from brainlens.bundle.schema import TargetError
from brainlens.errors import DataError
from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.confidences import Confidences, held_back
from brainlens.evaluation.cross_fit import cross_fit, deal_folds
from brainlens.evaluation.prediction_sets import LEVEL as SET_LEVEL
from brainlens.evaluation.prediction_sets import fit_sets, set_figures
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.target_error import LEVEL, certified_threshold, error_bound
from brainlens.evaluation.temperature import fit_temperature, tempered
from brainlens.evaluation.unit_weights import class_mix
from brainlens.inference.prediction_set import set_members
from brainlens.inference.prior import under_prior
from brainlens.outcomes import Outcome

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CalibrationFit:
    """What was fitted, and what it does to patients that it was not fitted on.

    Attributes
    ----------
    temperature
        Relative to that of the outcomes.
    sets
        Prediction sets, for the calibrated probabilities under the prior.
    prior
        The class mix wanted, beside that of the outcomes; None where that is the one.
    target_error
        The threshold wanted, or that there is none; None where none was asked for.
    error_bound
        What can be said of the error at the bundle's own threshold; None under a prior, for which
        nothing is proven.
    class_mix
        Class id → share, each patient counted alike.
    n_slices, n_patients
        What was fitted on; ``n_patients`` is None where a slice's patient is unknown.
    before, after
        Figures of the probabilities, before any prior.
    set_figures
        What the sets do.
    before_scores, after_scores
        The probabilities that the figures are of, for pictures.
    confidences
        Under the prior; for thresholds and pictures.
    """

    temperature: float
    sets: PredictionSets
    prior: Prior | None
    target_error: TargetError | None
    error_bound: ErrorBound | None
    class_mix: dict[str, float]
    n_slices: int
    n_patients: int | None
    before: ProbabilityFigures
    after: ProbabilityFigures
    set_figures: SetFigures
    before_scores: Scores
    after_scores: Scores
    confidences: Confidences


def fit_calibration(
    outcomes: Sequence[Outcome],
    class_ids: Sequence[str],
    *,
    threshold: float,
    target_error: float | None = None,
    level: float = LEVEL,
    prior: Mapping[str, float] | None = None,
    own_folds: bool = False,
) -> CalibrationFit:
    """Fit everything on outcomes; measure by fitting again on parts of the patients.

    Parameters
    ----------
    outcomes
        Of slices that the network was not trained on, with labels among ``class_ids`` and without
        failures, made without a prior.
    class_ids
        Class ids in the bundle's order.
    threshold
        The bundle's own confidence threshold.
    target_error
        Wanted bound on the error among the answered, in (0, 1).
    level
        How sure the bounds must be, in (0, 1).
    prior
        Class id → share of the class where the model will be used, above 0, summing to 1.
    own_folds
        Whether the outcomes' folds are those that networks were trained without, so that the
        answers of one network are kept together; else patients are dealt.

    Raises
    ------
    DataError
        If there are fewer than two patients, no slice has probabilities, or there is a prior and a
        class without slices.
    """
    scores = Scores.from_outcomes(outcomes, class_ids)
    _check_enough(scores)
    mix = class_mix(scores.truth, scores.unit, len(class_ids))
    turned = None if prior is None else _prior(prior, mix, class_ids)
    patients = {outcome.patient for outcome in outcomes}
    fold = deal_folds(scores.truth, scores.unit, _folds(outcomes) if own_folds else None)
    fitted = _Fitted(scores, turned, class_ids)
    after = cross_fit(fold, fitted.probabilities)
    under = after if turned is None else fitted.turned(after)
    members = cross_fit(fold, fitted.members)
    confidences = Confidences.of(_with(scores, under), held_back(outcomes))
    everyone = np.ones(len(scores), dtype=np.bool_)
    least = fitted.least(everyone)
    return CalibrationFit(
        temperature=fitted.temperature(everyone),
        sets=PredictionSets(
            level=SET_LEVEL, least=dict(zip(class_ids, least.tolist(), strict=True))
        ),
        prior=turned,
        target_error=_target(confidences, target_error, level),
        error_bound=error_bound(confidences, threshold, level) if turned is None else None,
        class_mix=dict(zip(class_ids, mix.tolist(), strict=True)),
        n_slices=len(scores),
        n_patients=None if "" in patients else len(patients),
        before=probability_figures(scores.probabilities, scores.truth),
        after=probability_figures(after, scores.truth),
        set_figures=set_figures(members, scores.truth, scores.unit, class_ids),
        before_scores=scores,
        after_scores=_with(scores, after),
        confidences=confidences,
    )


class _Fitted:
    """Fits on some slices, applies to others."""

    def __init__(self, scores: Scores, prior: Prior | None, class_ids: Sequence[str]) -> None:
        self._scores = scores
        self._prior = prior
        self._ids = class_ids

    def temperature(self, fit: NDArray[np.bool_]) -> float:
        scores = self._scores
        return fit_temperature(scores.probabilities[fit], scores.truth[fit], scores.unit[fit])

    def probabilities(self, fit: NDArray[np.bool_], apply: NDArray[np.bool_]) -> Array:
        return tempered(self._scores.probabilities[apply], self.temperature(fit))

    def turned(self, probabilities: Array) -> Array:
        if self._prior is None:
            return probabilities
        shares = np.array([self._prior.shares[c] for c in self._ids])
        return under_prior(
            probabilities, shares, np.array([self._prior.calibrated[c] for c in self._ids])
        )

    def least(self, fit: NDArray[np.bool_]) -> Array:
        calibrated = self.turned(self.probabilities(fit, fit))
        return fit_sets(calibrated, self._scores.truth[fit], self._scores.unit[fit])

    def members(self, fit: NDArray[np.bool_], apply: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return set_members(self.turned(self.probabilities(fit, apply)), self.least(fit))


def _with(scores: Scores, probabilities: Array) -> Scores:
    return Scores.from_probabilities(
        probabilities, scores.truth.tolist(), scores.confident.tolist(), scores.unit.tolist()
    )


def _check_enough(scores: Scores) -> None:
    if len(np.unique(scores.unit)) < 2:
        raise DataError(
            "Calibration needs slices of at least two patients.",
            hint="Give more data; a few dozen patients of each class are a good start.",
        )
    if np.isnan(scores.probabilities).any(axis=1).all():
        raise DataError(
            "The model rejected every slice, so there is nothing to calibrate.",
            hint="Check that these are slices that the model is meant for.",
        )


def _prior(wanted: Mapping[str, float], mix: Array, class_ids: Sequence[str]) -> Prior:
    missing = [c for c, share in zip(class_ids, mix, strict=True) if not share]
    if missing:
        raise DataError(
            f"The calibration data hold no slice of {', '.join(missing)}.",
            hint="Another class mix can be set only where every class is there.",
        )
    return Prior(shares=dict(wanted), calibrated=dict(zip(class_ids, mix.tolist(), strict=True)))


def _folds(outcomes: Sequence[Outcome]) -> NDArray[np.int64] | None:
    folds = [outcome.fold for outcome in outcomes if outcome.fold is not None]
    return np.array(folds, dtype=np.int64) if len(folds) == len(outcomes) else None


def _target(confidences: Confidences, error: float | None, level: float) -> TargetError | None:
    if error is None:
        return None
    found = certified_threshold(confidences, error, level)
    return TargetError(
        error=error, level=level, threshold=None if found is None else found.threshold
    )
