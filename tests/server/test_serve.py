import asyncio
import gc
import socket
from pathlib import Path

import pytest

from brainlens.errors import BundleNotFound, ServiceError, UsageError
from brainlens.server.app import create_app
from brainlens.server.keys.scope import Scope
from brainlens.server.serve import Server, serve
from brainlens.server.settings import Settings
from brainlens.server.storage import Storage

from ..live_service import Run


def test_taken_port_is_said_with_what_to_do(tiny_bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(port=port, bundles={"tiny": tiny_bundle})

        with pytest.raises(ServiceError) as caught:
            Server(settings, print)

    assert str(port) in caught.value.message
    assert "--port" in caught.value.hint


def test_port_that_cannot_be_had_is_said(
    monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path
) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)

    with pytest.raises(ServiceError, match="Permission denied"):
        Server(Settings(port=80, bundles={"tiny": tiny_bundle}), print)


def test_bundle_that_is_missing_frees_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = Settings(port=port, bundles={"a": tmp_path / "none"})

    with pytest.raises(BundleNotFound):
        Server(settings, print)

    socket.create_server(("127.0.0.1", port)).close()


def test_ipv6_loopback_is_served(run_service: Run) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    with run_service(host="::1") as live:
        assert live.url.startswith("http://[::1]:")
        assert live.get("/").status_code == 200


def test_the_network_is_refused_without_keys(tiny_bundle: Path, tmp_path: Path) -> None:
    settings = Settings(
        host="0.0.0.0",  # noqa: S104 - that it is refused is the point
        port=0,
        bundles={"tiny": tiny_bundle},
        data_dir=tmp_path,
    )
    with pytest.raises(UsageError, match="loopback only") as caught:
        Server(settings, print)
    assert "brainlens keys create" in caught.value.hint

    storage = Storage.open(settings)
    storage.keys.create("a", (Scope.PREDICT,))
    storage.close()
    server = Server(settings, print)

    assert server.needs_keys
    with server._socket as listening:
        assert listening.getsockname()[0] == settings.host


def test_application_loads_its_bundles_itself(tiny_bundle: Path) -> None:
    app = create_app(Settings(bundles={"tiny": tiny_bundle}))

    async def check() -> list[str]:
        async with app.router.lifespan_context(app):
            return list(app.state.service.models.by_name)

    assert asyncio.run(check()) == ["tiny"]


def test_interrupt_ends_it_without_a_word(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainlens.server.serve.log_to", lambda: None)
    # It would end the tests' own process.
    ends: list[float] = []
    monkeypatch.setattr("brainlens.server.serve.end_within", ends.append)
    urls = []
    frozen = gc.get_freeze_count()

    def interrupt(url: str, needs_keys: bool) -> None:
        assert not needs_keys
        # The collector need not look at what was made by the start.
        assert gc.get_freeze_count() > frozen + 10_000
        urls.append(url)
        raise KeyboardInterrupt

    try:
        serve(Settings(port=0, bundles={"tiny": tiny_bundle}, shutdown_timeout=7), interrupt)
    finally:
        gc.unfreeze()

    assert len(urls) == 1
    # on_ready raised before the service could be told to stop; see tests/system for that.
    assert ends == []


def test_answers_are_not_held_back_for_an_acknowledgement(tiny_bundle: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Server(Settings(port=port, bundles={"tiny": tiny_bundle}), print)
    with server._socket as listening:
        assert listening.proto == socket.IPPROTO_TCP
