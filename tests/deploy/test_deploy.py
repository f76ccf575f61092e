"""What is deployed says only what the service understands, and installs what was tested."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainlens.server.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICE = COMPOSE["services"]["brainlens"]
_PIN = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """Return the versions of a lock by package, spelt as PyPI does."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / name).read_text().replace("_", "-").lower()
    for package, version in _PIN.findall(text):
        found.setdefault(package, set()).add(version)
    return found


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "Dockerfile").read_text(),
        (ROOT / "deploy" / "brainlens.service").read_text(),
        "\n".join(SERVICE["environment"]),
    ],
    ids=["Dockerfile", "unit", "compose"],
)
def test_every_setting_named_is_one(text: str) -> None:
    named = set(re.findall(r"BRAINLENS_([A-Z_]+)\b(?=[=:\n]|$)", text))

    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_settings_of_compose_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICE["environment"].items():
        filled = re.sub(r"\$\{[A-Z_]+:\?[^}]*\}", "secret", value)
        monkeypatch.setenv(name, re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", filled))

    settings = Settings()

    assert settings.allowed_hosts == ("localhost",)
    proxy = COMPOSE["services"]["proxy"]["networks"]["inner"]["ipv4_address"]
    assert settings.trusted_proxies == (proxy,)
    assert settings.database_url is not None
    assert settings.redis_url is not None


def test_only_the_proxy_is_reached_from_outside() -> None:
    published = [name for name, service in COMPOSE["services"].items() if "ports" in service]

    assert published == ["proxy"]
    assert SERVICE["networks"] == ["inner"]
    assert COMPOSE["networks"]["inner"]["internal"] is True
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ((ROOT / "compose.yaml").read_text(), r"stop_grace_period: (\d+)s"),
        ((ROOT / "deploy" / "brainlens.service").read_text(), r"TimeoutStopSec=(\d+)"),
    ],
)
def test_what_was_taken_is_finished_before_the_end(text: str, pattern: str) -> None:
    given = re.search(pattern, text)

    assert given
    assert int(given[1]) > Settings.model_fields["shutdown_timeout"].default


def test_what_serves_is_what_was_tested() -> None:
    tested, serves = pins("dev.lock"), pins("serve.lock")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = wanted["optional-dependencies"]
    needed = [
        *wanted["dependencies"],
        *(d for e in ("oidc", "otel", "postgres", "redis") for d in extras[e]),
    ]

    assert {re.split(r"[\[<>=~ ]", n)[0] for n in needed} <= set(serves)
    assert {p: v for p, v in serves.items() if p in tested and v != tested[p]} == {}
    # Beside them only what other platforms and Pythons need.
    assert set(serves) - set(tested) <= {"async-timeout", "colorama", "tzdata"}
    assert "torch" not in serves


@pytest.mark.parametrize("name", ["serve.lock", "build.lock"])
def test_every_pin_has_its_hash_and_no_place(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    entries = text.replace("\\\n", " ").splitlines()

    assert all("--hash=sha256:" in e for e in entries if e and not e.startswith("#"))
    assert "://" not in text


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
@pytest.mark.parametrize(("told", "fine"), [("sha256:" + "a" * 64, True), ("not found", False)])
def test_the_digest_of_the_base_is_written(tmp_path: Path, told: str, fine: bool) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "pin-base-image"
    script.write_bytes((ROOT / "scripts" / "pin-base-image").read_bytes())
    script.chmod(0o755)
    before = "ARG BASE=example.org/python:3.13@sha256:0\nFROM ${BASE}\n"
    (tmp_path / "Dockerfile").write_text(before)
    (tmp_path / "registry").write_text(f'#!/bin/sh\necho "$@" > asked\necho "{told}"\n')
    (tmp_path / "registry").chmod(0o755)

    ended = subprocess.run(
        [script], env={"SKOPEO": str(tmp_path / "registry"), "PATH": "/usr/bin:/bin"}
    )

    after = (tmp_path / "Dockerfile").read_text()
    assert (tmp_path / "asked").read_text().split()[-1] == "docker://example.org/python:3.13"
    assert ended.returncode == (0 if fine else 3)
    assert after == (before.replace("sha256:0", told) if fine else before)
