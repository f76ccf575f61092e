"""``brainlens evaluate``: what a bundle is worth on a data set."""

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

if TYPE_CHECKING:
    from brainlens.evaluation.evaluation import Evaluation, Measurement

EXAMPLES = examples(
    "brainlens evaluate bundles/first --data slices",
    "brainlens evaluate default --data my-test-set --map tumeur=glioma --out report",
    "brainlens evaluate bundles/first --data slices --bundle-out bundles/first-measured",
)


class Split(StrEnum):
    """The splits of a manifest."""

    train = "train"
    val = "val"
    test = "test"


def evaluate(
    bundle: Annotated[
        str, typer.Argument(help="A bundle's folder or zip, or a shipped name.", metavar="BUNDLE")
    ],
    data: Annotated[
        Path,
        typer.Option(
            help="A data folder or a manifest; one without splits is a test set of its own.",
            metavar="PATH",
        ),
    ],
    split: Annotated[Split, typer.Option(help="Which slices.")] = Split.test,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.html, metrics.json, outcomes.csv and confusion.png.",
            metavar="DIR",
        ),
    ] = None,
    bundle_out: Annotated[
        Path | None,
        typer.Option(help="Write a new bundle that carries these figures.", metavar="DIR"),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="What a folder or label means; may be repeated.", metavar="LABEL=CLASS"
        ),
    ] = None,
    min_accuracy: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Exit with status 1 where the accuracy (without images seen in training, where "
            "there are any) is below this share.",
        ),
    ] = None,
    spacing_mm: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="Distance of pixel centres where the lesion masks' files do not say it (JPEG and "
            "PNG never do): lesion sizes are then in mm, else shares of the image.",
            metavar="MM",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Slices at a time; default one a core.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON and nothing else.")
    ] = False,
) -> None:
    """Measure a bundle, through the same code that serves it."""
    with needs("eval"):
        from brainlens.evaluation.evaluate import evaluate as measure
        from brainlens.evaluation.report.findings import Findings
        from brainlens.evaluation.report.folder import write_report
    from brainlens.bundle import find, load_bundle, revise
    from brainlens.datasets.open import open_dataset

    loaded = load_bundle(find(bundle))
    manifest = open_dataset(data)
    evaluation = measure(
        loaded,
        manifest,
        split=split.value,
        explicit_map=parse_map(map_),
        workers=workers,
        spacing_mm=spacing_mm,
        stage=progress,
    )
    if as_json:
        say_json(evaluation.to_dict())
    else:
        _say(evaluation)
    if out is not None:
        for file in write_report(Findings(evaluation, loaded, manifest), out):
            note(f"Wrote {file}.")
    if bundle_out is not None:
        revise(loaded, bundle_out, metrics=evaluation.metrics)
        note(f"Wrote the bundle {bundle_out}, which carries these figures.")
    if min_accuracy is not None:
        evaluation.require_accuracy(min_accuracy)


def _say(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.evaluation import UNSEEN, UNSHARED

    say(evaluation.seen_sentence, style="bold" if evaluation.n_seen else None)
    for caution in evaluation.cautions:
        say(caution, style="bold yellow")
    for line in (*label_lines(evaluation.aliases, evaluation.unmatched), *evaluation.notes):
        say(line, style="yellow")
    if evaluation.n_unlabelled:
        say(f"Without a label, so left out: {counted(evaluation.n_unlabelled, 'image')}.")
    if evaluation.n_failed:
        say(f"Without an answer, so in no figure: {counted(evaluation.n_failed, 'image')}:")
        for outcome in [o for o in evaluation.outcomes if o.error][:5]:
            say(f"  {outcome.path}: {outcome.error}")
    parts = [("", evaluation.all), (UNSEEN, evaluation.unseen), (UNSHARED, evaluation.unshared)]
    for words, part in parts:
        if part is not None:
            _say_figures(evaluation, part, words)
    _say_classes(evaluation)
    if evaluation.patients is not None:
        _say_patients(evaluation, evaluation.patients)
    if evaluation.subgroups:
        _say_subgroups(evaluation)
    say_disclaimer()


def _say_figures(evaluation: "Evaluation", part: "Measurement", words: str) -> None:
    from brainlens.evaluation.report.tables import overall_rows

    patients = "" if part.n_patients is None else f" of {counted(part.n_patients, 'patient')}"
    title = (
        f"{evaluation.model}, {evaluation.split} ({evaluation.protocol}"
        f"{', ' + words if words else ''}): {counted(part.n_slices, 'slice')}{patients}"
    )
    head = ("figure", "value", "95 % interval")
    rows = [
        (f"{name} {evaluation.threshold:g}" if name.endswith("threshold") else name, *rest)
        for name, *rest in overall_rows(part)
    ]
    say_table(title, head, rows)


def _say_classes(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.report.tables import class_head, class_rows, confusion_rows

    say_table("By class, each against the others", class_head(), class_rows(evaluation.all))
    rows = confusion_rows(evaluation.class_ids, evaluation.all)
    say_table("Confusion (columns: predicted class)", rows[0], rows[1:])


def _say_patients(evaluation: "Evaluation", part: "Measurement") -> None:
    from brainlens.evaluation.report.tables import class_head, class_rows

    words = f"{_parted(evaluation)}by patient, their slices combined"
    _say_figures(evaluation, part, words)
    say_table(
        "By class and patient, each class against the others",
        class_head("patient"),
        class_rows(part),
    )


def _say_subgroups(evaluation: "Evaluation") -> None:
    from brainlens.evaluation.report.tables import SUBGROUP_HEAD, subgroup_rows

    say_table(
        f"By size of the lesion ({_parted(evaluation)}slice by slice)",
        SUBGROUP_HEAD,
        subgroup_rows(evaluation.subgroups),
    )


def _parted(evaluation: "Evaluation") -> str:
    """Say that figures leave out slices seen in training, where they do."""
    from brainlens.evaluation.evaluation import UNSEEN

    left_out = evaluation.unseen is not None and evaluation.unseen.n_slices
    return f"{UNSEEN}, " if left_out else ""
