"""``brainlens evaluate``: what a bundle is worth on a data set."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from brainlens.cli.console import note, progress, say_json
from brainlens.cli.evaluated import say_findings
from brainlens.cli.extra import needs
from brainlens.cli.labels import parse_map
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

EXAMPLES = examples(
    "brainlens evaluate bundles/first --data slices",
    "brainlens evaluate default --data my-test-set --map tumeur=glioma --out report",
    "brainlens evaluate bundles/first --data manifest.csv --looking --robustness --out report",
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
    looking: Annotated[
        bool,
        typer.Option(
            "--looking",
            help="Also ask whether the model looks at the lesion; needs masks, and some five times "
            "the time.",
        ),
    ] = False,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Also change every slice in some sixty ways (noise, blur, motion, …) and ask "
            "again.",
        ),
    ] = False,
    robustness_slices: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --robustness: change no more slices than this, taken evenly."
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
        from brainlens.evaluation.curves import measured_curves
        from brainlens.evaluation.evaluate import evaluate as measure
        from brainlens.evaluation.looking import look
        from brainlens.evaluation.report.findings import Findings
        from brainlens.evaluation.report.folder import write_report
        from brainlens.evaluation.robustness.run import robustness as perturb
    from brainlens.bundle import find, load_bundle, revise
    from brainlens.datasets.open import open_dataset

    if robustness_slices is not None and not robustness:
        raise UsageError(
            "--robustness-slices says how many slices to change, and none are changed.",
            hint="Add --robustness, or leave it out.",
        )
    loaded = load_bundle(find(bundle))
    manifest = open_dataset(data)
    labels = parse_map(map_)
    evaluation = measure(
        loaded,
        manifest,
        split=split.value,
        explicit_map=labels,
        workers=workers,
        spacing_mm=spacing_mm,
        stage=progress,
    )
    findings = Findings(evaluation, loaded, manifest)
    same: dict[str, Any] = {"explicit_map": labels, "workers": workers}
    if looking:
        with progress("Looking where it looks") as told:
            found = look(loaded, manifest, split.value, told, **same)
        findings = replace(findings, looking=found)
    if robustness:
        with progress("Changing the slices") as told:
            borne = perturb(loaded, manifest, split.value, told, at_most=robustness_slices, **same)
        findings = replace(findings, robustness=borne)
    if as_json:
        say_json(findings.to_dict())
    else:
        say_findings(findings)
    if out is not None:
        for file in write_report(findings, out):
            note(f"Wrote {file}.")
    if bundle_out is not None:
        with progress("Drawing patients for the curves"):
            curves = measured_curves(evaluation, data=manifest.info.title)
        revise(loaded, bundle_out, metrics=evaluation.metrics, curves=(curves,))
        note(f"Wrote the bundle {bundle_out}, which carries these figures.")
    if min_accuracy is not None:
        evaluation.require_accuracy(min_accuracy)
