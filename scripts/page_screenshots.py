"""Photograph every view of the page, in both languages and themes, of synthetic slices alone.

    python scripts/page_screenshots.py OUT

Starts a service on a free port, with the shipped bundles or those of BRAINLENS_BUNDLES. Needs the
packages playwright and, from the system, chromium (scripts/install-system-packages).
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

#: Name → width and height of the window.
SIZES: Final = {
    "phone": (360, 780),
    "tablet": (768, 1024),
    "wide": (1440, 900),
    "widest": (2560, 1440),
}
LANGUAGES: Final = ("en", "fr")
THEMES: Final = ("light", "dark")
#: No sandbox where it runs as root; no request of the browser's own accord.
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_START_S: Final = 60
NO_SLICES: Final[list[FilePayload]] = [
    {"name": "damaged.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" * 9},
    {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no image"},
]
EXAMPLES: Final = (4, 2, 3, 1, 6, 5)
_SETTLE_MS: Final = 300


@contextmanager
def service() -> Iterator[str]:
    """Yield the address of a service."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "brainlens", "serve", "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            command,
            env={**os.environ, "BRAINLENS_DATA_DIR": home, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            yield _ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()


def _ready(url: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url + "/livez", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    sys.exit("The service did not start.")


def _speckle() -> FilePayload:
    """Return an image that is no brain: gates reject it, where the bundle has any."""
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128), dtype=np.uint8)
    picture = io.BytesIO()
    Image.fromarray(pixels).save(picture, "PNG")
    return {"name": "speckle.png", "mimeType": "image/png", "buffer": picture.getvalue()}


def _answered(page: Page) -> None:
    for number in EXAMPLES:
        page.click(f".example[data-number='{number}']")
    expect(page.locator("tr[data-status]")).to_have_count(len(EXAMPLES))
    expect(page.locator("tr[data-status=waiting]")).to_have_count(0)
    page.wait_for_selector("#frame[data-peak-at]")


def _views(page: Page) -> Iterator[str]:
    """Bring each view in sight and yield its name."""
    page.wait_for_selector("#service[data-state=ready]")
    yield "start"
    _answered(page)
    yield "abstained"
    page.click("tr[data-status] >> nth=0")
    page.wait_for_selector("#answer[data-status=answered]")
    page.wait_for_selector("#frame[data-peak-at]")
    yield "answered"
    page.select_option("#model-choice", "demo")
    page.set_input_files("#files", [*NO_SLICES, _speckle()])
    expect(page.locator("tr[data-status=waiting]")).to_have_count(0)
    page.click("tr[data-status=failed] >> nth=0")
    yield "failed"
    page.click("tr:has-text('speckle')")
    page.wait_for_selector("#frame[data-window]")
    yield "speckle"
    page.click("#tab-model")
    page.wait_for_selector(".model-head .caution")
    yield "model-demo"
    page.select_option("#model-choice", "default")
    expect(page.locator(".model-head .caution")).to_have_count(0)
    yield "model"
    page.click("#card > summary")
    yield "card"


def _troubles(page: Page) -> Iterator[str]:
    """Bring in sight what is seen of a service that is away, or wants a key."""
    page.wait_for_selector("#service[data-state=ready]")
    page.route("**/*", lambda route: route.abort())
    page.set_input_files("#files", [_speckle()])
    page.wait_for_selector("#service[data-state=unreachable]")
    yield "unreachable"
    page.unroute_all()
    page.route(
        "**/predict*", lambda route: route.fulfill(status=401, json={}, headers={"Server": ""})
    )
    page.wait_for_selector("dialog[open]")
    yield "key"


def _photograph(browser: Browser, url: str, out: Path) -> None:
    for name, (width, height) in SIZES.items():
        for language in LANGUAGES:
            for theme in THEMES:
                for views in (_views, _troubles):
                    context = browser.new_context(
                        viewport={"width": width, "height": height},
                        locale=language,
                        color_scheme="dark" if theme == "dark" else "light",
                    )
                    page = context.new_page()
                    page.goto(url)
                    for view in views(page):
                        _shoot(page, out / f"{name}-{language}-{theme}-{view}.png", height)
                    context.close()


def _shoot(page: Page, path: Path, height: int) -> None:
    """Photograph a view; where it is higher than the window, what one sees first and all of it."""
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path)
    whole = page.evaluate("document.documentElement.scrollHeight")
    if whole <= height or page.locator("dialog[open]").count():
        return
    # A window as high as the page, so that what stays in sight does not lie over the middle.
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.set_viewport_size({"width": width, "height": whole})
    page.wait_for_timeout(_SETTLE_MS)
    page.screenshot(path=path.with_stem(f"{path.stem}-whole"))
    page.set_viewport_size({"width": width, "height": height})


def _print(browser: Browser, url: str, out: Path) -> None:
    for language in LANGUAGES:
        page = browser.new_page(locale=language)
        page.goto(url)
        page.wait_for_selector("#service[data-state=ready]")
        _answered(page)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.pdf(path=out / f"print-{language}.pdf", format="A4")
        page.close()


def main() -> None:
    """Photograph all of it."""
    parser = argparse.ArgumentParser(description="Photograph every view of the page.")
    parser.add_argument("out", type=Path, metavar="OUT")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or sys.exit("chromium is missing")
    with service() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        _photograph(browser, url, out)
        _print(browser, url, out)
        browser.close()
    sys.stdout.write(f"{len(list(out.iterdir()))} files in {out}\n")


if __name__ == "__main__":
    main()
