"""All folds of a cross-validation taken together: every slice answered by a model new to it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brainlens.bundle.calibration import ProbabilityFigures
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.stage import Stage, silent
from brainlens.errors import DataError
from brainlens.evaluation.calibration_error import probability_figures
from brainlens.evaluation.calibration_fit import CalibrationFit, fit_calibration
from brainlens.evaluation.confidences import held_back
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.lesion_size import lesion_sizes
from brainlens.evaluation.measure import measure
from brainlens.evaluation.notes import notes
from brainlens.evaluation.out_of_fold import OutOfFold, out_of_fold
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.risk import THRESHOLDS, figures_at, risk_curve
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.subgroups import by_lesion_size
from brainlens.evaluation.temperature import tempered
from brainlens.files import canonical_json, sha256_bytes

SCHEMA: Final = 1
TARGET_ERROR: Final = 0.02

LEAKING: Final = (
    "RANDOM FOLDS: slices of one patient are in training and in test on purpose, to show what "
    "leaking buys; these figures say nothing about new patients."
)
SEVERAL: Final = (
    "Each slice was answered by the model of the fold that it was kept out of: the figures are of "
    "the recipe, not of one file."
)


@dataclass(frozen=True, slots=True)
class FoldFigures:
    """What one fold came to.

    Attributes
    ----------
    fold
        Its number.
    n_slices, n_patients
        Test slices that got an answer, and their patients; None where a patient is unknown.
    accuracy, balanced_accuracy
        Of the slices, in [0, 1]; None where undefined.
    temperature
        Of the fold's bundle, fitted on its validation patients.
    split_check
        Of the fold's split.
    decision_sha256
        Of the fold's bundle.
    """

    fold: int
    n_slices: int
    n_patients: int | None
    accuracy: float | None
    balanced_accuracy: float | None
    temperature: float
    split_check: str
    decision_sha256: str


@dataclass(frozen=True)
class FoldEvaluation:
    """A fold's bundle on the fold's test slices.

    Attributes
    ----------
    fold
        Its number.
    evaluation
        Of the test slices.
    temperature, split_check
        Of the bundle.
    """

    fold: int
    evaluation: Evaluation
    temperature: float
    split_check: str

    def figures(self) -> FoldFigures:
        """Return what the fold came to."""
        found = self.evaluation.all
        return FoldFigures(
            fold=self.fold,
            n_slices=found.n_slices,
            n_patients=found.n_patients,
            accuracy=found.value("accuracy"),
            balanced_accuracy=found.value("balanced_accuracy"),
            temperature=self.temperature,
            split_check=self.split_check,
            decision_sha256=self.evaluation.decision_sha256,
        )


@dataclass(frozen=True)
class Pooled:
    """Figures over the test slices of all folds, and of each.

    Attributes
    ----------
    evaluation
        Of all folds together, intervals by drawing patients of all folds. Its decision hash is the
        hash of the list of the folds' hashes.
    folds
        What each fold came to.
    uncalibrated
        The answers at temperature 1, in the order of the outcomes that have one.
    before, after
        Figures of those probabilities, and of those at the temperature of each fold's bundle, which
        no test slice was used for.
    by_others
        What temperatures fitted on the other folds' answers do; None where that cannot be.
    at_threshold
        Answer rate, error among the answered, confident and correct, at the bundles' threshold.
    fit
        Prediction sets and thresholds from these outcomes, measured on folds not used for them.
    """

    evaluation: Evaluation
    folds: tuple[FoldFigures, ...]
    uncalibrated: Scores
    before: ProbabilityFigures
    after: ProbabilityFigures
    by_others: OutOfFold | None
    at_threshold: Mapping[str, Ratio]
    fit: CalibrationFit

    def over_folds(self) -> dict[str, float | None]:
        """Return mean and standard deviation (n - 1) of the folds' accuracies.

        That is how published work states its figures. It is no interval: folds share most of their
        training slices.
        """
        values = [fold.accuracy for fold in self.folds if fold.accuracy is not None]
        known = len(values) > 1
        return {
            "mean": float(np.mean(values)) if known else None,
            "standard_deviation": float(np.std(values, ddof=1)) if known else None,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: everything but the outcomes."""
        fit = self.fit
        bound, target = fit.error_bound, fit.target_error
        return {
            **self.evaluation.to_dict(),
            "crossval_schema": SCHEMA,
            "folds": [asdict(fold) for fold in self.folds],
            "accuracy_over_folds": self.over_folds(),
            "confidence": {
                "before": self.before.model_dump(mode="json"),
                "after": self.after.model_dump(mode="json"),
                "by_others": self.by_others and self.by_others.to_dict(),
                "at_threshold": {name: r.to_dict() for name, r in self.at_threshold.items()},
                "risk": [p.to_row() for p in risk_curve(fit.confidences, THRESHOLDS)],
                "error_bound": bound and bound.model_dump(mode="json"),
                "target_error": target and target.model_dump(mode="json"),
                "prediction_sets": fit.set_figures.model_dump(mode="json"),
            },
        }


