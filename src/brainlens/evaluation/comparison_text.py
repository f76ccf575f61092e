"""A comparison in words: A and B, what must be said of them, and whether a difference is one."""

from brainlens.evaluation.compare import Comparison, PairedFigure
from brainlens.evaluation.report.tables import NAMES
from brainlens.evaluation.saved_report import SavedReport


def side_line(letter: str, report: SavedReport) -> str:
    """Return what A or B is, in one line."""
    parts = [report.model]
    if report.decision_sha256:
        parts.append(f"decision hash {report.decision_sha256[:12]}")
    parts += [part for part in (report.split, report.protocol) if part]
    return f"{letter}: {', '.join(parts)}"


def basis(comparison: Comparison) -> str:
    """Return on what the two were compared."""
    patients = "patients not named"
    if comparison.n_patients is not None:
        patients = _counted(comparison.n_patients, "patient")
    left_out = [
        f"{n} only in {letter}"
        for n, letter in ((comparison.only_first, "A"), (comparison.only_second, "B"))
        if n
    ]
    if comparison.n_failed:
        left_out.append(f"{comparison.n_failed} without two answers")
    rest = f" Left out: {', '.join(left_out)}." if left_out else ""
    return f"Compared on {_counted(comparison.n_slices, 'slice')}, {patients}.{rest}"


def warnings(comparison: Comparison) -> tuple[str, ...]:
    """Return what makes the comparison something else than one of two models."""
    first, second = comparison.first, comparison.second
    found = []
    if first.decision_sha256 and first.decision_sha256 == second.decision_sha256:
        found.append("Both reports are of one and the same model.")
    if first.protocol and second.protocol and first.protocol != second.protocol:
        found.append(
            f"A was split {first.protocol}, B {second.protocol}: what differs may be the split, "
            "not the model."
        )
    for letter, n in (("A", comparison.n_seen_first), ("B", comparison.n_seen_second)):
        if n:
            found.append(f"{letter} was trained on {n} of these slices, so its figures flatter it.")
    return tuple(found)


def verdict_sentence(comparison: Comparison) -> str:
    """Return whether the difference in accuracy is one, in words and numbers."""
    accuracy = comparison.accuracy
    if comparison.verdict == "untestable":
        return (
            "No test is possible: everything comes from one patient, so nobody can tell a "
            f"difference from chance. {_seen(accuracy)}."
        )
    numbers = f"{_seen(accuracy)} {_range(accuracy)}; p = {p_value(comparison.p_patients)}."
    if comparison.verdict == "difference":
        better = "B" if (accuracy.difference or 0) > 0 else "A"
        return f"This is a difference: {better} is right more often. {numbers}"
    if comparison.verdict == "unclear":
        return f"This may be a difference, but the evidence is at the border. {numbers}"
    return (
        f"No difference is shown: what was seen may be chance. {numbers} That does not prove the "
        "two equal."
    )


def figure_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return (figure, A, B, B − A, 95 % interval of it) as text."""
    return [
        (
            NAMES[figure.name] + (f", {figure.class_id}" if figure.class_id else ""),
            _share(figure.first),
            _share(figure.second),
            _signed(figure.difference),
            ""
            if figure.interval is None
            else f"{_signed(figure.interval[0])} to {_signed(figure.interval[1])}",
        )
        for figure in comparison.figures
    ]


def evidence(comparison: Comparison) -> tuple[str, ...]:
    """Return the counts behind the verdict: who is right where, tests, agreement."""
    kappa = "undefined" if comparison.kappa is None else f"{comparison.kappa:.3f}"
    return (
        f"Both right: {comparison.both_right}; only A: {comparison.only_first_right}; only B: "
        f"{comparison.only_second_right}; neither: {comparison.both_wrong}.",
        f"Exact test that exchanges whole patients: p = {p_value(comparison.p_patients)}. "
        "McNemar's exact test, which takes slices for independent and so promises too much: "
        f"p = {p_value(comparison.p_slices)}.",
        f"Both give the same class to {100 * comparison.agreement:.1f} % of the slices; Cohen's "
        f"kappa {kappa} (1 = always, 0 = as often as by chance).",
    )


def p_value(p: float) -> str:
    """Return a p-value with as many digits as mean something."""
    if p < 0.0001:
        return "below 0.0001"
    return f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def _seen(accuracy: PairedFigure) -> str:
    return (
        f"Accuracy of A {_share(accuracy.first)}, of B {_share(accuracy.second)}: B − A = "
        f"{_points(accuracy.difference)} percentage points"
    )


def _range(accuracy: PairedFigure) -> str:
    if accuracy.interval is None:
        return "(no interval: all draws of patients agree)"
    low, high = accuracy.interval
    return f"(95 % interval {_points(low)} to {_points(high)})"


def _points(share: float | None) -> str:
    return "undefined" if share is None else f"{100 * share:+.1f}".replace("-", "−")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}".replace("-", "−")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
