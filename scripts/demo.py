"""The whole path on synthetic images: draw, train, export, evaluate, serve, probe.

    python scripts/demo.py [--folder runs/demo]

It takes a few minutes on two cores. What is done already is not done again; remove the folder to
start anew. Every step is a command that can be typed.
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Sizes at which three epochs learn something within minutes; small steps in number make up for few
# slices, and augmentation would need more epochs.
SET = ("--slices", 1200, "--seed", 7, "--size", 64, "--layout", "folders")
TRAINING = ("--preset", "scaled", "--epochs", 3, "--size", 64, "--batch-size", 16, "--lr", 0.001)
READY = "BrainLens answers at "


def main() -> int:
    """Run every step; return the exit status of the first that fails, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("runs/demo"))
    folder = parser.parse_args().folder
    slices, run, bundle = folder / "slices", folder / "run", folder / "bundle"
    try:
        if not slices.exists():
            _step("data", "phantom", slices, *SET)
        _step("train", "--data", slices, "--out", run, *TRAINING, "--resume")
        if not bundle.exists():
            _step("export", run, "--out", bundle, "--name", "demonstration")
        _step("evaluate", bundle, "--data", slices, "--out", folder / "report")
        # What it keeps lies with the demonstration, not with what else its user serves.
        served = ("--bundle", f"demonstration={bundle}", "--data-dir", folder / "kept")
        with _service("serve", *served, "--port", 0) as url:
            _step("probe", slices / "test", "--url", url, "--threshold", 0.7)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def _command(*arguments: object) -> list[str]:
    """Return a command line, and show it as one would type it."""
    words = [str(argument) for argument in arguments]
    print(f"\n$ brainlens {shlex.join(words)}", flush=True)
    return [sys.executable, "-m", "brainlens", *words]


def _step(*arguments: object) -> None:
    subprocess.run(_command(*arguments), check=True)


@contextmanager
def _service(*arguments: object) -> Iterator[str]:
    """Run the service while the block runs; gives its URL."""
    command = _command(*arguments)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as service:
        try:
            yield _url(service, command)
        finally:
            service.terminate()


def _url(service: subprocess.Popen[str], command: list[str]) -> str:
    for line in service.stderr or ():
        print(line, end="", file=sys.stderr)
        if line.startswith(READY):
            return line.removeprefix(READY).split()[0]
    raise subprocess.CalledProcessError(service.wait(), command)


if __name__ == "__main__":
    sys.exit(main())
