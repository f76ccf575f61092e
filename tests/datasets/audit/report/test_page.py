import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from brainlens.datasets.audit.confounds import Confounds
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.leaks import Leaks
from brainlens.datasets.audit.report.page import page
from brainlens.datasets.audit.report.pictures import MOST
from brainlens.datasets.audit.verdict import verdict
from brainlens.words import NOT_A_DEVICE

ALONE = {"img", "meta", "wbr"}


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def read(audit: Audit) -> Reader:
    reader = Reader()
    reader.feed(page(audit))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def reader(audited: Audit) -> Reader:
    return read(audited)


def test_the_verdict_comes_first(audited: Audit, reader: Reader) -> None:
    lines = [line.text for line in verdict(audited)]
    places = [reader.text.index(line) for line in lines]
    assert places == sorted(places)
    assert places[-1] < reader.text.index("What to train from")
    assert NOT_A_DEVICE in reader.text


def test_file_names_are_text(reader: Reader) -> None:
    assert "onerror=alert(1)" in reader.text
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert "script" not in reader.tags


def test_the_page_loads_nothing(audited: Audit, reader: Reader) -> None:
    sources = [value or "" for name, value in reader.attributes if name in ("src", "href")]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "url(" not in page(audited)
    assert reader.tags.count("img") == len(sources) <= MOST


def test_every_section_is_there(reader: Reader) -> None:
    for title in (
        "The split", "One picture, several labels", "Copies", "What can be learnt", "Files",
        "What to train from", "Images",
    ):  # fmt: skip
        assert title in reader.text
    assert "mirrored" in reader.text
    assert "near_copies.json" in reader.text


def test_numbers_of_the_confounds(audited: Audit, reader: Reader) -> None:
    score = audited.confounds.score
    assert score is not None
    assert f"{score.interval[0]:.2f} to {score.interval[1]:.2f}" in reader.text
    assert re.search(r"JPEG quality.*no JPEG \(\d+ %\)", reader.text, re.DOTALL)


def test_a_spotless_set_has_a_short_report(audited: Audit) -> None:
    nothing = replace(
        audited, faults=(), exact=(), pairs=(), sets=(), leaks=Leaks(None, (), 0.0),
        confounds=Confounds(reason="Too few."),
        training=replace(audited.training, left_out={}, manifest=audited.manifest),
    )  # fmt: skip
    reader = read(nothing)
    assert "Every file can be read." in reader.text
    assert "Not measured. Too few." in reader.text
    for title in ("The split", "several labels", "left out because"):
        assert title not in reader.text
    assert "img" not in reader.tags


def test_nothing_left_to_train_from(audited: Audit) -> None:
    empty = replace(audited.training, manifest=audited.manifest.with_rows(()))
    assert "brainlens train" not in read(replace(audited, training=empty)).text


def test_what_is_too_long_is_cut_and_said(audited: Audit) -> None:
    many = replace(
        audited,
        faults=tuple(odd for odd in audited.faults[:2] for _ in range(75)),
        sets=audited.sets * 10,
        bundle="b 1.0",
        inspected=tuple(replace(found, seen=True) for found in audited.inspected),
    )
    text = read(many).text
    assert many.faults[0].kind != many.faults[-1].kind
    assert "110 more are in audit.json." in text
    for odd in (many.faults[0], many.faults[-1]):
        assert text.count(odd.path.name) >= 20
    assert f"{len(audited.inspected) - 100:,} more are in audit.json." in text
    assert "What the bundle b 1.0 was trained on" in text


def test_neighbouring_slices_are_shown(audited: Audit) -> None:
    pair = replace(audited.pairs[0], kind="neighbour", correlation=0.91)
    reader = read(replace(audited, pairs=(pair,)))
    assert "Neighbouring slices" in reader.text
    assert "correlation 0.91" in reader.text
    assert "joined to pseudo-patients" in reader.text
    rows = (replace(row, patient="p") for row in audited.manifest.rows)
    named = replace(audited, pairs=(pair,), manifest=audited.manifest.with_rows(rows))
    assert "so this changes nothing; 0 of the pairs" in read(named).text


def test_paths_are_shown_from_where_the_images_lie(audited: Audit) -> None:
    elsewhere = replace(audited.manifest, root=audited.manifest.root / "no" / "image" / "here")
    moved = replace(audited, manifest=elsewhere)
    assert moved.home == audited.home == audited.manifest.root
    assert "../" not in read(moved).text
