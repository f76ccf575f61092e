"""``brainlens serve``: the HTTP service."""

from pathlib import Path
from typing import Annotated

import typer

from brainlens.cli.console import note
from brainlens.cli.kept import DataDir
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError
from brainlens.words import DISCLAIMER

EXAMPLES = examples(
    "brainlens serve",
    "brainlens serve --bundle first=bundles/first --bundle second=second.zip --port 8001",
    "curl -F file=@slice.png http://127.0.0.1:8000/predict",
)


def serve(
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            help="A bundle and the name it answers under; may be repeated. Default: the bundles "
            "that ship with BrainLens.",
            metavar="NAME=PATH",
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on. Default 127.0.0.1; others need keys first."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Default 8000; 0 lets the system choose.")
    ] = None,
    default_model: Annotated[
        str | None, typer.Option(help="Which answers where a request names none.", metavar="NAME")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Raises the confidence from which models answer.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Images at a time; default one a core.")
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host name it is reached by, besides those of loopback; may be repeated.",
            metavar="NAME",
        ),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="A proxy whose word on who asks is believed: an address or a network; may be "
            "repeated.",
            metavar="ADDRESS",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(
            help="Certificate, in PEM, with its chain: the service then speaks HTTPS.",
            metavar="FILE",
        ),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="The certificate's key, in PEM.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve predictions over HTTP until Ctrl+C.

    Every setting has a variable too, for instance BRAINLENS_PORT; an option wins over it.
    """
    from brainlens.server.serve import serve as run_service
    from brainlens.server.settings import load_settings

    settings = load_settings(
        bundles=_bundles(bundle) if bundle else None,
        host=host,
        port=port,
        default_model=default_model,
        threshold=threshold,
        workers=workers,
        allowed_hosts=allowed_host or None,
        trusted_proxies=trusted_proxy or None,
        tls_cert=tls_cert,
        tls_key=tls_key,
        data_dir=data_dir,
    )
    run_service(settings, _ready)


def _ready(url: str, needs_keys: bool) -> None:
    note(f"BrainLens answers at {url} and describes itself at {url}/docs. Ctrl+C ends it.")
    if needs_keys:
        note("It asks for an API key (brainlens keys list) or, where an issuer is set, a token.")
    else:
        note(
            "It has no API keys, so it answers this machine alone, without asking who is there. "
            "Others need keys: brainlens keys create NAME --scope predict."
        )
    note(DISCLAIMER, style="dim")


def _bundles(pairs: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for pair in pairs:
        name, separator, path = pair.partition("=")
        if not (separator and name and path):
            raise UsageError(
                f"--bundle {pair} is not NAME=PATH.", hint=f"For instance --bundle mine={pair}."
            )
        if name in found:
            raise UsageError(f"--bundle names {name} twice.", hint="Give each its own name.")
        found[name] = Path(path)
    return found
