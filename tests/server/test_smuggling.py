"""Requests whose end two parsers could see in two places, each on a connection of its own.

The cases are those by which proxies and servers were told apart in the past, among them
CVE-2025-43859 (h11 let any two bytes end a chunk) and CVE-2020-7695 (uvicorn split its answers).
"""

import json
import re
import socket

import pytest

from ..live_service import Live, read_all

#: What an attacker hopes to have answered as a request of its own.
HIDDEN = b"GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Hidden: 1\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


#: The same, after which the connection is closed.
LAST = HIDDEN[:-2] + b"Connection: close\r\n\r\n"


def exchange(live: Live, sent: bytes, *, end: bool = True) -> bytes:
    """Send bytes, end the sending unless the service will, and return all that comes back."""
    connection = socket.create_connection(live.address, timeout=60)
    connection.sendall(sent)
    if end:
        connection.shutdown(socket.SHUT_WR)
    return read_all(connection)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in _STATUS.findall(answer)]


def post(*lines: bytes, body: bytes = b"") -> bytes:
    head = (b"POST /predict HTTP/1.1", b"Host: 127.0.0.1", *lines)
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


REFUSED = {
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    "two lengths in one line": post(b"Content-Length: 5, 6", body=b"hello"),
    "a length with a sign": post(b"Content-Length: +5", body=b"hello"),
    # GHSA-v9pg-7xvm-68hf: python-multipart took all of a body whose length was below zero.
    "a length below zero": post(b"Content-Length: -1", body=b"hello"),
    "a length in hexadecimal": post(b"Content-Length: 0x5", body=b"hello"),
    "a length with an underscore": post(b"Content-Length: 1_0", body=b"hello"),
    "a length of other digits": post("Content-Length: ٥".encode(), body=b"hello"),
    "an encoding that is not known": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "an encoding before chunked": post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "a vertical tab before chunked": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    "a space before the colon": post(b"Content-Length : 5", body=b"hello"),
    "a space before a name": b"POST /predict HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n",
    "NUL in a value": post(b"X-A: a\x00b"),
    "CR in a value": post(b"X-A: a\rb"),
    "no colon": post(b"X-A"),
    "an empty name": post(b": a"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\n\r\n",
    "a target with a space": b"GET /a b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another protocol": b"GET / ICY/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a chunk size with a sign": chunked(b"+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size in C's way": chunked(b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size below zero": chunked(b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size that overflows": chunked(b"1" * 21 + b"\r\nhello\r\n0\r\n\r\n"),
    "a chunk that ends otherwise": chunked(b"5\r\nhelloXX0\r\n\r\n"),
    "a chunk longer than its size": chunked(b"5\r\nhello, you\r\n0\r\n\r\n"),
    "a chunk size that is none": chunked(b"five\r\nhello\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_ambiguous_is_refused_and_the_connection_closed(live: Live, name: str) -> None:
    answer = exchange(live, REFUSED[name] + HIDDEN)

    assert len(statuses(answer)) == 1, answer
    assert 400 <= statuses(answer)[0] < 500
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower()
    assert b"nosniff" in head
    assert json.loads(body)["status"] == statuses(answer)[0]


def test_a_length_beside_chunks_counts_for_nothing(live: Live) -> None:
    # RFC 9112, section 6.3: the chunks decide, and not the length, which ends a byte before them.
    sent = post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n")

    answer = exchange(live, sent + LAST, end=False)

    # The upload is empty; what follows its last chunk is the next request, whole.
    assert statuses(answer) == [400, 200]
    assert b"urn:brainlens:problem:empty-image" in answer


def test_another_version_of_http_is_not_guessed_at(live: Live) -> None:
    answer = exchange(live, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN)

    assert statuses(answer) == [421, 400]


def test_what_follows_a_whole_request_is_the_next(live: Live) -> None:
    answer = exchange(live, HIDDEN * 3)

    assert statuses(answer) == [200, 200, 200]


def test_a_body_is_never_read_as_a_request(live: Live) -> None:
    sent = post(b"Content-Length: %d" % len(HIDDEN), body=HIDDEN)

    answer = exchange(live, sent + LAST, end=False)

    assert statuses(answer) == [415, 200]


def test_an_answer_cannot_be_split(live: Live) -> None:
    # CVE-2020-7695. Nothing of a path or query comes back in a header.
    target = b"/v2/models/x%0d%0aX-Injected:%201%0d%0a%0d%0aHTTP/1.1%20200%20OK"
    answer = exchange(live, b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert len(statuses(answer)) == 1
    assert b"x-injected" not in answer.partition(b"\r\n\r\n")[0].lower()


def test_a_path_cannot_write_into_the_log(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    # CVE-2020-7694: uvicorn logged what a path held, line feeds and escape codes.
    with caplog.at_level("INFO", "brainlens.server"):
        live.get("/nothing%0aforged%1b[2J")
        # The line is written once the answer has gone out.
        live.wait_until(lambda _: bool(caplog.records))

    assert "forged" not in caplog.text
    assert caplog.text.count("\n") == 1
