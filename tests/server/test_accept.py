import pytest

from brainlens.server.accept import prefers_html

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;"
    "q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (CHROMIUM, True),
        ("text/html", True),
        ("TEXT/HTML", True),
        ("text/*", True),
        ("application/json;q=0.5, text/html;q=0.6", True),
        ("text/html;q=0.9, */*;q=0.8", True),
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("text/html;q=0", False),
        ("text/html;q=nonsense", False),
        ("application/*, text/html;q=0.9", False),
        ("image/png", False),
    ],
)
def test_html_only_where_it_is_ranked_above_json(accept: str | None, html: bool) -> None:
    assert prefers_html(accept) is html
