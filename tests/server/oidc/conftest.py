"""A real provider, in a process of its own, for every test of the room."""

from collections.abc import Iterator

import pytest

from ...oidc_process import ProviderProcess


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def _provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderProcess]:
    process = ProviderProcess(tmp_path_factory.mktemp("oidc"))
    yield process
    process.stop()
    process.client.close()


@pytest.fixture
def provider(_provider: ProviderProcess) -> ProviderProcess:
    """Return the provider, behaving well."""
    _provider.behave("well")
    return _provider
