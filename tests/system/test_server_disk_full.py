"""The disk of the records is full, and then has room again."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from brainlens.server.records.verify import verify
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..clients import Clients
from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform != "linux", reason="a small file system of Linux"),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the root of a file system of four mebibytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Return a file that takes all the room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                size = size if file.write(b"\0" * size) == size else size // 2
            except OSError:
                size //= 2
    return ballast


def test_nothing_is_answered_that_cannot_be_recorded(
    tiny_bundle: Path, tmp_path: Path, small_disk: Path, slice_png: Callable[..., bytes]
) -> None:
    kept = small_disk / "kept"
    given = {"data_dir": kept, "rate_limit": 0, "min_free_bytes": 65536}
    images = [slice_png(n % 3, seed=n) for n in range(4)]
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port(), **given) as server:
        server.wait_until_ready()

        def status(path: str) -> int:
            return httpx.get(server.url + path, trust_env=False).status_code

        with Clients(server.url, images) as clients:
            for _ in range(3):
                clients.wait_for_more("200", 20)
                ballast = fill(small_disk)
                clients.wait_for_more("database-failed", 20)
                answered = len(clients.answered)
                clients.wait_for_more("database-failed", 20)
                assert len(clients.answered) == answered
                assert status("/livez") == 200
                assert status("/readyz") == 503
                ballast.unlink()
            clients.wait_for_more("200", 20)
        deadline = time.monotonic() + 60
        while status("/readyz") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.process.poll() is None

    storage = Storage.open(Settings(data_dir=kept))
    found = verify(storage.database, storage.codes)
    recorded = {stored.record.prediction_id for stored in storage.records.since(0)}
    storage.close()
    assert found.findings == ()
    assert set(clients.answered) <= recorded
    assert set(clients.told) == {"200", "database-failed"}
    assert not clients.broken


def test_it_does_not_start_on_a_full_disk_and_says_why(
    tiny_bundle: Path, tmp_path: Path, small_disk: Path
) -> None:
    fill(small_disk)

    with ServerProcess(
        tiny_bundle, tmp_path / "log", port=free_port(), data_dir=small_disk / "kept"
    ) as server:
        assert server.process.wait(60) == 3
    said = (tmp_path / "log").read_text()
    assert "Traceback" not in said
    assert shutil.disk_usage(small_disk).free == 0
