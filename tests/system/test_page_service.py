"""The page when the service wants a key, dies in the middle of a batch, and comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from brainlens.server.keys.scope import Scope
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..page_browser import browsing, drop, open_page
from ..server_process import ServerProcess, free_port

pytestmark = pytest.mark.system

Slice = Callable[..., bytes]


@pytest.fixture
def tab(chromium: str) -> Iterator[Page]:
    """Return an empty tab."""
    with browsing(chromium, viewport={"width": 1400, "height": 900}) as page:
        yield page


def new_key(data_dir: Path, scope: Scope) -> str:
    """Make a key of an installation and return its text."""
    storage = Storage.open(Settings(data_dir=data_dir))
    try:
        return storage.keys.create(f"for {scope}", [scope])[1]
    finally:
        storage.close()


def give_key(tab: Page, key: str) -> None:
    expect(tab.locator("dialog[open]")).to_be_visible()
    tab.fill("#key-input", key)
    tab.keyboard.press("Enter")


def test_wrong_key_is_said_to_be_wrong_and_a_right_one_goes_on(
    tab: Page, tiny_bundle: Path, tmp_path: Path, slice_png: Slice
) -> None:
    data_dir = tmp_path / "data"
    key = new_key(data_dir, Scope.PREDICT)
    reading = new_key(data_dir, Scope.READ)
    with ServerProcess(
        tiny_bundle, tmp_path / "log", port=free_port(), data_dir=data_dir
    ) as server:
        server.wait_until_ready()
        open_page(tab, server.url)
        drop(tab, {f"{i}.png": slice_png(i) for i in range(3)})
        expect(tab.locator("#key-wrong")).to_be_hidden()
        for wrong in ("bl_nonsense", reading):
            give_key(tab, wrong)
            expect(tab.locator("#key-wrong")).to_be_visible()
        assert tab.locator("tr[data-status=waiting]").count() == 3

        give_key(tab, key)

        expect(tab.locator("tr[data-status=answered]")).to_have_count(3)
        expect(tab.locator("#service[data-state=ready]")).to_be_visible()
        assert key not in str(tab.evaluate("JSON.stringify([localStorage, sessionStorage])"))
        assert key not in tab.evaluate("document.cookie + location.href")
        tab.reload()
        drop(tab, {"again.png": slice_png(0)})
        expect(tab.locator("dialog[open]")).to_be_visible()


def test_service_that_dies_in_mid_batch_costs_no_image(
    tab: Page, tiny_bundle: Path, tmp_path: Path, slice_png: Slice
) -> None:
    port = free_port()

    def serving() -> ServerProcess:
        return ServerProcess(
            tiny_bundle,
            tmp_path / "log",
            port=port,
            data_dir=tmp_path / "data",
            workers=1,
            queue_length=1,
        )

    with serving() as server:
        open_page(tab, server.wait_until_ready().url)
        drop(tab, {f"{i:03}.png": slice_png(i % 3, seed=i) for i in range(120)})
        expect(tab.locator("tr[data-status=answered]").nth(9)).to_be_visible()
        server.process.kill()
        server.process.wait(60)
        expect(tab.locator("#service[data-state=unreachable]")).to_be_visible()
        answered = tab.locator("tr[data-status=answered]").count()
        assert 10 <= answered < 120
        assert tab.locator("tr[data-status=failed]").count() == 0
        tab.locator("tr[data-status=waiting] >> nth=-1").click()
        expect(tab.locator("#answer")).to_contain_text("sent as soon as it is back")

    with serving() as server:
        server.wait_until_ready()

        expect(tab.locator("tr[data-status=answered]")).to_have_count(120)
        expect(tab.locator("#service[data-state=ready]")).to_be_visible()
        expect(tab.locator("#counts")).to_have_text("120 images: 120 answered, 0 abstained.")


def test_busy_service_is_said_to_be_busy(tab: Page, tiny_bundle: Path, tmp_path: Path) -> None:
    port = free_port()
    with ServerProcess(tiny_bundle, tmp_path / "log", port=port, data_dir=tmp_path) as server:
        open_page(tab, server.wait_until_ready().url)
        tab.route("**/readyz", lambda route: route.fulfill(status=503, json={}))
        tab.reload()
        expect(tab.locator("#service[data-state=busy]")).to_be_visible()
        tab.unroute_all()
        expect(tab.locator("#service[data-state=ready]")).to_be_visible()
