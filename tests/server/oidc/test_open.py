import asyncio
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

from brainlens.errors import MissingExtra, UsageError
from brainlens.server.oidc import open as module
from brainlens.server.oidc.open import open_tokens
from brainlens.server.settings import Settings, load_settings

ISSUER = "https://login.example.org/realm"


def test_without_an_issuer_there_is_nothing_to_check() -> None:
    assert open_tokens(Settings()) is None


def test_with_an_issuer_tokens_are_checked() -> None:
    tokens = open_tokens(Settings(oidc_issuer=ISSUER, oidc_audience="lens"))

    assert tokens is not None
    asyncio.run(tokens.close())


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == missing else ModuleSpec(name, None)

    monkeypatch.setattr(module, "find_spec", find)

    with pytest.raises(MissingExtra) as caught:
        open_tokens(Settings(oidc_issuer=ISSUER, oidc_audience="lens"))

    assert "brainlens[oidc]" in caught.value.hint


def test_a_service_without_an_issuer_loads_none_of_it() -> None:
    program = (
        "import sys, brainlens.server.serve; print(*sorted({'jwt', 'httpx'} & set(sys.modules)))"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == ""


@pytest.mark.parametrize("only", [{"oidc_issuer": ISSUER}, {"oidc_audience": "lens"}])
def test_issuer_and_audience_go_together(only: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="audience") as caught:
        load_settings(**only)

    assert "BRAINLENS_OIDC_AUDIENCE" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_SCOPES", '{"word": "everything"}'),
        ("OIDC_CLAIM", ""),
    ],
)
def test_bad_values_name_their_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("BRAINLENS_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("BRAINLENS_OIDC_AUDIENCE", "lens")
    monkeypatch.setenv(f"BRAINLENS_{name}", value)

    with pytest.raises(UsageError, match=name.lower()):
        load_settings()
