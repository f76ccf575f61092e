"""The group of verbs: every error of every verb ends here."""

from typing import Any

import typer
from typer.core import TyperGroup

from brainlens.cli.console import note
from brainlens.cli.failure import BAD_INPUT, INTERRUPTED, report


class Verbs(TyperGroup):
    """Runs a verb and turns whatever it raises into one line and an exit status."""

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> Any:
        """Parse the options before the verb."""
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except Exception as error:
            raise _exit(error, self.name or "brainlens", debug=False) from error

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            note("Interrupted. The same command starts again.", style="red")
            raise typer.Exit(INTERRUPTED) from error
        except Exception as error:
            raise _exit(error, ctx.command_path, debug=bool(ctx.params.get("debug"))) from error


def _exit(error: Exception, command: str, *, debug: bool) -> typer.Exit:
    if isinstance(error, typer.Exit):
        return error
    # Usage errors come from the parser below Typer, which is click or a part of Typer, depending
    # on the version: known by what they can do.
    message = getattr(error, "format_message", None)
    if message is None:
        return typer.Exit(report(error, debug=debug))
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else command
    # Empty where no verb was given: the help was printed instead.
    if message():
        note(f"Error: {message()} See `{command} --help`.", style="red")
    return typer.Exit(BAD_INPUT)


def examples(*lines: str) -> str:
    """Return the end of a verb's help: examples, one a line."""
    return "\n\n".join(["Examples:", *(f"  {line}" for line in lines)])
