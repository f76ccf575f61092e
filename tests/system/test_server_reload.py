"""SIGHUP loads the configured bundles again, under load, and loses no request."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from brainlens.bundle.load import load_bundle
from brainlens.bundle.schema import GRAPH, BundleInfo
from brainlens.bundle.write import write_bundle

from ..clients import Clients
from ..server_process import ServerProcess, free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
]


@pytest.fixture(autouse=True)
def hangups_heard() -> Iterator[None]:
    """Let the service hear SIGHUP where these tests were started with nohup: it inherits that."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def wait_for_event(server: ServerProcess, event: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while sum(line["event"] == event for line in server.log_lines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_new_bundle_serves_and_a_bad_one_does_not(
    tiny_bundle: Path,
    tiny_info: BundleInfo,
    tiny_files: dict[str, bytes],
    tmp_path: Path,
    slice_png: Callable[..., bytes],
) -> None:
    served = tmp_path / "served"
    served.symlink_to(tiny_bundle)
    cooler = tiny_info.model_copy(update={"version": "0.0.2", "temperature": 2.0})
    new = write_bundle(tmp_path / "new", cooler, tiny_files)
    shutil.copytree(tmp_path / "new", tmp_path / "damaged")
    (tmp_path / "damaged" / GRAPH).write_bytes(b"damaged")

    def change_to(bundle: Path) -> None:
        # As a deployment would: one step, so that nobody sees half of it.
        (tmp_path / "next").symlink_to(bundle)
        (tmp_path / "next").rename(served)

    images = [slice_png(n % 3, seed=n) for n in range(4)]
    log = tmp_path / "log"
    with ServerProcess(served, log, port=free_port(), rate_limit=0) as server:
        server.wait_until_ready()

        def serving() -> str:
            state = httpx.get(server.url, trust_env=False).json()
            return str(state["models"][0]["decision_sha256"])

        before = serving()
        with Clients(server.url, images) as clients:
            clients.wait_for_more("200", 10)
            for round_ in range(1, 6):
                change_to(tmp_path / "damaged")
                server.process.send_signal(signal.SIGHUP)
                wait_for_event(server, "model_refused", round_)
                change_to((tmp_path / "new", tiny_bundle)[round_ % 2 == 0])
                server.process.send_signal(signal.SIGHUP)
                wait_for_event(server, "model_swapped", round_)
                clients.wait_for_more("200", 10)
        after = serving()
        assert server.process.poll() is None

    assert before == load_bundle(tiny_bundle).info.decision_sha256
    assert after == load_bundle(tmp_path / "new").info.decision_sha256 == new.decision_sha256
    assert set(clients.told) == {"200"}
    assert not clients.broken
