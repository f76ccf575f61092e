"""The command line run inside the test process, and small sets of images for it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainlens.cli.app import app


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The only line on stderr, which is an error."""
        (line,) = self.err.splitlines()
        assert line.startswith("Error: ")
        return line


Command = Callable[..., Said]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("BRAINLENS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BRAINLENS_DATA_DIR", str(tmp_path / "kept"))
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def brainlens() -> Command:
    """Return ``run(*arguments)``, the command line without its process."""

    def run(*arguments: object) -> Said:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def tiny_set(
    tmp_path: Path, slice_png: Callable[..., bytes], seen_png: bytes, ambiguous_png: bytes
) -> Path:
    """Return a folder of classes: the tiny bundle is right about four images, wrong about one.

    Of those it is right about, it is unsure of one and was trained on one. A sixth is damaged.
    """
    root = tmp_path / "set"
    contents = {
        "alpha/a1.png": slice_png(0, seed=11),
        "beta/seen.png": seen_png,
        "beta/unsure.png": ambiguous_png,
        "beta/wrong.png": slice_png(2, seed=12),
        "folder_gamma/g1.png": slice_png(2, seed=13),
        "folder_gamma/damaged.png": slice_png(2, seed=14)[:300],
    }
    for name, content in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root
