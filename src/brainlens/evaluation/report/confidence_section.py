"""What a confidence means: how well it fits, and what thresholds do."""

from typing import Final

import numpy as np

from brainlens.bundle.calibration import Calibration
from brainlens.evaluation.calibration_error import BINS, probability_figures, reliability_bins
from brainlens.evaluation.confidences import Confidences, held_back
from brainlens.evaluation.plots_confidence import reliability_plot, risk_plot
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.section import grid, plots, section
from brainlens.evaluation.report.wording import counted, interval, percent, points
from brainlens.evaluation.risk import figures_at, risk_curve
from brainlens.evaluation.scores import Scores
from brainlens.html.element import Html, Part, element, joined

_THRESHOLDS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_DIAGRAM: Final = (
    "Reliability diagram: share of right answers by confidence; the table of bins says the same."
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
            (reliability_plot([("as it is", scores)], kind="svg"), _DIAGRAM),
            (risk_plot(confidences, evaluation.threshold, kind="svg"), _CURVE),
        ),
        *fitted,
        element("h3", "What a threshold buys"),
        element(
            "p",
            "A higher threshold answers fewer slices and should be wrong about fewer of them.",
        ),
        _thresholds(confidences, evaluation.threshold),
        _at_own(confidences, evaluation.threshold),
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
        (when, f"{f.loss:.3f}", f"{f.brier:.3f}", percent(f.ece), percent(f.ece_floor))
        for when, f in (("before", calibration.before), ("after", calibration.after))
    ]
    mix = ", ".join(f"{name} {percent(share)}" for name, share in calibration.class_mix.items())
    head = ("calibration", "loss", "Brier", "calibration error", "of perfect confidences")
    return joined(
        element("h3", "How the confidence was fitted"),
        element(
            "p",
            f"On {counted(calibration.n_slices, 'slice')}, {patients} ({calibration.split}, "
            f"{calibration.protocol}); “after” is measured on patients not used for the fit. It "
            f"holds where the classes are as frequent as there: {mix}.",
        ),
        grid(head, rows),
        *_sets(calibration),
    )


def _sets(calibration: Calibration) -> list[Html]:
    if calibration.sets is None:
        return []
    covered = ", ".join(f"{c} {percent(share)}" for c, share in calibration.sets.coverage.items())
    return [
        element(
            "p",
            "Prediction sets, on patients they were not made from, held the true class this "
            f"often: {covered}; a set names {calibration.sets.mean_size:.2f} classes on average, "
            f"{percent(calibration.sets.single)} name one.",
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
