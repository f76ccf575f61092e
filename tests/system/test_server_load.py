"""A slow image does not delay the rest of the service."""

import io
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from ..server_process import ServerProcess, free_port

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def huge_png() -> bytes:
    """Return a PNG of nearly 40 megapixels, small enough to be accepted."""
    row = np.arange(6320, dtype=np.uint16).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.add.outer(row, row)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def test_state_answers_while_forty_megapixels_are_worked_on(
    tiny_bundle: Path, tmp_path: Path, huge_png: bytes
) -> None:
    statuses: list[int] = []
    done = threading.Event()
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port(), workers=2) as server:
        server.wait_until_ready()

        def predict() -> None:
            reply = httpx.post(server.url + "/predict", content=huge_png, timeout=300)
            statuses.append(reply.status_code)
            done.set()

        threads = [threading.Thread(target=predict) for _ in range(4)]
        for thread in threads:
            thread.start()
        during = 0
        with httpx.Client(base_url=server.url, timeout=300, trust_env=False) as client:
            while not done.is_set():
                assert client.get("/").status_code == 200
                # Counted only if it was over before the first of the predictions was.
                during += not done.is_set()
        for thread in threads:
            thread.join(300)
        order = [(line["route"], line["status"]) for line in server.log_lines()]

    assert statuses == [200] * 4
    assert during >= 10
    # The log tells the same: states were answered before the first prediction.
    first = order.index(("/predict", 200))
    assert order[:first].count(("/", 200)) >= 10
