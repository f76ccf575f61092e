"""A web page of another origin cannot use the service, whatever it tries."""

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..server_process import ServerProcess, free_port

pytestmark = pytest.mark.system

PAGE = """<!doctype html><title>waiting</title><body><script>
const url = "SERVICE";
const form = new FormData();
form.append("file", new Blob([new Uint8Array(2000)]), "x.png");
const tries = {
  read: () => fetch(url + "/"),
  blind: () => fetch(url + "/", {mode: "no-cors"}),
  form: () => fetch(url + "/predict", {method: "POST", body: form, mode: "no-cors"}),
  raw: () => fetch(url + "/predict", {method: "POST", body: "x",
    headers: {"Content-Type": "image/png"}}),
  image: () => new Promise((done, fail) => {
    const image = new Image(); image.onload = done; image.onerror = fail; image.src = url + "/"; }),
};
(async () => {
  for (const [name, attempt] of Object.entries(tries)) {
    let told;
    try { const reply = await attempt(); told = reply.type === "opaque" ? "opaque" : "READ"; }
    catch { told = "refused"; }
    document.body.append(`${name}=${told};`);
  }
  document.title = "done";
})();
</script>"""


@pytest.fixture
def service(tiny_bundle: Path, tmp_path: Path) -> Iterator[ServerProcess]:
    """Return a running service."""
    with ServerProcess(tiny_bundle, tmp_path / "log", port=free_port()) as server:
        yield server.wait_until_ready()


@pytest.fixture
def foreign_page(service: ServerProcess, tmp_path: Path) -> Iterator[str]:
    """Return the address of a page of another origin that tries to use the service."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text(PAGE.replace("SERVICE", service.url))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://localhost:{site.server_address[1]}/"
        site.shutdown()
        thread.join(60)


def page_after_loading(chromium: str, url: str, profile: Path) -> str:
    """Return the page's document once its scripts have run."""
    run = subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu"),
            *(f"--user-data-dir={profile}", "--virtual-time-budget=20000", "--dump-dom", url),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return run.stdout


def test_foreign_page_is_refused_everything(
    chromium: str, foreign_page: str, service: ServerProcess, tmp_path: Path
) -> None:
    page = page_after_loading(chromium, foreign_page, tmp_path / "profile")

    assert "READ" not in page.split("</script>")[1]
    for attempt in ("read", "raw", "image"):
        assert f"{attempt}=refused;" in page
    asked = [line for line in service.log_lines() if line["event"] == "request"]
    from_page = [line for line in asked if line["route"] != "/livez"]
    assert len(from_page) >= 4
    assert {line["status"] for line in from_page} == {403}


def test_own_page_is_shown(chromium: str, service: ServerProcess, tmp_path: Path) -> None:
    page = page_after_loading(chromium, service.url + "/docs", tmp_path / "profile")

    assert "<code>/predict</code>" in page
    assert "never replaces a qualified professional" in page
