"""``brainlens keys``: who may use the service."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import counted, note, say, say_json, say_table
from brainlens.cli.kept import DataDir, opened
from brainlens.cli.verbs import examples

if TYPE_CHECKING:
    from brainlens.server.keys.key import ApiKey

app = typer.Typer(name="keys", help="Make, list and revoke API keys.", no_args_is_help=True)


class ScopeName(StrEnum):
    """The scopes of `brainlens.server.keys.scope`, whose import would slow every verb."""

    predict = "predict"
    read = "read"
    admin = "admin"


@app.command(
    epilog=examples(
        'brainlens keys create "ward 7" --scope predict --expires 90d',
        "brainlens keys create operator --scope admin",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="What to call it in lists.")],
    scope: Annotated[
        list[ScopeName] | None,
        typer.Option(
            help="predict: ask, and see one's own records. read: see all records. admin: all. May "
            "be repeated."
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: 12h, 90d, 52w. Default: never.", metavar="AGE"),
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Make a key and show it, this once.

    The first key closes the service to everybody who has none, on this machine too.
    """
    from brainlens.server.keys.scope import Scope
    from brainlens.server.moments import duration_s

    lifetime = None if expires is None else duration_s(expires)
    with opened(data_dir) as storage:
        first = not storage.keys.any()
        key, text = storage.keys.create(
            name, [Scope(s.value) for s in scope or ()], lifetime_s=lifetime
        )
    if as_json:
        say_json({**_as_json(key), "key": text})
        return
    say(text)
    note("This is the only time the key is shown: only a hash of it is kept.")
    if first:
        note("It is the first one: from now on the service asks everybody for a key.")


@app.command(name="list", epilog=examples("brainlens keys list", "brainlens keys list --json"))
def list_(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List all keys, without what would open the service."""
    from brainlens.server.moments import now_us

    with opened(data_dir) as storage:
        keys = storage.keys.list()
    if as_json:
        say_json([_as_json(key) for key in keys])
        return
    now = now_us()
    rows = [
        (
            key.name,
            key.key_id,
            " ".join(key.scopes),
            key.state(now),
            _day(key.created_us),
            _day(key.expires_us),
            _day(key.last_used_us),
        )
        for key in keys
    ]
    head = ("name", "id", "scopes", "state", "made", "expires", "last used")
    say_table(counted(len(rows), "key"), head, rows)


@app.command(epilog=examples('brainlens keys revoke "ward 7"'))
def revoke(
    key: Annotated[str, typer.Argument(help="Its name or id.")], data_dir: DataDir = None
) -> None:
    """Revoke a key: the next request with it is refused."""
    with opened(data_dir) as storage:
        revoked = storage.keys.revoke(key)
    say(f"Revoked {revoked.name} ({revoked.key_id}).")


def _day(moment_us: int | None) -> str:
    from brainlens.server.moments import iso

    return "–" if moment_us is None else iso(moment_us)[:16].replace("T", " ")


def _as_json(key: "ApiKey") -> dict[str, object]:
    from brainlens.server.moments import iso, now_us

    moments = {
        "created": key.created_us,
        "expires": key.expires_us,
        "revoked": key.revoked_us,
        "last_used": key.last_used_us,
    }
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "state": key.state(now_us()),
        **{name: None if value is None else iso(value) for name, value in moments.items()},
    }
