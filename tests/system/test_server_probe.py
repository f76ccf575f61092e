"""The probe outlives the service it tests."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from brainlens.probe import probe

from ..server_process import ServerProcess, free_port

pytestmark = pytest.mark.system


@pytest.fixture
def images(tmp_path: Path, slice_png: Callable[..., bytes]) -> Path:
    """Return sixty images in three class folders."""
    for index, name in enumerate(("alpha", "beta", "gamma")):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for seed in range(20):
            (folder / f"{seed}.png").write_bytes(slice_png(index, seed=seed))
    return tmp_path / "images"


def test_service_killed_and_started_again_midway_loses_no_image(
    tiny_bundle: Path, tmp_path: Path, images: Path
) -> None:
    port = free_port()
    with ExitStack() as stack:

        def start() -> ServerProcess:
            return stack.enter_context(ServerProcess(tiny_bundle, tmp_path / "log", port=port))

        server = start().wait_until_ready()

        def restart(done: int, total: int) -> None:
            if done == 20:
                server.process.kill()
                server.process.wait(60)
                # Not waited for: the walk meets a service that is not there yet.
                start()

        report = probe(images, server.url, retries=60, progress=restart)

    assert report.sent == 60
    assert report.failed == {}
    assert report.repeats > 0
    assert report.figures.accuracy == 1.0


def test_service_gone_for_good_ends_in_a_report(
    tiny_bundle: Path, tmp_path: Path, images: Path
) -> None:
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port()) as server:
        server.wait_until_ready()

        def kill(done: int, total: int) -> None:
            if done == 10:
                server.process.kill()
                server.process.wait(60)

        report = probe(images, server.url, retries=3, workers=2, progress=kill)

    assert report.sent == 60
    assert set(report.failed) == {"connection_lost"}
    assert report.failed["connection_lost"] + report.figures.n == 60
    assert report.figures.accuracy == 1.0
