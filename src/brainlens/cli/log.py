"""``brainlens log``: the records of predictions."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens import files
from brainlens.cli.console import counted, note, say, say_json
from brainlens.cli.kept import DataDir, opened
from brainlens.cli.verbs import examples
from brainlens.errors import CheckFailed

if TYPE_CHECKING:
    from brainlens.server.records.head import Head
    from brainlens.server.records.verify import Verification

app = typer.Typer(
    name="log", help="Verify, export and prune the records of predictions.", no_args_is_help=True
)


@app.command(
    epilog=examples(
        "brainlens log verify",
        "brainlens log verify --head heads.jsonl --head service.log",
    )
)
def verify(
    head: Annotated[
        list[Path] | None,
        typer.Option(
            help="Heads kept elsewhere: of log head, or a service's log. May be repeated.",
            metavar="FILE",
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Say whether the records are those that were written; exit status 1 if not."""
    from brainlens.server.records.head import read_heads
    from brainlens.server.records.verify import verify as run

    heads = [found for path in head or () for found in read_heads(path)]
    with opened(data_dir) as storage:
        found = run(storage.database, storage.codes, heads)
    if as_json:
        say_json(_as_json(found, heads))
    else:
        _say(found, heads)
    if found.findings:
        n = counted(len(found.findings), "place")
        raise CheckFailed(
            f"The records are not as they were written, in {n}.",
            hint="Keep the database as it is, and compare it with its backups.",
        )


@app.command("head", epilog=examples("brainlens log head --out heads.jsonl"))
def head_(
    out: Annotated[
        Path | None, typer.Option(help="A file to write; default stdout.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write signed statements of how far the records go, to be kept on another machine.

    With them, log verify finds records that were cut off the end.
    """
    from brainlens.server.moments import now_us
    from brainlens.server.records.head import Head, write_heads
    from brainlens.server.records.verify import verify as run

    with opened(data_dir) as storage:
        found = run(storage.database, storage.codes)
        if found.findings:
            # A head of such a chain would vouch for it.
            raise CheckFailed(
                "The records are not as they were written, so no head is signed.",
                hint="See where: brainlens log verify.",
            )
        heads = [Head.of(storage.codes.heads, end, now_us()) for end in found.ends]
    text = write_heads(heads)
    if out is None:
        sys.stdout.write(text)
    else:
        files.write_text(out, text)
        note(f"Wrote {counted(len(heads), 'head')} to {out}.")


@app.command(
    epilog=examples(
        "brainlens log export --since 7d --out records.jsonl",
        "brainlens log export --since 2026-01-31",
    )
)
def export(
    since: Annotated[
        str,
        typer.Option(help="A date, a time or an age: 2026-01-31, 12h, 7d.", metavar="WHEN"),
    ] = "1970-01-01",
    out: Annotated[
        Path | None, typer.Option(help="A file to write; default stdout.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write records and feedback as JSON, one record a line, oldest first."""
    from brainlens.server.moments import moment_us, now_us

    moment = moment_us(since, now=now_us())
    count = 0
    with opened(data_dir) as storage, _output(out) as write:
        for stored in storage.records.since(moment):
            write(json.dumps(stored.as_json(), ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    note(f"Exported {counted(count, 'record')}.")


@app.command(epilog=examples("brainlens log prune --before 365d"))
def prune(
    before: Annotated[
        str,
        typer.Option(help="A date, a time or an age: 2026-01-31, 52w, 365d.", metavar="WHEN"),
    ],
    data_dir: DataDir = None,
) -> None:
    """Delete old records and the feedback on them; a signed stub of each chain stays."""
    from brainlens.server.moments import iso, moment_us, now_us
    from brainlens.server.records.prune import prune as run

    now = now_us()
    moment = moment_us(before, now=now)
    with opened(data_dir) as storage:
        stubs = run(storage.database, storage.codes, before_us=moment, now_us=now)
    deleted = sum(stub.last_seq - stub.first_seq + 1 for stub in stubs)
    chains = counted(len(stubs), "chain")
    say(f"Deleted {counted(deleted, 'record')} of {chains}, made before {iso(moment)}.")


def _say(found: "Verification", heads: list["Head"]) -> None:
    from brainlens.server.records.verify import CANNOT_FIND

    for finding in found.findings:
        say(str(finding), style="red")
    say(
        f"{counted(found.n_records, 'record')} in {counted(len(found.ends), 'chain')}, "
        f"{found.n_pruned} pruned, {counted(found.n_feedback, 'conclusion')} on them, "
        f"checked against {counted(len(heads), 'head')}."
    )
    if not found.findings:
        say("All are as they were written.", style="green")
    say("This cannot find:")
    for sentence in CANNOT_FIND:
        say(f"- {sentence}")


def _as_json(found: "Verification", heads: list["Head"]) -> dict[str, object]:
    from brainlens.server.records.verify import CANNOT_FIND

    return {
        "ok": not found.findings,
        "n_records": found.n_records,
        "n_pruned": found.n_pruned,
        "n_feedback": found.n_feedback,
        "n_chains": len(found.ends),
        "n_heads": len(heads),
        "findings": [
            {"fault": f.fault, "writer": f.writer, "first": f.first, "last": f.last, "says": str(f)}
            for f in found.findings
        ],
        "cannot_find": list(CANNOT_FIND),
    }


@contextmanager
def _output(out: Path | None) -> Iterator[Callable[[str], object]]:
    """Give what writes to stdout, or to a file that takes its place when all is in it."""
    if out is None:
        yield sys.stdout.write
        return
    with files.writing(out) as file:
        yield lambda text: file.write(text.encode())
