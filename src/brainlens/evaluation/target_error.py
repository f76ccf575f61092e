"""A threshold that keeps the error among the answered below a bound, and how sure that is.

**One score a patient.** Slices of a patient share their mistakes, so patients are counted: at a
threshold, a patient is *answered* if any of its slices is, and *wrong* if any answered slice is
wrong. Patients being independent, the wrong among the answered are a binomial number, whose exact
test (Clopper and Pearson, 1934) says whether the error is below the bound. The error so bounded is
never below the mean, over answered patients, of the share of their answers that is wrong.

**Many thresholds, one promise.** Trying thresholds until one looks good would find a lucky one. So
they are tested in a fixed sequence, from the highest down, until the first that fails; each test
may then be made at the full level ("Learn then Test", Angelopoulos et al., 2021). The sequence
starts at the highest threshold at which at least half of the patients are answered, and no fewer
than could pass without any error: which threshold that is hangs on the confidences alone, not on
what was right. Where the error does not fall as the threshold falls, which is what a confidence is
for, the promise is exact: whichever thresholds were passed over, all patients counted by the first
test that should fail come from strata whose error is above the bound, and sums over such strata
are no more likely to be small than the binomial number (Hoeffding, 1956).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from brainlens.bundle.calibration import ErrorBound
from brainlens.evaluation.confidences import NEVER, Confidences

LEVEL = 0.95

#: Candidates, from the highest down: fixed before any data are seen.
CANDIDATES = (0.999, 0.995, *(round(1 - step / 100, 2) for step in range(1, 101)))

_LEAST_ANSWERED = 0.5


@dataclass(frozen=True, slots=True)
class CertifiedThreshold:
    """The lowest threshold that keeps the error below the bound.

    Attributes
    ----------
    threshold
        In [0, 1].
    n_answered, n_wrong
        Patients answered at it, and how many of them wrongly.
    """

    threshold: float
    n_answered: int
    n_wrong: int


def patients_needed(error: float, level: float = LEVEL) -> int:
    """Return how many answered patients it takes, if none of them is wrong.

    Parameters
    ----------
    error, level
        The wanted bound and how sure it must be, both in (0, 1). For 2 % at 95 %: 149.
    """
    # The probability of no error among n is (1 - error)^n. Rounding must not ask for one more.
    return math.ceil(math.log(1 - level) / math.log1p(-error) - 1e-9)


def certified_threshold(
    confidences: Confidences, error: float, level: float = LEVEL
) -> CertifiedThreshold | None:
    """Return the lowest threshold with at most ``error`` among the answered patients.

    Parameters
    ----------
    confidences
        Of slices that the model was neither trained nor calibrated on.
    error
        Bound on the share of wrong among answered patients, in (0, 1).
    level
        Probability, over data sets like this one, that the promise holds; in (0, 1).

    Returns
    -------
    CertifiedThreshold or None
        None where these data cannot carry the bound.
    """
    sure, wrong = _per_patient(confidences)
    least = max(patients_needed(error, level), math.ceil(_LEAST_ANSWERED * len(sure)))
    found = None
    for threshold in CANDIDATES:
        n_answered = int((sure >= threshold).sum())
        if n_answered < least:
            continue
        n_wrong = int((wrong >= threshold).sum())
        if binom.cdf(n_wrong, n_answered, error) > 1 - level:
            break
        found = CertifiedThreshold(threshold, n_answered, n_wrong)
    return found


def error_bound(
    confidences: Confidences, threshold: float, level: float = LEVEL
) -> ErrorBound | None:
    """Return what can be said of the error at one threshold that was chosen without these data.

    Parameters
    ----------
    confidences
        Of slices that the model was neither trained nor calibrated on.
    threshold
        For instance the bundle's own, in [0, 1].
    level
        Probability that the bound holds, in (0, 1).

    Returns
    -------
    ErrorBound or None
        None where no patient is answered.
    """
    sure, wrong = _per_patient(confidences)
    n_answered = int((sure >= threshold).sum())
    n_wrong = int((wrong >= threshold).sum())
    if not n_answered:
        return None
    return ErrorBound(
        threshold=threshold,
        n_answered=n_answered,
        n_wrong=n_wrong,
        level=level,
        at_most=_upper_bound(n_wrong, n_answered, level),
    )


def _upper_bound(k: int, n: int, level: float) -> float:
    """Return the largest share of which ``k`` of ``n`` or fewer has probability 1 - level."""
    return 1.0 if k == n else float(beta.ppf(level, k + 1, n - k))


def _per_patient(confidences: Confidences) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each patient's highest confidence, and its highest in a wrong slice."""
    n_units = int(confidences.unit.max()) + 1 if len(confidences) else 0
    sure, wrong = np.full(n_units, NEVER), np.full(n_units, NEVER)
    np.maximum.at(sure, confidences.unit, confidences.confidence)
    mistakes = ~confidences.correct
    np.maximum.at(wrong, confidences.unit[mistakes], confidences.confidence[mistakes])
    return sure, wrong
