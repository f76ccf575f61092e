"""``brainlens probe``: test a running service with a folder of images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import note, progress, say, say_disclaimer, say_json, say_table
from brainlens.cli.labels import label_lines, parse_map
from brainlens.cli.verbs import examples
from brainlens.errors import BelowMinimum

if TYPE_CHECKING:
    from brainlens.probe import Figures, ProbeReport

EXAMPLES = examples(
    "brainlens probe slices/test --url http://127.0.0.1:8000 --threshold 0.7",
    "brainlens probe slices/test --json report.json --csv outcomes.csv --min-accuracy 0.9",
)


def probe(
    folder: Annotated[
        Path, typer.Argument(help="Images in class folders, at any depth.", metavar="DIR")
    ],
    url: Annotated[str, typer.Option(help="Where the service answers.")] = "http://127.0.0.1:8000",
    threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Confidence from which an answer counts as given."),
    ] = 0.7,
    workers: Annotated[int, typer.Option(min=1, help="Images sent at the same time.")] = 4,
    model: Annotated[
        str | None, typer.Option(help="Which of the service's models; default its default.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="BRAINLENS_API_KEY",
            help="API key, where the service asks for one; better given as a variable, since "
            "others may see command lines.",
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help="What a folder means; may be repeated.", metavar="FOLDER=CLASS"),
    ] = None,
    json_: Annotated[
        Path | None,
        typer.Option("--json", help="Write the report to this file; - prints it.", metavar="FILE"),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write outcomes to this file.", metavar="FILE")
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
) -> None:
    """Send every image of a folder to a running service and report how it did.

    Damaged images and a service that restarts are counted and never end the walk.
    """
    from brainlens.files import write_json
    from brainlens.outcomes import write_outcomes
    from brainlens.probe import probe as walk

    with progress("Probing") as update:
        report = walk(
            folder,
            url,
            threshold=threshold,
            workers=workers,
            model=model,
            key=key,
            explicit_map=parse_map(map_),
            progress=update,
        )
    if json_ == Path("-"):
        say_json(report.to_dict())
    else:
        _say(report)
    if json_ is not None and json_ != Path("-"):
        write_json(json_, report.to_dict())
        note(f"Wrote {json_}.")
    if csv is not None:
        write_outcomes(csv, report.outcomes, report.model.class_ids)
        note(f"Wrote {csv}.")
    if min_accuracy is not None:
        _require(report, min_accuracy)


def _require(report: "ProbeReport", minimum: float) -> None:
    accuracy = (report.figures_unseen or report.figures).accuracy
    if accuracy is None or accuracy < minimum:
        found = "undefined" if accuracy is None else f"{accuracy:.4f}"
        raise BelowMinimum(f"The accuracy is {found}, below the wanted {minimum:.4f}.")


def _say(report: "ProbeReport") -> None:
    from brainlens.bundle.cautions import SYNTHETIC

    say(report.first_line, style="bold" if report.seen else None)
    if report.model.synthetic:
        say(SYNTHETIC, style="bold yellow")
    if report.model.changed:
        say("The service changed its model midway: the figures mix models.", style="bold yellow")
    for line in label_lines(report.aliases, report.unmatched):
        say(line, style="yellow")
    figures, unseen = report.figures, report.figures_unseen
    head = ("what", "all images", *(["not seen in training"] if unseen else []))
    say_table(f"{report.model.name} {report.model.version} at {report.url}", head, _rows(report))
    if figures.classes:
        rows = [
            (c.class_id, _share(c.precision), _share(c.sensitivity), _share(c.f1), str(c.support))
            for c in figures.classes
        ]
        say_table("By class", ("class", "precision", "sensitivity", "F1", "images"), rows)
    say_disclaimer()


def _rows(report: "ProbeReport") -> list[tuple[str, ...]]:
    columns: list[Figures] = [report.figures]
    if report.figures_unseen is not None:
        columns.append(report.figures_unseen)
    blank = [""] * (len(columns) - 1)
    failed = ", ".join(f"{n} {reason}" for reason, n in report.failed.items())
    at = f"{report.threshold:g}"
    return [
        ("sent", str(report.sent), *blank),
        ("failed", f"{sum(report.failed.values())}" + (f" ({failed})" if failed else ""), *blank),
        *((status, str(n), *blank) for status, n in report.statuses.items()),
        *((f"for {reason}", str(n), *blank) for reason, n in report.reasons.items()),
        ("sent again", str(report.repeats), *blank),
        ("files that are no images", str(report.passed_over), *blank),
        ("in the figures below", *(str(f.n) for f in columns)),
        ("accuracy", *(_share(f.accuracy) for f in columns)),
        (f"share at confidence {at} or more", *(_share(f.confident) for f in columns)),
        ("correct and confident, of all", *(_share(f.confident_correct) for f in columns)),
        ("correct, of the confident", *(_share(f.confident_accuracy) for f in columns)),
        ("latency, median", _milliseconds(report.latency.median_ms), *blank),
        ("latency, 95th percentile", _milliseconds(report.latency.p95_ms), *blank),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"
