import re
import runpy
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from brainlens.cli.verbs import Verbs
from brainlens.errors import (
    BelowMinimum,
    BrainLensError,
    LeakySplit,
    ManifestError,
    MissingExtra,
    ServiceUnavailable,
    StorageError,
)
from brainlens.words import DISCLAIMER

from .conftest import Command

VERBS = (
    "train",
    "export",
    "evaluate",
    "predict",
    "serve",
    "probe",
    "info",
    "data import-cheng",
    "data phantom",
    "data split",
)


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_shows_an_example(brainlens: Command, verb: str) -> None:
    said = brainlens(*verb.split(), "--help")
    assert said.status == 0
    assert re.search(rf"Examples:.*\bbrainlens {verb}\b", _flat(said.out))


def test_the_help_names_every_verb_and_says_what_it_is_not(brainlens: Command) -> None:
    said = brainlens("--help")
    for verb in VERBS:
        assert verb.split()[0] in said.out
    assert "Not a medical device" in _flat(said.out)


def test_no_verb_shows_the_help_and_is_bad_usage(brainlens: Command) -> None:
    said = brainlens()
    assert said.status == 2
    assert "predict" in said.out + said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command"),
        (["--nonsense"], "No such option"),
        (["predict"], "Missing argument"),
        (["predict", "a.png", "--threshold", "2"], "--threshold"),
        (["data", "split", "x"], "Missing option"),
    ],
)
def test_bad_usage_is_one_line_that_names_the_help(
    brainlens: Command, arguments: list[str], words: str
) -> None:
    said = brainlens(*arguments)
    assert said.status == 2
    assert words in said.error
    assert "--help" in said.error


def _app_that_raises(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=Verbs, pretty_exceptions_enable=False)

    @app.callback()
    def options(debug: bool = False) -> None:
        pass

    @app.command()
    def verb() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LeakySplit("It leaks.", hint="Split it."), 1),
        (BelowMinimum("Too low."), 1),
        (ManifestError("Row 3."), 2),
        (MissingExtra("No torch."), 2),
        (ServiceUnavailable("Gone."), 3),
        (StorageError("Full."), 3),
        (BrainLensError("Something."), 3),
    ],
)
def test_errors_become_a_line_and_a_status(error: BrainLensError, status: int) -> None:
    result = CliRunner().invoke(_app_that_raises(error), ["verb"])
    assert result.exit_code == status
    assert result.stderr == f"Error: {error}\n"


def test_a_long_error_with_brackets_stays_one_line_as_it_is() -> None:
    error = ManifestError("[red]" + "long " * 60, hint="end")
    result = CliRunner().invoke(_app_that_raises(error), ["verb"])
    assert result.stderr == f"Error: {error}\n"


def test_an_error_that_quotes_lines_stays_one_line() -> None:
    result = CliRunner().invoke(_app_that_raises(ManifestError("a\n  b", hint="c")), ["verb"])
    assert result.stderr == "Error: a b c\n"


def test_a_file_system_error_names_the_file() -> None:
    error = PermissionError(13, "Permission denied", "/x/y")
    result = CliRunner().invoke(_app_that_raises(error), ["verb"])
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: /x/y: Permission denied.")


def test_an_error_nobody_foresaw_is_called_a_bug_and_shown_on_request() -> None:
    app = _app_that_raises(ZeroDivisionError("first\nsecond"))
    result = CliRunner().invoke(app, ["verb"])
    assert result.exit_code == 3
    assert "ZeroDivisionError: first. This is a bug" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in CliRunner().invoke(app, ["--debug", "verb"]).stderr


def test_an_error_without_words_is_told_too() -> None:
    result = CliRunner().invoke(_app_that_raises(ValueError()), ["verb"])
    assert "ValueError: no message" in result.stderr


def test_ctrl_c_is_130() -> None:
    result = CliRunner().invoke(_app_that_raises(KeyboardInterrupt()), ["verb"])
    assert result.exit_code == 130
    assert result.stderr == "Interrupted. The same command starts again.\n"


def test_the_module_runs_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["brainlens", "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("brainlens", run_name="__main__")
    assert stop.value.code == 0
    assert _flat(DISCLAIMER)[:20] in _flat(capsys.readouterr().out)


def test_the_help_needs_neither_torch_nor_the_service() -> None:
    code = (
        "import sys; from brainlens.cli.app import app; app(['--help'], standalone_mode=False); "
        "print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"torch", "onnxruntime", "fastapi", "numpy", "sklearn", "matplotlib"}


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    command = f"{sys.executable} -m brainlens info --json | true"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
