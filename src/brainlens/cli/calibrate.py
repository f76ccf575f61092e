"""``brainlens calibrate``: make a bundle as sure as it is right, and say what that is worth."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import (
    counted,
    note,
    progress,
    say,
    say_disclaimer,
    say_json,
    say_table,
)
from brainlens.cli.extra import needs
from brainlens.cli.labels import label_lines, parse_map
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.bundle.load import Bundle
    from brainlens.evaluation.calibration_fit import CalibrationFit
    from brainlens.pipeline.calibrate import Calibrated
    from brainlens.pipeline.calibration_outcomes import CalibrationOutcomes

EXAMPLES = examples(
    "brainlens calibrate bundles/first --data slices --out bundles/first-calibrated",
    "brainlens calibrate bundles/first --data slices --outcomes crossval/outcomes.csv "
    "--target-error 0.05 --out bundles/first-calibrated",
    "brainlens calibrate bundles/first --data slices --prior a=0.5,b=0.3,c=0.2 "
    "--out bundles/first-calibrated",
)


class CalibrationSplit(StrEnum):
    """The splits that a network was not trained on."""

    val = "val"
    test = "test"


def calibrate(
    bundle: Annotated[
        str, typer.Argument(help="A bundle's folder or zip, or a shipped name.", metavar="BUNDLE")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.", metavar="DIR")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="A data folder or a manifest. With --outcomes, patients of its split test are "
            "left out.",
            metavar="PATH",
        ),
    ] = None,
    split: Annotated[
        CalibrationSplit, typer.Option(help="Which slices; a set without splits is taken whole.")
    ] = CalibrationSplit.val,
    outcomes: Annotated[
        list[Path] | None,
        typer.Option(
            help="Calibrate on these answers instead: of networks trained in the same way, each "
            "about patients that it never saw, at the same stage as the bundle (calibrated where "
            "the bundle is). May be repeated.",
            metavar="CSV",
        ),
    ] = None,
    target_error: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.5,
            help="Look for the lowest threshold that keeps the error among the answered patients "
            "below this share.",
        ),
    ] = None,
    level: Annotated[
        float, typer.Option(min=0.8, max=0.999, help="How sure bounds on the error must be.")
    ] = 0.95,
    prior: Annotated[
        str | None,
        typer.Option(
            help="How frequent the classes are where the model will be used; shares sum to 1.",
            metavar="CLASS=SHARE,…",
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="What a folder or label means; may be repeated.", metavar="LABEL=CLASS"
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Slices at a time; default one a core.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the record as JSON and nothing else.")
    ] = False,
) -> None:
    """Fit temperature and prediction sets on slices that the model was not trained on."""
    with needs("eval"):
        from brainlens.bundle import find, load_bundle
        from brainlens.datasets.open import open_dataset
        from brainlens.pipeline.calibrate import calibrate_on, require_possible
        from brainlens.pipeline.calibration_outcomes import out_of_fold_outcomes, own_outcomes

    if data is None and not outcomes:
        raise UsageError("There is nothing to calibrate on.", hint="Give --data or --outcomes.")
    loaded = load_bundle(find(bundle))
    mix = None if prior is None else _parse_prior(prior)
    require_possible(loaded, out, prior=mix, target_error=target_error)
    manifest = None if data is None else open_dataset(data)
    labels = parse_map(map_)
    if outcomes or manifest is None:
        source = out_of_fold_outcomes(
            loaded, outcomes or (), manifest=manifest, explicit_map=labels
        )
    else:
        with progress("Asking the model") as update:
            source = own_outcomes(
                loaded,
                manifest,
                split=split.value,
                explicit_map=labels,
                workers=workers,
                progress=update,
            )
    made = calibrate_on(loaded, source, out, target_error=target_error, level=level, prior=mix)
    if as_json:
        say_json(_to_dict(made))
    else:
        _say_source(source, manifest_given=manifest is not None)
        _say(loaded, made)
    note(f"Wrote the bundle {out}.")


def _parse_prior(text: str) -> dict[str, float]:
    try:
        pairs = parse_map(text.split(","), "--prior")
        return {name.strip(): float(share) for name, share in pairs.items()}
    except ValueError as error:
        raise UsageError(
            f"--prior {text} is no class mix.",
            hint="Write it like --prior a=0.5,b=0.3,c=0.2.",
        ) from error


def _to_dict(made: "Calibrated") -> dict[str, object]:
    keep = {"decision_sha256", "temperature", "prior", "thresholds", "calibration", "risk_coverage"}
    left_out = ("n_failed", "n_unlabelled", "n_seen", "n_test")
    return {
        **made.bundle.info.model_dump(mode="json", include=keep),
        "left_out": {name: getattr(made.source, name) for name in left_out}
        | {"unmatched": dict(made.source.unmatched)},
    }


def _say_source(source: "CalibrationOutcomes", *, manifest_given: bool) -> None:
    for line in label_lines(dict(source.aliases), dict(source.unmatched)):
        say(line, style="yellow")
    left_out = {
        "without an answer": source.n_failed,
        "without a label": source.n_unlabelled,
        "seen in training": source.n_seen,
        "of patients of the test split": source.n_test,
    }
    for why, n in left_out.items():
        if n:
            say(f"Left out, {why}: {counted(n, 'slice')}.")
    if source.out_of_fold:
        say(
            "Calibrated on answers of networks trained in the same way, not of this one: what is "
            "fitted holds as far as they are alike."
        )
        if not manifest_given:
            say(
                "Without --data nobody can tell which patients are of the test split: measure the "
                "new bundle on other patients.",
                style="yellow",
            )
    elif source.split == "test":
        say(
            "Calibrated on the split test: measure the new bundle on other patients.",
            style="yellow",
        )


def _say(old: "Bundle", made: "Calibrated") -> None:
    fit, info = made.fit, made.bundle.info
    patients = "" if fit.n_patients is None else f" of {counted(fit.n_patients, 'patient')}"
    say_table(
        f"{info.name} {info.version}: calibrated on {counted(fit.n_slices, 'slice')}{patients} "
        f"({made.source.split}, {made.source.protocol})",
        ("figure", "before", "after, on patients not used"),
        _probability_rows(fit),
    )
    say(f"Temperature: {old.info.temperature:g} before, {info.temperature:.4g} now.")
    say(f"It holds for this class mix, each patient counted alike: {_mix(fit.class_mix)}.")
    if fit.prior is not None:
        say(
            f"Probabilities are turned to: {_mix(fit.prior.shares)}. This holds where only the "
            "frequencies differ; the figures here are of the mix above."
        )
    _say_threshold(fit, info.thresholds.confidence)
    _say_bounds(made)
    _say_sets(fit)
    say_disclaimer()


def _mix(shares: dict[str, float]) -> str:
    return ", ".join(f"{class_id} {share:.1%}" for class_id, share in shares.items())


def _probability_rows(fit: "CalibrationFit") -> list[tuple[str, str, str]]:
    names = {
        "loss": "cross-entropy loss",
        "brier": "Brier score",
        "ece": "calibration error",
        "ece_floor": "the same, were it perfect",
    }
    return [
        (words, f"{getattr(fit.before, name):.4f}", f"{getattr(fit.after, name):.4f}")
        for name, words in names.items()
    ]


def _say_threshold(fit: "CalibrationFit", threshold: float) -> None:
    from brainlens.evaluation.risk import figures_at

    names = {
        "answer_rate": "answered, of all",
        "error_among_answered": "wrong, of the answered",
        "confident_correct": "answered and right, of all",
    }
    rows = [
        (
            names[name],
            "–" if figure.value is None else f"{figure.value:.4f}",
            "" if figure.interval is None else "{:.4f} – {:.4f}".format(*figure.interval),
        )
        for name, figure in figures_at(fit.confidences, threshold).items()
    ]
    say_table(f"At the threshold {threshold:g}", ("figure", "value", "95 % interval"), rows)


def _say_bounds(made: "Calibrated") -> None:
    from brainlens.evaluation.target_error import patients_needed

    target, bound = made.fit.target_error, made.fit.error_bound
    if target is not None and target.threshold is not None:
        say(
            f"From the threshold {target.threshold:g}, at most {target.error:.1%} of answered "
            f"patients get a wrong answer, at {target.level:.0%} confidence."
        )
    elif target is not None:
        say(
            f"No threshold can be promised to keep the error below {target.error:.1%} at "
            f"{target.level:.0%} confidence. It takes at least "
            f"{patients_needed(target.error, target.level)} answered patients without one wrong "
            "answer, or more patients with few.",
            style="yellow",
        )
    if bound is not None:
        say(
            f"At the threshold {bound.threshold:g}: {bound.n_wrong} of {bound.n_answered} answered "
            f"patients got a wrong answer; so at most {bound.at_most:.1%} would, at "
            f"{bound.level:.0%} confidence. A patient counts as wrong if any of its answered "
            "slices is."
        )


def _say_sets(fit: "CalibrationFit") -> None:
    figures = fit.set_figures
    rows = [
        (class_id, f"{fit.sets.least[class_id]:.4f}", "–" if share is None else f"{share:.4f}")
        for class_id, share in figures.coverage.items()
    ]
    head = ("class", "in the set from", "in the set of its own slices, patients not used")
    say_table(f"Prediction sets at {fit.sets.level:.0%}", head, rows)
    say(
        f"A set holds {figures.mean_size:.2f} classes on average; "
        f"{figures.single:.1%} hold one only."
    )
    everywhere = [class_id for class_id, least in fit.sets.least.items() if least == 0]
    if everywhere:
        say(
            f"In every set, since too few patients are there to rule it out: "
            f"{', '.join(everywhere)}.",
            style="yellow",
        )
