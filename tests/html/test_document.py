import re
from html.parser import HTMLParser

import pytest

from brainlens.html.document import document, style_of
from brainlens.html.element import element


def _palettes() -> list[dict[str, str]]:
    """Return the colours by name: light, then dark."""
    style = style_of("brainlens.html")
    blocks = re.findall(r":root \{\s*(?:color-scheme: light dark;)?([^}]*--[^}]*)\}", style)
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks]
    assert len(found) == 2
    assert found[0].keys() == found[1].keys()
    return found


def _luminance(colour: str) -> float:
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_all_text_has_the_contrast_of_wcag_aa(palette: dict[str, str]) -> None:
    pairs = [(text, ground) for text in ("ink", "soft", "link") for ground in ("paper", "ground")]
    for kind in ("bad", "doubt", "good", "note"):
        pairs += [(kind, f"{kind}-ground"), ("ink", f"{kind}-ground")]
    for text, ground in pairs:
        assert _contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    # What is drawn, not written, needs 3 to 1.
    assert _contrast(palette["ink"], palette["bar"]) >= 3


def test_black_on_white_is_21_to_1() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)


def test_a_page_stands_alone() -> None:
    page = document("<Report>", element("p", "text"), style=".own { color: red }")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>&lt;Report&gt;</title>" in page
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert page.index("--ink") < page.index(".own")
    assert "url(" not in page
    assert "@import" not in page

    class Tags(HTMLParser):
        found: tuple[str, ...] = ()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found += (tag,)

    reader = Tags()
    reader.feed(page)
    assert not {"script", "link", "iframe", "object"} & set(reader.found)
    assert reader.found[-2:] == ("main", "p")
