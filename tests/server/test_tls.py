import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from brainlens.errors import StorageError, UsageError
from brainlens.server.security_headers import HSTS
from brainlens.server.serve import Server
from brainlens.server.settings import Settings, load_settings
from brainlens.server.tls import tls_context

from ..certificates import NAME, write_certificate
from ..live_service import Live, Run

STRICT = "strict-transport-security"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def secured(run_service: Run, certificate: tuple[Path, Path]) -> Iterator[Live]:
    cert, key = certificate
    with run_service(tls_cert=cert, tls_key=key, allowed_hosts=(NAME,)) as live:
        yield live


@pytest.fixture
def client(secured: Live, certificate: tuple[Path, Path]) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=secured.url, verify=trusting, trust_env=False) as client:
        yield client


def test_a_client_that_trusts_the_certificate_is_answered(
    secured: Live, client: httpx.Client, ambiguous_png: bytes
) -> None:
    assert secured.url.startswith("https://127.0.0.1:")
    assert client.post("/predict", content=ambiguous_png).json()["status"] == "abstained"


def test_a_client_that_does_not_is_not(secured: Live) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(secured.url, trust_env=False)


def test_plain_http_gets_nothing(secured: Live) -> None:
    with socket.create_connection(secured.address, timeout=60) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"HTTP/" not in plain.recv(1000)


def test_old_versions_are_refused(secured: Live, certificate: tuple[Path, Path]) -> None:
    server = tls_context(*certificate)
    client = ssl.create_default_context(cafile=str(certificate[0]))

    assert server.minimum_version == ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(secured.address, timeout=60) as plain,
        client.wrap_socket(plain, server_hostname=NAME) as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_browsers_are_told_to_stay_with_https(client: httpx.Client, secured: Live) -> None:
    named = {"Host": f"{NAME}:{secured.address[1]}"}

    assert client.get("/livez", headers=named).headers[STRICT] == HSTS
    assert client.get("/nowhere", headers=named).headers[STRICT] == HSTS


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_names_of_loopback_are_left_to_all_that_runs_there(client: httpx.Client, host: str) -> None:
    answer = client.get("/livez", headers={"Host": host})

    assert answer.status_code == 200
    assert STRICT not in answer.headers


def test_without_a_certificate_nothing_is_said_of_https(run_service: Run) -> None:
    with run_service(allowed_hosts=(NAME,)) as live:
        assert STRICT not in live.get("/livez", headers={"Host": NAME}).headers


def test_the_services_own_origin_is_https(secured: Live, client: httpx.Client) -> None:
    answers = [
        client.get("/", headers={"Origin": origin}).status_code
        for origin in (secured.url, secured.url.replace("https", "http"))
    ]

    assert answers == [200, 403]


@pytest.mark.parametrize("only", ["tls_cert", "tls_key"])
def test_one_without_the_other_is_refused(only: str) -> None:
    with pytest.raises(UsageError, match="its key") as caught:
        load_settings(**{only: Path("a.pem")})

    assert "--tls-key" in caught.value.hint


def test_a_file_that_is_missing_is_named(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.pem"):
        tls_context(certificate[0], tmp_path / "none.pem")


def test_a_file_that_cannot_be_read_is_a_failure_of_the_system(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        tls_context(certificate[0], tmp_path)


def test_what_is_no_certificate_is_said(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")

    with pytest.raises(UsageError, match="no certificate and its key"):
        tls_context(tmp_path / "cert.pem", certificate[1])


def test_the_key_of_another_certificate_is_said(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    _, other = write_certificate(tmp_path)

    with pytest.raises(UsageError, match="MISMATCH"):
        tls_context(certificate[0], other)


def test_a_locked_key_is_refused_and_nobody_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="passphrase") as caught:
        tls_context(*write_certificate(tmp_path, passphrase=b"word"))

    assert "openssl pkey" in caught.value.hint


def test_a_bad_certificate_leaves_the_port_free(tiny_bundle: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    none = tmp_path / "none.pem"
    settings = Settings(port=port, bundles={"tiny": tiny_bundle}, tls_cert=none, tls_key=none)

    with pytest.raises(UsageError):
        Server(settings, print)

    socket.create_server(("127.0.0.1", port)).close()
