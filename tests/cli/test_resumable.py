import pytest
import typer

from brainlens.cli.resumable import resumable

from .conftest import Command


def test_an_interruption_is_one_line_and_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stopped, resumable("Say it again."):
        raise KeyboardInterrupt
    assert stopped.value.exit_code == 130
    assert capsys.readouterr().err == "Interrupted. Say it again.\n"


def test_an_exit_that_an_interruption_became_is_one_too() -> None:
    def trained() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise SystemExit(1)  # noqa: B904  # as Lightning does it

    with pytest.raises(typer.Exit), resumable():
        trained()


def test_any_other_exit_stays_what_it_is() -> None:
    with pytest.raises(SystemExit) as stopped, resumable():
        raise SystemExit(3)
    assert stopped.value.code == 3


@pytest.mark.parametrize("verb", ["unknown", "shortcuts"])
def test_the_help_of_the_verbs_shows_an_example(brainlens: Command, verb: str) -> None:
    assert f"brainlens {verb} --data" in " ".join(brainlens(verb, "--help").out.split())
