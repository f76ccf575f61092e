import pytest

from ..live_service import Live, Run


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "localhost.", "[::1]:80", "127.0.0.1:1"]
)
def test_loopback_names_are_answered(live: Live, host: str) -> None:
    assert live.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost:80:80", "localhost@evil", "", "10.0.0.1"],
)
def test_other_names_are_refused(live: Live, host: str) -> None:
    response = live.get("/", headers={"Host": host})

    assert response.status_code == 421
    assert response.json()["type"] == "urn:brainlens:problem:host-not-allowed"


def test_request_without_a_host_is_refused(live: Live) -> None:
    with live.open("GET / HTTP/1.0") as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 421")


def test_own_origin_is_answered(live: Live) -> None:
    own = {"Origin": live.url, "Sec-Fetch-Site": "same-origin"}

    assert live.get("/", headers=own).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:1", "https://{}", "http://localhost:{}", ""],
)
def test_other_origins_are_refused(live: Live, origin: str, ambiguous_png: bytes) -> None:
    host, port = live.address
    origin = origin.format(port if "localhost" in origin else f"{host}:{port}")

    response = live.post("/predict", content=ambiguous_png, headers={"Origin": origin})

    assert response.status_code == 403
    assert response.json()["type"] == "urn:brainlens:problem:origin-not-allowed"
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_requests_that_browsers_send_for_other_pages_are_refused(live: Live, site: str) -> None:
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}

    assert live.get("/", headers=embedded).status_code == 403
    assert live.get("/", headers=framed).status_code == 403


def test_link_to_the_service_can_be_followed_but_not_posted_to(live: Live) -> None:
    followed = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }

    assert live.get("/docs", headers=followed).status_code == 200
    assert live.post("/predict", content=b"x", headers=followed).status_code == 403


def test_typed_address_is_answered(live: Live) -> None:
    assert live.get("/", headers={"Sec-Fetch-Site": "none"}).status_code == 200


def test_listed_hosts_and_origins_are_answered(run_service: Run, ambiguous_png: bytes) -> None:
    origin = "https://page.test"
    with run_service(allowed_hosts=("lens.test",), allowed_origins=(origin,)) as live:
        named = live.get("/", headers={"Host": "lens.test"})
        asked = live.post(
            "/predict",
            content=ambiguous_png,
            headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"},
        )
        preflight = live.client.options(
            "/predict",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type,authorization,x-api-key",
            },
        )
        other = live.get("/", headers={"Origin": "https://other.test"})

    assert named.status_code == 200
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == origin
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin
    assert other.status_code == 403


def test_own_address_other_than_the_usual_is_answered(run_service: Run) -> None:
    with run_service(host="127.0.0.2") as live:
        assert live.url.startswith("http://127.0.0.2:")
        assert live.get("/").status_code == 200


def test_two_hosts_are_refused(live: Live) -> None:
    with live.open("GET / HTTP/1.1\nHost: localhost\nHost: evil.example") as connection:
        status = int(connection.recv(65536).split()[1])

    assert status in (400, 421)
