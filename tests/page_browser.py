"""The page in a real browser: Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect, sync_playwright

#: No sandbox where it runs as root; no request of the browser's own accord.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
WAIT_MS = 60_000

expect.set_options(timeout=WAIT_MS)


@contextmanager
def browsing(chromium: str, **options: Any) -> Iterator[Page]:
    """Yield an empty tab that fails the test where a script fails or another host is asked."""
    asked: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:
            context = browser.new_context(**{"locale": "en-GB", **options})
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: failed.append(str(error)))
            page.on(
                "console",
                lambda m: failed.append(m.text) if "Content Security" in m.text else None,
            )
            yield page
        finally:
            browser.close()
    assert not failed
    assert all(url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:")) for url in asked)


def upload(name: str, content: bytes) -> FilePayload:
    """Return a file as the chooser takes it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def drop(page: Page, files: dict[str, bytes]) -> None:
    """Drop files on the page, as a person does with the mouse."""
    transfer = page.evaluate_handle(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, bytes] of Object.entries(files)) {
                transfer.items.add(new File([new Uint8Array(bytes)], name));
            }
            return transfer;
        }""",
        {name: list(content) for name, content in files.items()},
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#drop", event, {"dataTransfer": transfer})


def settle(page: Page, images: int) -> None:
    """Wait until so many images are in the batch and none of them waits for its answer."""
    # The rows come a moment after the drop: without them, none waits either.
    expect(page.locator("table.batch tr[data-status]")).to_have_count(images)
    expect(page.locator("tr[data-status=waiting]")).to_have_count(0)


def row(page: Page, name: str) -> Locator:
    """Return the row of an image."""
    return page.locator("table.batch tbody tr", has_text=name)


def slide(page: Page, selector: str, value: float) -> None:
    """Move a slider to a value."""
    page.locator(selector).fill(str(value))


def open_page(page: Page, url: str) -> None:
    """Open the page and wait until the service is known to answer."""
    page.goto(url)
    expect(page.locator("#service[data-state=ready]")).to_be_visible()


def folder_of(root: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder and return it."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root
