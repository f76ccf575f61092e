"""What a confidence means: how well it fits, and what thresholds do."""

from dataclasses import replace
from typing import Final

import numpy as np

from brainlens.bundle.calibration import (
    Calibration,
    ErrorBound,
    ProbabilityFigures,
    SetFigures,
)
from brainlens.bundle.schema import TargetError
from brainlens.evaluation.calibration_error import BINS, probability_figures, reliability_bins
from brainlens.evaluation.confidences import Confidences, held_back
from brainlens.evaluation.plots_confidence import reliability_plot, risk_plot
from brainlens.evaluation.pooled import Pooled
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.section import grid, plots, section
from brainlens.evaluation.report.wording import counted, interval, percent, points
from brainlens.evaluation.risk import figures_at, risk_curve
from brainlens.evaluation.scores import Scores
from brainlens.evaluation.temperature import tempered
from brainlens.html.element import Html, Part, element, joined

_THRESHOLDS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_DIAGRAM: Final = (
    "Reliability diagram: share of right answers by confidence; the table of bins says the same."
)
_PROBABILITY_HEAD: Final = (
    "calibration",
    "loss",
    "Brier",
    "calibration error",
    "of perfect confidences",
)
_CURVE: Final = "Share of wrong answers by answer rate; the table of thresholds says the same."


def confidence(findings: Findings) -> Html:
    """Return calibration and the price of thresholds, both from the outcomes."""
    evaluation = findings.evaluation
    outcomes = [outcome for outcome in evaluation.outcomes if not outcome.error]
    scores = Scores.from_outcomes(outcomes, evaluation.class_ids)
    if np.isnan(scores.probabilities).all():
        return section("What confidence means", "Every slice was rejected: there is none.")
    confidences = Confidences.of(scores, held_back(outcomes))
    info = None if findings.bundle is None else findings.bundle.info
    fitted = [] if info is None or info.calibration is None else [_fitted(info.calibration)]
    return section(
        "What confidence means",
        "Of slices answered with 80 % confidence, 80 % should be right. The calibration error is "
        "the mean gap between the two; it is never 0 on finite data, so the error that perfect "
        "confidences would show on as many slices stands beside it.",
        _reliability(scores),
        plots(
            (reliability_plot([*_before(findings, scores), _now(scores)], kind="svg"), _DIAGRAM),
            (risk_plot(confidences, evaluation.threshold, kind="svg"), _CURVE),
        ),
        *([] if findings.pooled is None else [_pooled(findings.pooled)]),
        *fitted,
        element("h3", "What a threshold buys"),
        element(
            "p",
            "A higher threshold answers fewer slices and should be wrong about fewer of them.",
        ),
        _thresholds(confidences, evaluation.threshold),
        _at_own(confidences, evaluation.threshold),
    )


def _now(scores: Scores) -> tuple[str, Scores]:
    return "as it is", scores


def _before(findings: Findings, scores: Scores) -> list[tuple[str, Scores]]:
    """Return the same answers before calibration, where that can be told."""
    words = "before calibration"
    if findings.pooled is not None:
        return [(words, findings.pooled.uncalibrated)]
    info = None if findings.bundle is None else findings.bundle.info
    if info is None or info.temperature == 1 or info.prior is not None:
        return []
    plain = tempered(scores.probabilities, 1 / info.temperature)
    return [(words, replace(scores, probabilities=plain))]


def _pooled(pooled: Pooled) -> Html:
    """Return what each fold's temperature did to slices that none was fitted on."""
    measured = [("before", pooled.before), ("by the fold's own validation patients", pooled.after)]
    if pooled.by_others is not None:
        measured.append(("by the answers about the other folds", pooled.by_others.figures))
    rows: list[tuple[Part, ...]] = [
        (when, *_probability_cells(figures)) for when, figures in measured
    ]
    bound = pooled.fit.error_bound
    said = [] if bound is None else [_bound(bound, pooled.fit.target_error)]
    return joined(
        element("h3", "What calibration does"),
        element(
            "p",
            "Each fold's temperature was fitted on validation patients of that fold. They are few; "
            "the answers out of fold about the patients of all other folds are more, and calibrate "
            "--out-of-fold fits on such. All rows are of test patients that no temperature was "
            "fitted on, all folds together.",
        ),
        grid(_PROBABILITY_HEAD, rows),
        *said,
        *_sets(pooled.fit.set_figures),
    )


