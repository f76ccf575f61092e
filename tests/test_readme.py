"""The commands of the README, run in the order in which a reader meets them.

Each fenced block follows a comment that says what becomes of it here: ``run`` (with ``exit N``
where failing is the point), ``server`` (started, and kept for what follows), ``output`` (what the
block before printed), or ``not run here`` with the test that does. Commands in the right column of
the table about the original project run too.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)```", re.S)
TABLE = re.compile(r"<!-- run: table -->\n(?P<rows>(?:\|.*\n)+)")
COMMAND = re.compile(r"`((?:brainlens|curl|make|pip) [^`]*)`")


@dataclass(frozen=True)
class Block:
    mark: str
    language: str
    code: str


def blocks(readme: str) -> list[Block]:
    text = (ROOT / readme).read_text("utf-8")
    return [Block(m["mark"] or "", m["language"], m["code"]) for m in FENCE.finditer(text)]


def table_commands(readme: str) -> list[str]:
    match = TABLE.search((ROOT / readme).read_text("utf-8"))
    assert match is not None, f"{readme} has no table about the original project"
    rows = match["rows"].splitlines()[2:]
    commands = [COMMAND.findall(row.split("|")[-2]) for row in rows]
    assert all(commands), f"a row without a command in {readme}"
    return [command for row in commands for command in row]


@pytest.mark.parametrize("readme", ["README.md", "README.fr.md"])
def test_every_block_says_what_becomes_of_it(readme: str) -> None:
    known = re.compile(r"run(: (exit \d|server|background))?|output|not run here: .+")
    for block in blocks(readme):
        assert known.fullmatch(block.mark), f"{readme}: mark {block.mark!r} before {block.code!r}"


def test_both_languages_show_the_same_commands() -> None:
    english, french = blocks("README.md"), blocks("README.fr.md")
    assert [b for b in english if b.mark != "output"] == [b for b in french if b.mark != "output"]
    assert table_commands("README.md") == table_commands("README.fr.md")


def test_a_test_that_runs_a_block_elsewhere_exists() -> None:
    for block in blocks("README.md"):
        if block.mark.startswith("not run here"):
            for path in re.findall(r"tests/[\w/]+\.py", block.mark):
                assert (ROOT / path).exists(), path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Reader:
    """Somebody at a shell, in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        scripts = sysconfig.get_path("scripts")
        self.environment = os.environ | {
            "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
            "BRAINLENS_PORT": str(self.port),
            "COLUMNS": "100",
            "BRAINLENS_DATA_DIR": str(folder / "kept"),
        }
        self.server: subprocess.Popen[bytes] | None = None

    def _here(self, code: str) -> str:
        return code.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")

    def run(self, code: str, wanted: int = 0) -> str:
        process = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._here(code)],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        said = f"$ {code}\n{process.stdout}{process.stderr}"
        assert process.returncode == wanted, said
        assert "Traceback" not in said
        return process.stdout + process.stderr

    def run_file(self, code: str, name: str, *command: str) -> None:
        (self.folder / name).write_text(self._here(code), "utf-8")
        self.run(" ".join([*command, name]))

    def serve(self, code: str) -> None:
        self.stop()
        command = code.strip()
        assert command.startswith("brainlens serve")
        self.server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(600):
            assert self.server.poll() is None, f"{command} ended"
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the service did not answer")

    def stop(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(30)
            self.server = None


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    someone = Reader(folder)
    try:
        yield someone
    finally:
        someone.stop()


def follow(someone: Reader, block: Block) -> None:
    if block.mark == "run: server":
        someone.serve(block.code)
    elif block.language == "python":
        someone.run_file(block.code, "block.py", sys.executable, "-W", "error")
    elif block.language == "javascript":
        someone.run_file(block.code, "block.mjs", "node")
    else:
        wanted = re.fullmatch(r"run: exit (\d)", block.mark)
        someone.run(block.code, int(wanted[1]) if wanted else 0)


def test_a_reader_can_follow_it(tmp_path: Path) -> None:
    if shutil.which("node") is None and not os.environ.get("CI"):
        pytest.skip("node is not installed: the JavaScript client cannot be run")
    with reader(tmp_path) as someone:
        for block in blocks("README.md"):
            if block.mark.startswith("run"):
                follow(someone, block)
        for command in table_commands("README.md"):
            if command.startswith("brainlens serve"):
                someone.serve(command)
            elif not command.startswith(("make", "pip")):
                someone.run(command)
