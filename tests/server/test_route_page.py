import gzip
import re
from importlib.resources import files

import httpx
import pytest

from brainlens.server.page_assets import assets

from ..live_service import Live

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def referenced(html: str) -> set[str]:
    return set(re.findall(r'(?:href|src)="(page/[^"#]+)"', html))


def test_browser_is_shown_the_page_and_programs_the_state(live: Live) -> None:
    page, state = live.get("/", headers=BROWSER), live.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<main" in page.text
    assert state.json()["status"] == "ok"
    assert "Accept" in page.headers["vary"].split(", ")
    assert state.headers["vary"] == "Accept"


def test_page_is_the_page_for_everyone(live: Live) -> None:
    for headers in ({}, BROWSER, {"Accept": "application/json"}):
        assert live.get("/page", headers=headers).text == live.get("/", headers=BROWSER).text


def test_policy_allows_the_page_nothing_but_itself(live: Live) -> None:
    for path in ("/", "/page"):
        policy = live.get(path, headers=BROWSER).headers["content-security-policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
        assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest.mark.parametrize("path", ["app.js", "icon.svg", "style/base.css"])
def test_policy_of_a_part_opened_alone_allows_nothing(live: Live, path: str) -> None:
    policy = live.get(f"/page/{path}").headers["content-security-policy"]

    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_every_file_that_the_page_names_is_there(live: Live) -> None:
    named = referenced(live.get("/page").text)

    assert "page/app.js" in named
    for path in named:
        assert live.get(f"/{path}").status_code == 200
    for path, asset in assets().items():
        if path.endswith(".js"):
            for module in re.findall(r'(?:from|import\()\s*"(\.[^"]+)"', asset.body.decode()):
                target = httpx.URL(f"http://x/page/{path}").join(module).path
                assert live.get(target).status_code == 200, (path, module)


def test_files_name_no_other_host() -> None:
    allowed = {"http://www.w3.org/2000/svg"}
    for path, asset in assets().items():
        if not path.endswith(".webp"):
            assert set(re.findall(r"https?://[\w./-]+", asset.body.decode())) <= allowed, path


def test_page_is_small() -> None:
    later = ("model/", "style/model", "examples/example-", "strings.fr")
    first = [asset for path, asset in assets().items() if not path.startswith(later)]

    assert sum(len(asset.packed or asset.body) for asset in first) < 80_000


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style/base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("examples/example-1.webp", "image/webp"),
    ],
)
def test_files_come_with_their_type(live: Live, path: str, media_type: str) -> None:
    response = live.get(f"/page/{path}")

    assert response.headers["content-type"] == media_type
    assert response.content == files("brainlens.server.page").joinpath(path).read_bytes()
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["__init__.py", "", "nothing.js", "../app.py", "..%2Fapp.py", "%2e%2e/app.py", "style"],
)
def test_nothing_else_can_be_asked_for(live: Live, path: str) -> None:
    connection = live.open(f"GET /page/{path} HTTP/1.1\nHOST\nConnection: close")
    with connection:
        head = b"".join(iter(lambda: connection.recv(65536), b"")).split(b"\r\n")[0]

    assert head.split()[1] in {b"404", b"307"}


def test_unchanged_file_is_not_sent_again(live: Live) -> None:
    first = live.get("/page/app.js")
    tag = first.headers["etag"]

    again = live.get("/page/app.js", headers={"If-None-Match": f'W/"other", {tag}'})
    changed = live.get("/page/app.js", headers={"If-None-Match": '"other"'})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert changed.status_code == 200
    assert first.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("", False),
    ],
)
def test_files_are_packed_for_who_can_unpack(live: Live, accepted: str, packed: bool) -> None:
    with live.client.stream(
        "GET", "/page/app.js", headers={"Accept-Encoding": accepted}
    ) as response:
        body = b"".join(response.iter_raw())

    assert (response.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(body) if packed else body) == assets()["app.js"].body
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["etag"].endswith('-gzip"') is packed


def test_page_is_no_part_of_the_api_document(live: Live) -> None:
    document = live.get("/openapi.json").json()

    assert not [path for path in document["paths"] if path.startswith("/page")]
    assert set(document["paths"]["/"]["get"]["responses"]["200"]["content"]) == {
        "application/json",
        "text/html",
    }
