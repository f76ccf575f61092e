import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from datetime import date, timedelta

import numpy as np
import pytest

from brainlens.errors import MissingExtra
from brainlens.pipeline.monitor.page import page, remarks
from brainlens.pipeline.monitor.plots import DAYS, by_period, confidence_plot, distance_plot

from .stored import DAY_US, HASH, stored
from .test_drift import reference
from .test_monitoring import DAY, run

FULL = reference(
    decision_sha256=HASH,
    above=((0.0, 1.0), (0.5, 0.95), (0.7, 0.9), (0.9, 0.7)),
    answer_rate=0.9,
    classes={"alpha": 0.5, "<beta>": 0.5},
    distances=tuple(np.linspace(0.5, 1.5, 11).tolist()),
)
UNSURE = {"status": "abstained", "reasons": ("low_confidence",), "confidence": 0.4}


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S).split())


def test_it_says_how_much_how_well_and_what_moved() -> None:
    records = [
        *(stored(n, "alpha", time_us=(DAY + n % 3) * DAY_US, confidence=0.8) for n in range(40)),
        *(stored(100 + n, None, time_us=DAY * DAY_US, **UNSURE) for n in range(20)),
    ]
    told = text_of(page(run(records, FULL)))

    assert "60 records" in told
    assert "answer rate 66.7" in told
    assert "answer rate where it was measured 90.0" in told
    assert "low_confidence 20" in told
    assert "40 answered predictions of 40 have a conclusion; 40 of those agree (100.0" in told
    assert "none of the classes 20" in told
    # A third of the records lies below 0.5, and a twentieth of the reference; all lie below 0.9.
    assert "Confidences moved: 100.0 % of 60 records lie below 0.9, and 30.0 %" in told
    assert "not a medical device" in told.lower()


def test_it_stands_alone_and_escapes_what_it_quotes() -> None:
    html = page(run([stored(n, predicted_class="<beta>") for n in range(60)], FULL))

    assert "<beta>" not in html
    assert "&lt;beta&gt;" in html
    assert not re.search(r"(?:src|href)=\"(?!data:)", html)
    assert "<script" not in html
    pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", html)
    assert len(pictures) == 3
    assert all(ET.fromstring(b64decode(one)).tag.endswith("svg") for one in pictures)  # noqa: S314 - made here


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ((), ["bundle is not at hand"]),
        ((reference(decision_sha256=HASH),), ["no reference of confidences and distances"]),
        ((FULL,), []),
    ],
)
def test_what_is_missing_is_said(known: tuple[object, ...], words: list[str]) -> None:
    found = remarks(run([stored(n, distance=None) for n in range(10)], *known))

    assert len(found) == len(words)
    assert all(word in told for word, (_, _, told) in zip(words, found, strict=True))
    assert page(run([stored(0, distance=None)], *known))


def test_a_service_without_records_has_a_page() -> None:
    assert "no records in this stretch" in text_of(page(run([])))


def test_records_without_conclusions_say_so() -> None:
    assert "No professional's conclusion is on record." in page(run([stored(0)])).replace(
        "&#x27;", "'"
    )


def test_rejected_records_alone_have_no_distributions() -> None:
    nothing = {"predicted_class": None, "confidence": None, "probabilities": None}
    rejected = stored(0, status="rejected", reasons=("not_brain_mr",), distance=None, **nothing)

    assert page(run([rejected], FULL)).count("<img") == 1


def test_long_stretches_are_shown_by_the_week() -> None:
    one = {"answered": 1, "abstained": 2, "rejected": 3}
    monday = date(2026, 1, 5)
    days = [(monday + timedelta(days=n), dict(one)) for n in range(DAYS)]

    assert by_period(days) == ([day for day, _ in days], [counts for _, counts in days], 1)
    starts, counts, width = by_period([*days, (monday + timedelta(days=DAYS), dict(one))])

    assert width == 7
    assert starts[:2] == [monday, monday + timedelta(days=7)]
    assert counts[0] == {"answered": 7, "abstained": 14, "rejected": 21}
    assert sum(c["answered"] for c in counts) == DAYS + 1


def test_the_same_figures_give_the_same_pictures() -> None:
    values = np.linspace(0.2, 1, 50)

    assert confidence_plot(values, FULL.above) == confidence_plot(values, FULL.above)
    assert distance_plot(values, FULL.distances) != distance_plot(values, ())


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)

    with pytest.raises(MissingExtra, match="matplotlib"):
        page(run([stored(0)]))
