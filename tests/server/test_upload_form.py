from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.errors import BrainLensError, EmptyImage, ImageTooLarge
from brainlens.server.refusals import BadParameter, MalformedForm, NoFile, SeveralFiles
from brainlens.server.upload_form import is_multipart, take_image

TYPE = "multipart/form-data; boundary=B"


def part(name: str, content: bytes = b"x", extra: str = "") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\n{extra}\r\n'
    return head.encode() + content + b"\r\n"


END = b"--B--\r\n"


@given(content=st.binary(min_size=1, max_size=300), name=st.text(max_size=20))
def test_every_content_comes_out_as_it_went_in(content: bytes, name: str) -> None:
    request = httpx.Request("POST", "http://x", files={"file": (name, content)})

    taken = take_image(request.read(), request.headers["content-type"], max_bytes=300)

    assert taken == content


@given(body=st.binary(max_size=200))
def test_body_without_a_form_is_the_image(body: bytes) -> None:
    if not body:
        with pytest.raises(EmptyImage):
            take_image(body, "image/png", max_bytes=200)
    else:
        assert take_image(body, "image/png", max_bytes=200) == body


@given(body=st.binary(max_size=200) | st.binary(max_size=100).map(lambda b: part("file") + b))
def test_no_body_raises_anything_else(body: bytes) -> None:
    with suppress(BrainLensError):
        take_image(body, TYPE, max_bytes=200)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (part("file", b"") + END, EmptyImage),
        (part("file", b"y" * 101) + END, ImageTooLarge),
        (part("other") + END, NoFile),
        (b"", NoFile),
        (END, NoFile),
        (part("file") + part("file") + END, SeveralFiles),
        (part("file") + part("threshold") + END, BadParameter),
        (part("file"), MalformedForm),
        (b"--B\r\nno header", MalformedForm),
        (b"not a form", MalformedForm),
        (part("a") * 17 + END, MalformedForm),
        (b"--B\r\n\r\nx\r\n--B--\r\n", NoFile),
    ],
)
def test_forms_that_cannot_be_used(body: bytes, error: type[BrainLensError]) -> None:
    with pytest.raises(error):
        take_image(body, TYPE, max_bytes=100)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/mixed; boundary=B",
        f"multipart/form-data; boundary={'b' * 999}",
    ],
)
def test_content_types_that_cannot_be_used(content_type: str) -> None:
    with pytest.raises(MalformedForm):
        take_image(part("file") + END, content_type, max_bytes=100)


def test_other_headers_of_a_part_mean_nothing() -> None:
    body = part("file", b"pixels", "Content-Type: text/plain\r\nX-Name: file2\r\n") + END

    assert take_image(body, TYPE, max_bytes=100) == b"pixels"


@pytest.mark.parametrize("name", ["a; name=b.png", 'a"; name="b', "; name=; name=", "a\\"])
def test_a_file_name_may_look_like_a_parameter(name: str) -> None:
    request = httpx.Request("POST", "http://x", files={"file": (name, b"pixels")})

    taken = take_image(request.read(), request.headers["content-type"], max_bytes=100)

    assert taken == b"pixels"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("Multipart/Form-Data; boundary=x", True), ("image/png", False), ("", False)],
)
def test_is_multipart(content_type: str, expected: bool) -> None:
    assert is_multipart(content_type) is expected
