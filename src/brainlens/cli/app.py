"""``brainlens``: parses, calls one function, prints.

Exit statuses: 0 done; 1 a check failed (a leaky split, an accuracy below a wanted minimum); 2 bad
usage or input; 3 the service or a file system failed; 130 interrupted.
"""

from typing import Annotated

import typer

from brainlens.cli import (
    bundle,
    calibrate,
    compare,
    crossval,
    data,
    evaluate,
    export,
    gates,
    info,
    keys,
    log,
    monitor,
    predict,
    probe,
    serve,
    shortcuts,
    train,
    unknown,
)
from brainlens.cli.verbs import Verbs
from brainlens.words import DISCLAIMER

app = typer.Typer(
    name="brainlens",
    cls=Verbs,
    help="Train, evaluate and serve networks that tell tumour types apart in brain-MRI slices. "
    + DISCLAIMER,
    epilog="Exit status: 0 done, 1 a check failed, 2 bad usage or input, 3 a service or a file "
    "system failed.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came from.")
    ] = False,
) -> None:
    """Take the options that stand before the verb; ``debug`` is read by `Verbs`."""


app.command(epilog=train.EXAMPLES)(train.train)
app.command(epilog=export.EXAMPLES)(export.export)
app.command(epilog=calibrate.EXAMPLES)(calibrate.calibrate)
app.command(epilog=gates.EXAMPLES)(gates.gates)
app.command(epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(epilog=compare.EXAMPLES)(compare.compare)
app.command(epilog=crossval.EXAMPLES)(crossval.crossval)
app.command(epilog=unknown.EXAMPLES)(unknown.unknown)
app.command(epilog=shortcuts.EXAMPLES)(shortcuts.shortcuts)
app.command(epilog=predict.EXAMPLES)(predict.predict)
app.command(epilog=serve.EXAMPLES)(serve.serve)
app.command(epilog=probe.EXAMPLES)(probe.probe)
app.command(epilog=monitor.EXAMPLES)(monitor.monitor)
app.command(epilog=info.EXAMPLES)(info.info)
app.add_typer(bundle.app)
app.add_typer(data.app)
app.add_typer(keys.app)
app.add_typer(log.app)


def main() -> None:
    """Run the command line; ends the process with an exit status."""
    app()
