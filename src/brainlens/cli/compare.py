"""``brainlens compare``: whether one of two measured models is better."""

from pathlib import Path
from typing import Annotated

import typer

from brainlens.cli.console import say, say_disclaimer, say_json, say_table
from brainlens.cli.verbs import examples

EXAMPLES = examples(
    "brainlens compare report-first report-second",
    "brainlens compare report-first/outcomes.csv report-second/outcomes.csv --json",
)

_REPORT = "A folder that `evaluate --out` wrote, or a CSV of outcomes."


def compare(
    report_a: Annotated[Path, typer.Argument(help=_REPORT, metavar="REPORT_A")],
    report_b: Annotated[Path, typer.Argument(help=_REPORT, metavar="REPORT_B")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as JSON and nothing else.")
    ] = False,
) -> None:
    """Compare two models on the slices that both reports hold, and say if a difference is one."""
    from brainlens.evaluation import comparison_text as text
    from brainlens.evaluation.compare import compare as hold_against
    from brainlens.evaluation.saved_report import SavedReport

    comparison = hold_against(SavedReport.load(report_a), SavedReport.load(report_b))
    if as_json:
        say_json(comparison.to_dict())
        return
    say(text.side_line("A", comparison.first))
    say(text.side_line("B", comparison.second))
    say(text.basis(comparison))
    for warning in text.warnings(comparison):
        say(warning, style="bold yellow")
    say(text.verdict_sentence(comparison), style="bold")
    head = ("figure", "A", "B", "B − A", "95 % interval")
    say_table("Both models on these slices", head, text.figure_rows(comparison))
    for line in text.evidence(comparison):
        say(line)
    say_disclaimer()
