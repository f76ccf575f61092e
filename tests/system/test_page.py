"""The page as people meet it: in a real browser, before a real service."""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has none
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Request, expect

from brainlens.bundle.curves import Curves, ReliabilityRow, RiskRow
from brainlens.bundle.load import load_bundle
from brainlens.bundle.revise import revise
from brainlens.words import AID, NOT_A_DEVICE

from ..page_browser import browsing, drop, folder_of, open_page, row, settle, slide, upload
from ..server_process import ServerProcess, free_port

pytestmark = pytest.mark.system

Slice = Callable[..., bytes]
Pixels = NDArray[np.int64]
GATE = {"gate": "image_sanity", "max_aspect": 3.0, "max_colour": 0.1, "min_side": 48}
NUMBER = re.compile(r"^\d")


@pytest.fixture(scope="module")
def measured_bundle(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny bundle with a gate and curves: at 0.7 a tenth is wrong, from 0.9 nothing."""
    root = tmp_path_factory.mktemp("measured")
    bundle = revise(load_bundle(tiny_bundle), root / "gated", gates=(GATE,))
    risk = tuple(
        RiskRow(
            threshold=threshold,
            answer_rate=1 - threshold / 2,
            error=0.1 if threshold < 0.9 else 0.0,
            error_interval=(0.05, 0.2) if threshold < 0.9 else (0.0, 0.03),
        )
        for threshold in (0.0, 0.7, 0.8, 0.9)
    )
    curves = Curves(
        split="test",
        protocol="grouped",
        data="squares",
        n_slices=40,
        n_patients=8,
        decision_sha256=bundle.info.decision_sha256,
        risk=risk,
        reliability=(
            ReliabilityRow(confidence=0.75, accuracy=0.7, n=20),
            ReliabilityRow(confidence=0.95, accuracy=0.97, n=20),
        ),
        confusion=((10, 2, 0, 0), (1, 12, 0, 0), (0, 0, 14, 1)),
    )
    return revise(bundle, root / "bundle", curves=(curves,)).path


@pytest.fixture(scope="module")
def service(
    measured_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """Return a running service."""
    folder = tmp_path_factory.mktemp("service")
    with ServerProcess(
        measured_bundle, folder / "log", port=free_port(), data_dir=folder / "data"
    ) as server:
        yield server.wait_until_ready()


@pytest.fixture
def page(chromium: str, service: ServerProcess) -> Iterator[Page]:
    """Return the page, open."""
    with browsing(chromium, viewport={"width": 1400, "height": 900}) as tab:
        open_page(tab, service.url)
        yield tab


def blend(share: float) -> bytes:
    """Return an image whose confidence grows with ``share``: from two classes alike to one."""
    pixels = np.zeros((64, 64), dtype=np.uint8)
    pixels[:32, :32] = 230
    pixels[:32, 32:] = round(230 * (1 - share))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def accessible(page: Page) -> None:
    found = Axe().run(page)
    rules = [(v["id"], [n["target"] for n in v["nodes"]]) for v in found.response["violations"]]
    assert rules == []


def test_three_dropped_files_of_which_two_are_no_slices(page: Page, slice_png: Slice) -> None:
    good = slice_png(0)
    drop(page, {"good.png": good, "damaged.png": good[:200], "notes.txt": b"no image at all"})

    expect(row(page, "good.png")).to_have_attribute("data-status", "answered")
    expect(row(page, "damaged.png")).to_contain_text("damaged or cut short")
    expect(row(page, "notes.txt")).to_contain_text("no image that can be read")
    expect(page.locator("#counts")).to_have_text("3 images: 1 answered, 0 abstained, 2 failed.")
    row(page, "good.png").click()
    expect(page.locator("#answer .sentence")).to_contain_text(
        "Among its three classes the model's output is highest for Alpha"
    )
    row(page, "damaged.png").click()
    expect(page.locator("#answer")).not_to_contain_text("Alpha")


def test_rejected_image_shows_no_class(page: Page, slice_png: Slice) -> None:
    line = io.BytesIO()
    Image.new("L", (200, 20)).save(line, "PNG")
    drop(page, {"line.png": line.getvalue(), "good.png": slice_png(0)})
    settle(page, 2)
    row(page, "line.png").click()

    expect(page.locator("#answer h2")).to_have_text("Rejected")
    expect(page.locator("#answer .sentence")).to_have_text(
        "The image was rejected, so no class is named. "
        "The image does not look like an MR slice of a brain."
    )
    expect(page.locator("#answer .bars")).to_have_count(0)
    expect(page.locator("#heat")).to_be_hidden()
    expect(row(page, "line.png").locator("td.col-class")).to_be_empty()
    expect(row(page, "line.png").locator("td.col-confidence")).to_be_empty()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for place in ("#answer", "#print figure"):
        expect(page.locator(place)).not_to_contain_text("Alpha")
    page.click("[data-filter=rejected]")
    expect(page.locator("table.batch tbody tr")).to_have_count(1)


def test_table_is_sorted_and_searched(page: Page) -> None:
    drop(page, {f"{share:.2f}.png": blend(share) for share in (0.3, 1.0, 0.6)})
    settle(page, 3)
    names = page.locator("table.batch .open")
    expect(names).to_have_text(["0.30.png", "0.60.png", "1.00.png"])
    head = page.locator("th.col-confidence")

    head.locator("button").click()
    head.locator("button").click()

    expect(head).to_have_attribute("aria-sort", "descending")
    expect(names).to_have_text(["1.00.png", "0.60.png", "0.30.png"])
    page.fill("#search", "0.6")
    expect(names).to_have_text(["0.60.png"])


def test_first_view_is_small(chromium: str, service: ServerProcess) -> None:
    with browsing(chromium, viewport={"width": 1400, "height": 900}) as tab:
        done: list[Request] = []
        tab.on("requestfinished", lambda request: done.append(request))
        open_page(tab, service.url)
        tab.wait_for_load_state("networkidle")
        sizes = [request.sizes() for request in done]

    assert len(done) > 30
    assert sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes) < 100_000


def test_two_sentences_stay_in_sight(page: Page, slice_png: Slice) -> None:
    for height in (900, 400):
        page.set_viewport_size({"width": 360, "height": height})
        drop(page, {"one.png": slice_png(0)})
        page.mouse.wheel(0, 5000)
        for sentence in (AID, NOT_A_DEVICE):
            expect(page.get_by_text(sentence)).to_be_in_viewport(ratio=1)


def test_threshold_sorts_the_batch_anew_and_says_what_was_measured(page: Page) -> None:
    drop(page, {f"{share:.2f}.png": blend(share) for share in (0.0, 0.2, 0.3, 0.6, 1.0)})
    settle(page, 5)
    answered = page.locator("tr[data-status=answered]")
    before = answered.count()
    expect(page.locator("#measured")).to_contain_text("10.0% of the answers were wrong")
    expect(page.locator("#measured")).to_contain_text("5.0% to 20.0%")
    expect(page.locator("#measured")).to_contain_text("40 test slices of 8 patients of “squares”")

    slide(page, "#threshold", 0.95)

    expect(page.locator("#measured")).to_contain_text("0.0% of the answers were wrong")
    shown = page.locator("td.col-confidence").all_inner_texts()
    shares = [float(text.strip("<> %")) for text in shown]
    expect(answered).to_have_count(sum(share >= 95 for share in shares))
    assert 0 < answered.count() < before
    slide(page, "#threshold", 0.7)
    expect(answered).to_have_count(before)
    # No threshold below the model's own can be had.
    assert page.locator("#threshold").get_attribute("min") == "0.7"


def test_language_can_be_switched_and_is_remembered(page: Page, slice_png: Slice) -> None:
    drop(page, {"one.png": slice_png(0)})
    expect(page.locator("#answer h2")).to_have_text("Answered")

    slide(page, "#threshold", 0.8)
    page.click("#theme")
    page.click("[data-language=fr]")

    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#answer h2")).to_have_text("Réponse")
    expect(page.locator("#answer .sentence")).to_contain_text("Alpha (fr)")
    expect(page.locator("#tab-model")).to_have_text("Modèle")
    page.reload()
    expect(page.locator("#tab-model")).to_have_text("Modèle")
    stored = page.evaluate("Object.entries(localStorage).sort()")
    assert [name for name, _ in stored] == [
        "brainlens.language",
        "brainlens.theme",
        "brainlens.threshold",
    ]


def test_french_browser_is_spoken_to_in_french(chromium: str, service: ServerProcess) -> None:
    with browsing(chromium, locale="fr-CA") as tab:
        open_page(tab, service.url)
        expect(tab.locator("#drop h2")).to_have_text("Déposez des coupes IRM ici")
        expect(tab.locator("h1")).to_contain_text("Ce qu'un modèle voit")


def test_heat_map_is_hottest_where_the_service_says(
    page: Page, service: ServerProcess, slice_png: Slice
) -> None:
    image = slice_png(1, side=120)
    told = httpx.post(
        f"{service.url}/predict?explain=true", content=image, trust_env=False, timeout=60
    ).json()["explanation"]
    drop(page, {"one.png": image})
    frame = page.locator("#frame")
    expect(frame).to_have_attribute("data-peak", ",".join(map(str, told["peak"])))
    expect(frame).to_have_attribute("data-peak-at", NUMBER)
    page.wait_for_timeout(300)
    with_heat = pixels_of(page)
    x, y = (float(part) for part in str(frame.get_attribute("data-peak-at")).split(","))
    page.locator("#heat input[value=off]").check()
    expect(frame).to_have_attribute("data-peak", "")
    page.wait_for_timeout(300)
    without = pixels_of(page)

    box = frame.bounding_box()
    assert box
    side = min(box["width"], box["height"])
    left, top = (box["width"] - side) / 2, (box["height"] - side) / 2
    assert x == pytest.approx(left + (told["peak"][0] + 0.5) * side / 120, abs=1)
    assert y == pytest.approx(top + (told["peak"][1] + 0.5) * side / 120, abs=1)
    # The colours lie where the service's own map is hot, and nowhere else.
    change = np.abs(with_heat - without).sum(axis=2)
    heat = Image.open(io.BytesIO(base64.b64decode(told["map_png"])))
    wanted = np.zeros(change.shape)
    drawn = heat.convert("L").resize((round(side), round(side)), Image.Resampling.BILINEAR)
    wanted[round(top) : round(top) + round(side), round(left) : round(left) + round(side)] = drawn
    mark = (np.hypot(*np.indices(change.shape) - np.array([y, x])[:, None, None])) < 22
    assert np.quantile(change[(wanted > 200) & ~mark], 0.01) > 30
    assert change[(wanted == 0) & ~mark].max() <= 6


def pixels_of(page: Page) -> Pixels:
    """Return what the viewer draws, over black."""
    told = page.locator("#frame canvas").evaluate("canvas => canvas.toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(told.split(",")[1])))
    black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    black.alpha_composite(picture.convert("RGBA"))
    return np.asarray(black.convert("RGB")).astype(np.int64)


def test_mouse_sets_the_window_and_the_wheel_zooms(page: Page, slice_png: Slice) -> None:
    drop(page, {"one.png": slice_png(0)})
    frame = page.locator("#frame")
    expect(frame).to_have_attribute("data-zoom", "1.00")
    window = str(frame.get_attribute("data-window"))
    box = frame.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 80, y + 40, steps=4)
    page.mouse.up()
    expect(frame).not_to_have_attribute("data-window", window)
    page.mouse.wheel(0, -600)
    expect(frame).not_to_have_attribute("data-zoom", "1.00")
    page.mouse.dblclick(x, y)

    expect(frame).to_have_attribute("data-zoom", "1.00")
    expect(frame).to_have_attribute("data-window", window)


def test_everything_by_keyboard_alone(page: Page, slice_png: Slice, tmp_path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        tab_to(page, "Choose images")
        page.keyboard.press("Enter")
    chooser.value.set_files([upload(f"{i}.png", slice_png(i)) for i in range(3)])
    expect(page.locator("tr[data-status=answered]")).to_have_count(3)

    tab_to(page, "0.png")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#answer .sentence")).to_contain_text("Beta")
    page.keyboard.press("End")
    expect(page.locator("#answer .sentence")).to_contain_text("Gamma")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_be_focused()
    tab_to(page, "", id_="threshold")
    page.keyboard.press("End")
    expect(page.locator("#threshold")).to_have_value("0.99")
    tab_to(page, "", id_="frame")
    page.keyboard.press("+")
    expect(page.locator("#frame")).to_have_attribute("data-zoom", "1.25")
    page.keyboard.press("0")
    expect(page.locator("#frame")).to_have_attribute("data-zoom", "1.00")
    tab_to(page, "CSV")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "brainlens.csv"
    tab_to(page, "Images")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#view-model h1")).to_contain_text("tiny")


def focused(page: Page) -> tuple[str, str]:
    """Return text and id of what has the focus."""
    text, id_ = page.evaluate(
        "[document.activeElement.textContent.trim(), document.activeElement.id]"
    )
    return str(text), str(id_)


def tab_to(page: Page, text: str, *, id_: str | None = None) -> None:
    """Press Tab until the element of that text, or id, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        found = focused(page)
        if (found[1] == id_) if id_ is not None else (found[0] == text):
            return
    pytest.fail(f"{text} cannot be reached with Tab")


def test_folder_names_give_the_truth(page: Page, slice_png: Slice, tmp_path: Path) -> None:
    root = folder_of(
        tmp_path / "set",
        {
            "alpha/1.png": slice_png(0),
            "folder_beta/2.png": slice_png(1),
            "gamma/wrong.png": slice_png(0, seed=5),
            "gamma/.hidden": b"x",
        },
    )
    page.set_input_files("#folder", root)

    expect(page.locator("#counts")).to_contain_text("3 images: 3 answered")
    expect(page.locator(".notes")).to_contain_text("2 of 3 answers are right")
    expect(page.locator(".notes")).to_contain_text("“folder_beta” was taken for Beta")
    page.click("[data-filter=wrong]")
    expect(page.locator("table.batch tbody tr")).to_have_count(1)
    expect(page.locator("table.batch tbody tr")).to_contain_text("wrong.png")


def test_batch_can_be_downloaded(page: Page, slice_png: Slice) -> None:
    drop(page, {"one.png": slice_png(0), "bad.png": b"nothing"})
    settle(page, 2)
    with page.expect_download() as csv:
        page.click("#batch-csv")
    with page.expect_download() as told:
        page.click("#batch-json")

    lines = csv.value.path().read_text().splitlines()
    assert lines[0].startswith("path,label,status,reasons,predicted_class,confidence")
    assert "not-an-image" in lines[1] + lines[2]
    content = json.loads(told.value.path().read_text())
    assert content["disclaimer"] == f"{AID} {NOT_A_DEVICE}"
    assert {one["path"] for one in content["images"]} == {"one.png", "bad.png"}


def test_examples_are_marked_synthetic(page: Page) -> None:
    page.click(".example >> nth=0")

    expect(row(page, "example-1.webp")).to_contain_text("synthetic")
    expect(page.locator("#answer")).to_contain_text("SYNTHETIC")


def pages_of(sheet: bytes) -> int:
    """Return how many pages a PDF has."""
    return len(re.findall(rb"/Type /Page\s", sheet))


def test_summary_fits_on_one_sheet(page: Page, slice_png: Slice) -> None:
    drop(page, {f"{i:02}.png": slice_png(i % 3, seed=i) for i in range(30)})
    settle(page, 30)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    sheet = page.pdf(format="A4")

    assert pages_of(sheet) == 1
    page.emulate_media(media="print")
    expect(page.locator("#print")).to_contain_text(NOT_A_DEVICE)
    expect(page.locator("#print")).to_contain_text("And 16 more images")


def test_summary_of_long_names_and_reasons_fits_on_one_sheet_too(
    page: Page, slice_png: Slice
) -> None:
    page.click("[data-language=fr]")
    name = "an image that somebody exported under a name that goes on and on " * 3
    drop(page, {f"{i} {name}.png": slice_png(0)[:150] for i in range(17)} | {"ok": slice_png(0)})
    settle(page, 18)
    row(page, "ok").click()
    expect(page.locator("#frame")).to_have_attribute("data-peak-at", NUMBER)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    sheet = page.pdf(format="A4")

    assert pages_of(sheet) == 1
    assert page.locator("#print canvas").evaluate("one => one.width === one.height")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    chromium: str, service: ServerProcess, slice_png: Slice, theme: str
) -> None:
    with browsing(chromium, color_scheme=theme, viewport={"width": 1400, "height": 900}) as tab:
        open_page(tab, service.url)
        accessible(tab)
        drop(tab, {"one.png": slice_png(0), "bad.png": b"nothing", "two.png": blend(0.1)})
        settle(tab, 3)
        for name in ("one.png", "bad.png", "two.png"):
            row(tab, name).click()
            expect(tab.locator("#answer .file-name")).to_have_text(name)
            if name != "bad.png":
                expect(tab.locator("#frame")).to_have_attribute("data-peak-at", NUMBER)
            accessible(tab)
        tab.set_viewport_size({"width": 360, "height": 780})
        accessible(tab)
        tab.click("#tab-model")
        expect(tab.locator("#confusion")).to_be_visible()
        tab.click("#card > summary")
        accessible(tab)


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_overflows_at_any_width(page: Page, slice_png: Slice, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    drop(page, {"a rather long name of an image that somebody exported.png": slice_png(0)})
    expect(page.locator("tr[data-status=answered]")).to_have_count(1)
    for tab in ("#tab-images", "#tab-model"):
        page.click(tab)
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_model_tab_shows_what_was_measured(page: Page) -> None:
    page.click("#tab-model")

    expect(page.locator("#risk-plot")).to_contain_text("10.0% wrong")
    expect(page.locator("#reliability-plot circle.point")).to_have_count(2)
    expect(page.locator("#confusion tbody tr")).to_have_count(3)
    expect(page.locator("#training")).to_contain_text("drawn by the tests")
    expect(page.locator("#use")).to_contain_text("must not be used for")


def test_16_bit_slice_keeps_its_levels(page: Page) -> None:
    levels = np.full((64, 64), 1000, dtype=np.uint16)
    levels[:32, :32] = 1100
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    drop(page, {"deep.png": buffer.getvalue()})

    expect(page.locator("#frame")).to_have_attribute("data-window", "100/1050")


def test_file_that_the_browser_cannot_read_is_shown_as_the_service_draws_it(
    page: Page, slice_png: Slice
) -> None:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(slice_png(0))).save(buffer, "TIFF")
    drop(page, {"one.tif": buffer.getvalue()})

    expect(page.locator("#heat-caption")).to_contain_text("the service's own drawing")
    expect(page.locator("#opacity")).to_be_disabled()


def test_nothing_but_bytes_of_the_image_leaves_the_tab(page: Page, slice_png: Slice) -> None:
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    image = slice_png(0)
    drop(page, {"Jane Doe 1950.png": image})
    expect(page.locator("tr[data-status=answered]")).to_have_count(1)

    for request in sent:
        assert request.post_data_buffer == image
        assert "Jane" not in request.url + json.dumps(request.headers)