def _bound(bound: ErrorBound, target: TargetError | None) -> Html:
    """Return what can be promised of the error among the answered, patient by patient."""
    said = (
        f"A patient with any wrong answer above the threshold of {percent(bound.threshold)} counts "
        f"as wrong: {bound.n_wrong:,} of {counted(bound.n_answered, 'patient')} with an answer, so "
        f"at most {percent(bound.at_most)} of such patients with {percent(bound.level)} confidence."
    )
    if target is not None:
        found = "these data can carry no threshold"
        if target.threshold is not None:
            found = f"the threshold {percent(target.threshold)} keeps that promise"
        said += f" For at most {percent(target.error)}, {found}."
    return element("p", said)


def _probability_cells(figures: ProbabilityFigures) -> tuple[str, str, str, str]:
    return (
        f"{figures.loss:.3f}",
        f"{figures.brier:.3f}",
        percent(figures.ece),
        percent(figures.ece_floor),
    )


def _reliability(scores: Scores) -> Html:
    known = ~np.isnan(scores.probabilities).any(axis=1)
    sure = scores.probabilities[known].max(axis=1)
    correct = (scores.predicted == scores.truth)[known]
    found = probability_figures(scores.probabilities, scores.truth)
    bins = reliability_bins(sure, correct)
    rows: list[tuple[Part, ...]] = [
        (percent(c), percent(a), points(a - c), f"{n:.0f}")
        for c, a, n in zip(bins.confidence, bins.accuracy, bins.n, strict=True)
    ]
    head = ("mean confidence", "right", "right less confidence (points)", "slices")
    return joined(
        element(
            "p",
            f"Expected calibration error {percent(found.ece)} (perfect confidences: "
            f"{percent(found.ece_floor)}); Brier score {found.brier:.3f} (0 is best, 2 worst).",
        ),
        element(
            "details",
            element("summary", f"The {min(BINS, len(rows))} bins of equally many slices"),
            grid(head, rows),
        ),
    )


def _fitted(calibration: Calibration) -> Html:
    patients = "patients not named"
    if calibration.n_patients is not None:
        patients = counted(calibration.n_patients, "patient")
    rows: list[tuple[Part, ...]] = [
        (when, *_probability_cells(figures))
        for when, figures in (("before", calibration.before), ("after", calibration.after))
    ]
    mix = ", ".join(f"{name} {percent(share)}" for name, share in calibration.class_mix.items())
    return joined(
        element("h3", "How the confidence was fitted"),
        element(
            "p",
            f"On {counted(calibration.n_slices, 'slice')}, {patients} ({calibration.split}, "
            f"{calibration.protocol}); “after” is measured on patients not used for the fit. It "
            f"holds where the classes are as frequent as there: {mix}.",
        ),
        grid(_PROBABILITY_HEAD, rows),
        *_sets(calibration.sets),
    )


def _sets(sets: SetFigures | None) -> list[Html]:
    if sets is None:
        return []
    covered = ", ".join(f"{c} {percent(share)}" for c, share in sets.coverage.items())
    return [
        element(
            "p",
            "Prediction sets, on patients they were not made from, held the true class this "
            f"often: {covered}; a set names {sets.mean_size:.2f} classes on average, "
            f"{percent(sets.single)} name one.",
        )
    ]


def _thresholds(confidences: Confidences, own: float) -> Html:
    points = risk_curve(confidences, sorted({*_THRESHOLDS, own}))
    rows: list[tuple[Part, ...]] = [
        (
            f"{100 * point.threshold:g} %"
            + (" (the model's own)" if point.threshold == own else ""),
            percent(point.answer_rate),
            percent(point.error),
        )
        for point in points
    ]
    return grid(("answers from", "answered", "wrong among the answered"), rows)


def _at_own(confidences: Confidences, threshold: float) -> Html:
    found = figures_at(confidences, threshold)
    words = {
        "answer_rate": "answered",
        "error_among_answered": "wrong among the answered",
        "confident_correct": "answered and right, of all",
    }
    rows: list[tuple[Part, ...]] = [
        (words[name], percent(ratio.value), interval(ratio.interval))
        for name, ratio in found.items()
    ]
    return joined(
        element("h3", f"At the model's own threshold of {100 * threshold:g} %"),
        grid(("figure", "value", "95 % interval"), rows),
    )
