"""Photograph every view of the page, in both languages and themes, of synthetic slices alone.

    python scripts/page_screenshots.py OUT

Starts a service on a free port, with the shipped bundles or those of BRAINLENS_BUNDLES. Needs the
packages playwright and, from the system, chromium (scripts/install-system-packages).
"""

import argparse
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
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

#: Name → width and height of the window.
SIZES: Final = {"wide": (1440, 900), "phone": (360, 780)}
LANGUAGES: Final = ("en", "fr")
THEMES: Final = ("light", "dark")
#: No sandbox where it runs as root; no request of the browser's own accord.
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_START_S: Final = 60
NO_SLICES: Final[list[FilePayload]] = [
    {"name": "damaged.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" * 9},
    {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no image"},
]


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


def _answered(page: Page, examples: list[int]) -> None:
    for number in examples:
        page.click(f".example[data-number='{number}']")
    done = page.locator("tr[data-status=answered], tr[data-status=abstained]")
    expect(done).to_have_count(len(examples))
    page.wait_for_selector("#frame[data-peak-at]")


def _views(page: Page, whole: bool) -> Iterator[tuple[str, bool]]:
    """Bring each view in sight and yield its name, and whether all of it is to be photographed."""
    page.wait_for_selector("#service[data-state=ready]")
    yield "start", False
    _answered(page, [4, 2, 3, 1, 6, 5])
    yield "abstained", whole
    page.click("tr >> nth=1")
    page.wait_for_selector("#answer[data-status=answered]")
    page.wait_for_selector("#frame[data-peak-at]")
    yield "answered", whole
    page.set_input_files("#files", NO_SLICES)
    expect(page.locator("tr[data-status=failed]")).to_have_count(2)
    page.click("tr[data-status=failed] >> nth=0")
    yield "failed", whole
    page.click("#tab-model")
    page.wait_for_selector("#figures")
    yield "model", True
    page.select_option("#model-choice", "demo")
    page.wait_for_selector(".model-head .caution")
    yield "model-demo", True
    page.click("#card > summary")
    yield "card", False


def _photograph(browser: Browser, url: str, out: Path) -> None:
    for name, (width, height) in SIZES.items():
        for language in LANGUAGES:
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    locale=language,
                    color_scheme="dark" if theme == "dark" else "light",
                )
                page = context.new_page()
                page.goto(url)
                for view, whole in _views(page, whole=name == "phone"):
                    page.wait_for_timeout(300)
                    page.screenshot(
                        path=out / f"{name}-{language}-{theme}-{view}.png", full_page=whole
                    )
                context.close()


def _print(browser: Browser, url: str, out: Path) -> None:
    for language in LANGUAGES:
        page = browser.new_page(locale=language)
        page.goto(url)
        page.wait_for_selector("#service[data-state=ready]")
        _answered(page, [4, 2, 3, 1, 6, 5])
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