def pool(
    folds: Sequence[FoldEvaluation],
    manifest: Manifest,
    *,
    name: str,
    stage: Stage | None = None,
) -> Pooled:
    """Pool the evaluations of all folds, each of its own test slices.

    Parameters
    ----------
    folds
        At least one; of the same classes, threshold and protocol.
    manifest
        All slices, for their masks; outcomes name them relative to its root.
    name
        What the pooled models are called together.
    stage
        Shows the steps that take long.

    Raises
    ------
    DataError
        If there are fewer than two patients, or the folds are of different classes, thresholds or
        protocols.
    """
    stage = stage or silent
    evaluations = [fold.evaluation for fold in folds]
    first = evaluations[0]
    if len({(e.class_ids, e.threshold, e.protocol) for e in evaluations}) > 1:
        raise DataError(
            "The folds are of different classes, thresholds or protocols.",
            hint="Cross-validate in a new folder.",
        )
    figures = tuple(fold.figures() for fold in folds)
    hashes = sha256_bytes(canonical_json([fold.decision_sha256 for fold in figures]))
    outcomes = tuple(outcome for e in evaluations for outcome in e.outcomes)
    answered = [outcome for outcome in outcomes if not outcome.error]
    by_path = {_name(manifest, row.path): row for row in manifest.rows}
    with stage("Measuring lesions by their masks") as told:
        sizes = lesion_sizes([by_path[outcome.path] for outcome in answered], progress=told)
    with stage("Drawing patients for the intervals") as told:
        measured = measure(
            answered,
            first.class_ids,
            split=first.split,
            protocol=first.protocol,
            threshold=first.threshold,
            decision_sha256=hashes,
            subgroups=by_lesion_size(sizes),
            progress=told,
        )
    evaluation = replace(
        first,
        model=name,
        decision_sha256=hashes,
        outcomes=outcomes,
        all=measured.all,
        unseen=measured.unseen,
        unshared=None,
        n_failed=len(outcomes) - len(answered),
        n_seen=measured.n_seen,
        n_unlabelled=sum(e.n_unlabelled for e in evaluations),
        cautions=_cautions(evaluations),
        patients=measured.patients,
        subgroups=measured.subgroups,
        notes=(SEVERAL, *notes(measured, answered, first.class_ids, sizes.unreadable)),
    )
    scores = Scores.from_outcomes(answered, first.class_ids)
    uncalibrated = replace(scores, probabilities=_uncalibrated(folds))
    fit = fit_calibration(
        answered,
        first.class_ids,
        threshold=first.threshold,
        target_error=TARGET_ERROR,
        own_folds=True,
    )
    return Pooled(
        evaluation=evaluation,
        folds=figures,
        uncalibrated=uncalibrated,
        before=probability_figures(uncalibrated.probabilities, scores.truth),
        after=probability_figures(scores.probabilities, scores.truth),
        by_others=out_of_fold(
            uncalibrated,
            np.repeat([f.fold for f in folds], [_n_answered(f) for f in folds]),
            held_back(answered),
            first.threshold,
        ),
        at_threshold=figures_at(fit.confidences, first.threshold),
        fit=fit,
    )


def _name(manifest: Manifest, path: Path) -> str:
    """Return a slice's path as its outcome says it."""
    inside = path.is_relative_to(manifest.root)
    return path.relative_to(manifest.root).as_posix() if inside else str(path)


def _cautions(evaluations: Sequence[Evaluation]) -> tuple[str, ...]:
    leaking = [LEAKING] if evaluations[0].protocol == "random" else []
    return tuple(dict.fromkeys([*leaking, *(c for e in evaluations for c in e.cautions)]))


def _n_answered(fold: FoldEvaluation) -> int:
    return sum(not outcome.error for outcome in fold.evaluation.outcomes)


def _uncalibrated(folds: Sequence[FoldEvaluation]) -> NDArray[np.float64]:
    """Return the probabilities at temperature 1, in the order of all answered slices."""
    parts = []
    for fold in folds:
        answered = [outcome for outcome in fold.evaluation.outcomes if not outcome.error]
        scores = Scores.from_outcomes(answered, fold.evaluation.class_ids)
        parts.append(tempered(scores.probabilities, 1 / fold.temperature))
    return np.concatenate(parts)
