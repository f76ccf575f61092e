import pytest
from pydantic import ValidationError

from brainlens.errors import UsageError
from brainlens.server.settings import Settings, load_settings


def test_defaults_are_private_to_this_machine() -> None:
    settings = Settings()

    assert settings.host == "127.0.0.1"
    assert settings.port == 8000
    assert settings.max_upload_bytes == 20 * 2**20
    assert settings.workers >= 1


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - told apart, not listened on
        ("::", False),
        ("192.168.1.7", False),
    ],
)
def test_loopback_is_told_from_the_network(host: str, private: bool) -> None:
    assert Settings(host=host).on_loopback == private


@pytest.mark.parametrize("host", ["example.org", "", "127.0.0.1.evil", "127.0.0.1:8000"])
def test_what_is_no_address_is_refused_with_what_to_do(host: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings(host=host)

    assert "--host" in caught.value.hint


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINLENS_PORT", "9001")
    monkeypatch.setenv("BRAINLENS_BUNDLES", '{"mine": "some/bundle"}')
    monkeypatch.setenv("BRAINLENS_ALLOWED_HOSTS", '["Lens.test "]')
    monkeypatch.setenv("BRAINLENS_ALLOWED_ORIGINS", '["https://Lens.test:8443/"]')

    settings = load_settings()

    assert settings.port == 9001
    assert settings.bundles["mine"].parts == ("some", "bundle")
    assert settings.allowed_hosts == ("lens.test",)
    assert settings.allowed_origins == ("https://lens.test:8443",)


def test_what_was_chosen_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINLENS_PORT", "9001")

    assert load_settings(port=9002, workers=None).port == 9002
    assert load_settings(port=None).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("THRESHOLD", "1.5"),
        ("WORKERS", "0"),
        ("BUNDLES", '{"Bad Name": "x"}'),
        ("TRUSTED_PROXIES", '["proxy.test"]'),
        ("TRUSTED_PROXIES", '["*"]'),
        ("HEAD_INTERVAL", "0"),
        ("HEAD_TIMEOUT", "0"),
        ("MAX_CONNECTIONS", "0"),
        ("RATE_BURST", "0"),
        ("ALLOWED_ORIGINS", '["lens.test"]'),
        ("ALLOWED_ORIGINS", '["https://lens.test/path"]'),
    ],
)
def test_bad_value_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"BRAINLENS_{name}", value)

    with pytest.raises(UsageError) as caught:
        load_settings()

    assert name.lower() in caught.value.message
    assert f"BRAINLENS_{name}" in caught.value.hint


def test_value_that_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINLENS_BUNDLES", "mine=path")

    with pytest.raises(UsageError) as caught:
        load_settings()

    assert "bundles" in caught.value.message
    assert "JSON" in caught.value.hint


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(UsageError):
        load_settings(no_such_setting=1)


def test_passwords_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINLENS_DATABASE_URL", "postgresql://name:private@host/base")
    monkeypatch.setenv("BRAINLENS_REDIS_URL", "redis://name:private@host/0")

    assert "private" not in repr(load_settings())


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]  # that is the point
