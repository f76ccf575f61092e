"""What each fold of a cross-validation came to."""

from brainlens.evaluation.pooled import Pooled
from brainlens.evaluation.report.section import bar, grid, section
from brainlens.evaluation.report.wording import percent
from brainlens.html.element import Html, Part, element


def folds(pooled: Pooled) -> Html:
    """Return the table of folds, and their mean and spread as published work states them."""
    rows: list[tuple[Part, ...]] = [
        (
            str(fold.fold),
            f"{fold.n_slices:,}",
            "" if fold.n_patients is None else f"{fold.n_patients:,}",
            percent(fold.accuracy),
            bar(fold.accuracy, None),
            percent(fold.balanced_accuracy),
            f"{fold.temperature:.2f}",
            fold.split_check,
            element("span", fold.decision_sha256[:12], class_="path"),
        )
        for fold in pooled.folds
    ]
    head = (
        "fold",
        "slices",
        "patients",
        "accuracy",
        "0 to 100 %",
        "balanced accuracy",
        "temperature",
        "split check",
        "decision hash",
    )
    mean, spread = pooled.over_folds().values()
    said = []
    if mean is not None and spread is not None:
        said.append(
            f"Mean accuracy over folds {percent(mean)}, standard deviation {100 * spread:.1f} "
            "points: how published work states it. It is no interval, since folds share most of "
            "their training slices; believe the intervals above."
        )
    return section(
        "Fold by fold",
        "Each slice was answered by the model of the fold that it was kept out of.",
        grid(head, rows),
        *said,
    )
