"""What once broke starlette and python-multipart, sent to this service.

Each case stays harmless whatever version is installed: forms are parsed from bytes that are bounded
already, one field is taken, and no file name is looked at. Nothing here asserts a time; cases that
once took minutes are so large that they would hold up the whole run.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from brainlens.server.refusals import MalformedForm
from brainlens.server.upload_form import take_image

from ..live_service import Live, Run, read_all
from .test_route_predict import problem

B = b"boundary"
TYPE = {"Content-Type": "multipart/form-data; boundary=boundary"}


def part(disposition: bytes, content: bytes, *headers: bytes) -> bytes:
    lines = (b"--" + B, b"Content-Disposition: " + disposition, *headers, b"", content)
    return b"\r\n".join(lines) + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + B + b"--\r\n"


FILE = b'form-data; name="file"; filename="f"'


@pytest.fixture(scope="module")
def image(slice_png: Callable[..., bytes]) -> bytes:
    return slice_png(1)


# CVE-2024-24762: a regular expression took exponential time for such an option.
@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="' + "\\" * 30_000,
        "multipart/form-data; !=" + '"' * 30_000,
        "multipart/form-data; " + "a=b; " * 6_000,
        "multipart/form-data; boundary=" + "b" * 30_000,
    ],
)
def test_a_content_type_that_is_hard_to_read(content_type: str) -> None:
    # Beyond what a request's head may hold, so that this does not rest on that bound.
    with pytest.raises(MalformedForm):
        take_image(b"x", content_type, max_bytes=10)


@pytest.mark.parametrize("option", [b"\\" * 4_000, b'"' * 4_000, b";" * 4_000, b"a=" * 2_000])
def test_a_disposition_that_is_hard_to_read(live: Live, option: bytes) -> None:
    body = form(part(b'form-data; name="' + option, b"x"))

    assert live.post("/predict", content=body, headers=TYPE).status_code in {400, 422}


# CVE-2024-53981, CVE-2026-40347: bytes before the first boundary and after the last one were
# looked at, and logged, one by one.
@pytest.mark.parametrize("filler", [b"\r\n", b"\n", b"\r", b"-", b"--boundar", b"x"])
@pytest.mark.parametrize("before", [True, False])
def test_much_around_a_form(
    live: Live, image: bytes, filler: bytes, before: bool, caplog: pytest.LogCaptureFixture
) -> None:
    much = filler * (500_000 // len(filler))
    body = form(part(FILE, image))

    response = live.post("/predict", content=much + body if before else body + much, headers=TYPE)

    assert response.status_code in {200, 400}
    assert len(caplog.records) < 20


# CVE-2026-42561: part headers without number and without end.
@pytest.mark.parametrize(
    "headers",
    [
        [b"X-A: b"] * 100_000,
        [b"X-A: " + b"b" * 1_000_000],
        [b"X" * 1_000_000 + b": b"],
        [b"X-A: b\r\n " + b"b" * 1_000_000],
    ],
)
def test_part_headers_without_end(live: Live, image: bytes, headers: list[bytes]) -> None:
    body = form(part(FILE, image, *headers))

    assert problem(live.post("/predict", content=body, headers=TYPE)) == "malformed-form"


# CVE-2023-30798: parts without number. CVE-2024-47874: fields without a file name, of any size, in
# memory. GHSA-82w8-qh3p-5jfq: limits that were not looked at.
@pytest.mark.parametrize("name", [b"file", b"other"])
def test_parts_without_number(live: Live, name: bytes) -> None:
    one = part(b'form-data; name="' + name + b'"', b"")

    response = live.post("/predict", content=form(one * 20_000), headers=TYPE)

    assert problem(response) == "malformed-form"


def test_fields_are_bounded_like_files(run_service: Run) -> None:
    with run_service(max_upload_bytes=1024) as live:
        head = (
            "POST /predict HTTP/1.1\nHOST\nTransfer-Encoding: chunked\n"
            "Content-Type: multipart/form-data; boundary=boundary"
        )
        opening = part(b'form-data; name="file"', b"")
        chunk = opening + b"x" * 64_000
        with live.open(head, b"%x\r\n%s\r\n" % (len(chunk), chunk)) as connection:
            answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")


# CVE-2026-24486: a file was written where its name said. CVE-2023-29159: a file was read there.
@pytest.mark.parametrize(
    "name", [b"/tmp/{n}", b"../../{n}", b"..\\{n}", b"file:///tmp/{n}", b"{n}\x00"]
)
def test_a_file_name_is_not_looked_at(
    live: Live, image: bytes, name: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mark = f"brainlens-{os.getpid()}"
    sent = b'form-data; name="file"; filename="' + name.replace(b"{n}", mark.encode()) + b'"'

    response = live.post("/predict", content=form(part(sent, image)), headers=TYPE)

    assert response.json()["predicted_class"] == "beta"
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp", mark).exists()  # noqa: S108 - the place that the name says


@pytest.mark.parametrize(
    "path",
    [
        "/page/../../settings.py",
        "/page/%2e%2e/%2e%2e/settings.py",
        "/page/..%2f..%2fsettings.py",
        "/page/..%5c..%5csettings.py",
        "/page//etc/passwd",
        "/page/%00index.html",
        # CVE-2026-48818: a path of Windows' network.
        "/page/%5c%5c127.0.0.1%5cshare%5cx",
    ],
)
def test_no_file_but_the_pages_is_read(live: Live, path: str) -> None:
    request = f"GET {path} HTTP/1.1\nHOST\nConnection: close"

    assert read_all(live.open(request)).startswith(b"HTTP/1.1 404")


# GHSA on parameters of RFC 2231: `name*` overrode `name`, so that a part was one thing to who
# stood before the service, and another to the service.
@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; name=\"other\"; name*=UTF-8''file",
        b"form-data; name*=UTF-8''file",
        b'form-data; name*0="fi"; name*1="le"',
        b'form-data; name="other"; name="file"; filename="f"',
        b'form-data; name="file"; NAME = file; filename="f"',
        b'form-data; name="other"\r\nContent-Disposition: form-data; name="file"',
    ],
)
def test_a_part_has_the_name_that_it_says_plainly(
    live: Live, image: bytes, disposition: bytes
) -> None:
    response = live.post("/predict", content=form(part(disposition, image)), headers=TYPE)

    assert problem(response) in {"no-file", "bad-parameter", "malformed-form"}


def test_a_part_is_not_decoded(live: Live, image: bytes) -> None:
    # Some parsers undo an encoding that others pass by: then two see two files.
    body = form(part(FILE, image, b"Content-Transfer-Encoding: base64"))

    assert live.post("/predict", content=body, headers=TYPE).json()["predicted_class"] == "beta"


# GHSA-6jv3-5f52-599m, GHSA-5rvq-cxj2-64vf: semicolons parted the fields of a query, in quadratic
# time.
def test_semicolons_part_nothing(live: Live, image: bytes) -> None:
    assert problem(live.post("/predict?threshold=1;explain=true", content=image)) == "bad-parameter"
    many = "/predict?" + ";".join(["threshold=1"] * 300)
    assert problem(live.post(many, content=image)) == "bad-parameter"


# CVE-2025-62727: ranges were merged in quadratic time.
def test_ranges_are_not_served(live: Live) -> None:
    ranges = "bytes=" + ",".join(f"{i}-{i}" for i in range(0, 1_000, 2))

    response = live.get("/page/index.html", headers={"Range": ranges})

    assert response.status_code == 200
    assert response.text == live.get("/page").text


# CVE-2026-48710: the host made a path of its own. CVE-2026-54282: the path made a host.
@pytest.mark.parametrize(
    "host", ["127.0.0.1/predict?", "127.0.0.1#", "127.0.0.1@evil.example", "a b"]
)
def test_a_host_is_no_address(live: Live, host: str) -> None:
    answer = read_all(live.open(f"GET /livez HTTP/1.1\nHost: {host}\nConnection: close"))

    assert answer.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))


@pytest.mark.parametrize("target", ["@evil.example/", "http://evil.example/livez", "livez", "*"])
def test_a_path_is_no_host(live: Live, target: str) -> None:
    answer = read_all(live.open(f"GET {target} HTTP/1.1\nHOST\nConnection: close"))

    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"evil" not in answer


# GHSA-wqp7-x3pw-xc5r: a method was looked up as an attribute.
@pytest.mark.parametrize("method", ["__class__", "dispatch", "TRACE", "CONNECT"])
def test_methods_are_those_that_are_offered(live: Live, method: str) -> None:
    answer = read_all(live.open(f"{method} /predict HTTP/1.1\nHOST\nConnection: close"))

    assert answer.startswith((b"HTTP/1.1 405", b"HTTP/1.1 400"))
