import pytest

from brainlens.server.small_head import MAX_BYTES, MAX_HEADERS

from ..live_service import Live, read_all, read_answer


@pytest.mark.parametrize(
    "head",
    [
        f"GET /livez HTTP/1.1\nHOST\nX: {'x' * MAX_BYTES}",
        f"GET /livez?{'x' * MAX_BYTES} HTTP/1.1\nHOST",
        f"GET /{'x' * MAX_BYTES} HTTP/1.1\nHOST",
        "GET /livez HTTP/1.1\nHOST\n" + "\n".join(f"X: {n}" for n in range(MAX_HEADERS)),
    ],
)
def test_a_large_head_in_one_piece_is_refused(live: Live, head: str) -> None:
    with live.open(head) as connection:
        response, body = read_answer(connection)

    assert response.status == 431
    assert b"head-too-large" in body


def test_a_large_head_behind_another_request_is_refused(live: Live) -> None:
    second = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    second += f"X: {'x' * MAX_BYTES}\r\n\r\n"

    answers = read_all(live.open("GET /livez HTTP/1.1\nHOST", second.encode()))

    assert answers.startswith(b"HTTP/1.1 200")
    assert answers.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 431" in answers


def test_heads_within_the_bounds_pass(live: Live) -> None:
    headers = {f"X-{n}": "x" * 100 for n in range(80)}

    assert live.get("/livez", headers=headers).status_code == 200
