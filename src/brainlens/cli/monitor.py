"""``brainlens monitor``: what the records of a service say."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens import files
from brainlens.cli.console import counted, note, say, say_disclaimer, say_json, say_table
from brainlens.cli.extra import needs
from brainlens.cli.kept import DataDir, opened
from brainlens.cli.verbs import examples

if TYPE_CHECKING:
    from brainlens.pipeline.monitor.drift import Drift
    from brainlens.pipeline.monitor.monitoring import Monitoring

EXAMPLES = examples(
    "brainlens monitor",
    "brainlens monitor --since 90d --out monitor.html",
    "brainlens monitor --since 2026-01-01 --bundle bundles/first --json",
)


def monitor(
    since: Annotated[
        str, typer.Option(help="A date, a time or an age: 2026-01-31, 12h, 30d.", metavar="WHEN")
    ] = "30d",
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            help="A bundle that answered, to hold its records against what it was measured on: a "
            "folder, a zip or a shipped name; may be repeated. Default: the bundles that the "
            "service would load.",
            metavar="BUNDLE",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the report, with plots, as HTML.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Say how much a service answered, how it agreed with conclusions, and what has moved.

    From the records alone: it needs neither images nor a running service.
    """
    with needs("eval"):
        from brainlens.pipeline.monitor.monitoring import monitor as run
        from brainlens.pipeline.monitor.page import page
        from brainlens.pipeline.monitor.reference import references
    from brainlens.bundle.shipped import find, shipped
    from brainlens.server.moments import moment_us, now_us
    from brainlens.server.settings import load_settings

    now = now_us()
    moment = moment_us(since, now=now)
    served = load_settings(data_dir=data_dir).bundles or shipped()
    known = references([find(name) for name in bundle] if bundle else served.values())
    with opened(data_dir) as storage:
        found = run(storage.records.since(moment), known, since_us=moment, until_us=now)
    if out is not None:
        files.write_text(out, page(found))
        note(f"Wrote {out}.")
    if as_json:
        say_json(found.to_dict())
    else:
        _say(found)


def _say(found: "Monitoring") -> None:
    from brainlens.pipeline.monitor.page import remarks

    rows = []
    for model in found.models:
        share = model.agreement.share
        agreed = "–" if share is None else f"{share:.1%} of {model.agreement.n_concluded}"
        rows.append(
            (
                model.title,
                str(model.tally.n),
                f"{model.answer_rate:.1%}",
                agreed,
                _moved(model.confidence),
                _moved(model.distance),
            )
        )
    head = ("model", "records", "answered", "agreed", "confidence moved", "distance moved")
    say_table(counted(found.n_records, "record"), head, rows)
    for _, words, text in remarks(found):
        say(f"{words}: {text}")
    say_disclaimer()


def _moved(drift: "Drift | None") -> str:
    return "–" if drift is None else f"{abs(drift.difference):.1%}"
