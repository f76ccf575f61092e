import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import jwt
import pytest

from brainlens.server.oidc import provider as module
from brainlens.server.oidc.provider import (
    FRESH_S,
    HELD_S,
    RETRY_S,
    Provider,
    _keys_of,
)
from brainlens.server.oidc.unavailable import ProviderUnavailable

from ...oidc_process import ProviderProcess

DISCOVERY = "/.well-known/openid-configuration"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _up_again(provider: ProviderProcess) -> Iterator[None]:
    yield
    if provider._process.poll() is not None:
        provider.start()


def kid(provider: ProviderProcess) -> str:
    return str(jwt.get_unverified_header(provider.sign())["kid"])


def run(issuer: str, clock: Clock, steps: Callable[[Provider], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        asked = Provider(issuer, clock)
        try:
            return await steps(asked)
        finally:
            await asked.close()

    return asyncio.run(go())


async def told(asked: Provider, wanted: str) -> str:
    try:
        key = await asked.key(wanted)
    except ProviderUnavailable:
        return "unavailable"
    return "unknown" if key is None else str(key.key_id)


def test_keys_are_fetched_once_and_kept(provider: ProviderProcess, clock: Clock) -> None:
    before = provider.asked("/jwks")
    own = kid(provider)

    async def steps(asked: Provider) -> list[str]:
        found = [await told(asked, own) for _ in range(3)]
        clock.now += FRESH_S
        return [*found, await told(asked, own)]

    assert run(provider.issuer, clock, steps) == [own] * 4
    assert provider.asked("/jwks") == before + 1


def test_old_keys_are_fetched_again(provider: ProviderProcess, clock: Clock) -> None:
    before = provider.asked("/jwks")
    own = kid(provider)

    async def steps(asked: Provider) -> list[str]:
        first = await told(asked, own)
        clock.now += FRESH_S + 1
        return [first, await told(asked, own)]

    assert run(provider.issuer, clock, steps) == [own, own]
    assert provider.asked("/jwks") == before + 2


def test_a_new_key_is_found_when_a_token_names_it(provider: ProviderProcess, clock: Clock) -> None:
    async def steps(asked: Provider) -> list[str]:
        old = kid(provider)
        found = [await told(asked, old)]
        provider.rotate("EC")
        clock.now += RETRY_S
        found += [await told(asked, kid(provider)), await told(asked, old)]
        return [name for name in found if name not in (old, kid(provider))]

    # The old one is gone, and not believed any more.
    assert run(provider.issuer, clock, steps) == ["unknown"]


def test_unknown_keys_do_not_make_it_ask_on_and_on(provider: ProviderProcess, clock: Clock) -> None:
    before = provider.asked("/jwks")

    async def steps(asked: Provider) -> list[str]:
        found = [await told(asked, f"none-{n}") for n in range(20)]
        clock.now += RETRY_S
        return [*found, await told(asked, "none")]

    assert run(provider.issuer, clock, steps) == ["unknown"] * 21
    assert provider.asked("/jwks") == before + 2


def test_many_at_once_ask_once(provider: ProviderProcess, clock: Clock) -> None:
    before = provider.asked("/jwks")
    own = kid(provider)

    async def steps(asked: Provider) -> set[str]:
        return set(await asyncio.gather(*(told(asked, own) for _ in range(50))))

    assert run(provider.issuer, clock, steps) == {own}
    assert provider.asked("/jwks") == before + 1


def test_a_provider_that_is_down_is_told_from_a_key_that_is_not_there(
    provider: ProviderProcess, clock: Clock
) -> None:
    own = kid(provider)

    async def steps(asked: Provider) -> list[str]:
        found = [await told(asked, own)]
        await asyncio.to_thread(provider.stop)
        clock.now += FRESH_S + 1
        found += [await told(asked, own), await told(asked, "none")]
        clock.now += HELD_S
        found.append(await told(asked, own))
        await asyncio.to_thread(provider.start)
        found.append(await told(asked, own))
        clock.now += RETRY_S
        return [*found, await told(asked, own), await told(asked, "none")]

    # Known keys hold for a while; then nothing is known; asked again only after `RETRY_S`.
    assert run(provider.issuer, clock, steps) == [
        *(own, own, "unavailable", "unavailable"),
        *("unavailable", own, "unknown"),
    ]


@pytest.mark.parametrize("mode", ["fails", "long", "moved", "garbled", "foreign", "unsafe"])
def test_answers_that_are_none(
    provider: ProviderProcess, clock: Clock, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    own = kid(provider)
    provider.behave(mode)

    with caplog.at_level(logging.WARNING, "brainlens.server"):
        found = run(provider.issuer, clock, lambda asked: told(asked, own))

    assert found == "unavailable"
    (line,) = [json.loads(message) for message in caplog.messages]
    assert line["event"] == "provider_failed"
    assert set(line) == {"event", "error"}


def test_a_provider_that_says_nothing_is_not_waited_for(
    provider: ProviderProcess, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    own = kid(provider)

    async def steps(asked: Provider) -> list[str]:
        found = [await told(asked, own)]
        provider.behave("silent")
        clock.now += FRESH_S + 1
        monkeypatch.setattr(module, "TIMEOUT_S", 60.0)
        waiting = asyncio.create_task(told(asked, "none"))
        while not asked._lock.locked():
            await asyncio.sleep(0)
        # One asks, and the others go on with what they know.
        found.append(await told(asked, own))
        waiting.cancel()
        return found

    provider.behave("silent")
    assert run(provider.issuer, clock, lambda asked: told(asked, own)) == "unavailable"
    provider.behave("well")
    monkeypatch.setattr(module, "TIMEOUT_S", 60.0)
    assert run(provider.issuer, clock, steps) == [own, own]


def _public(kind: str = "RSA", **changed: Any) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if kind == "RSA":
        made = jwt.algorithms.RSAAlgorithm.to_jwk(
            rsa.generate_private_key(65537, 2048).public_key(), as_dict=True
        )
    else:
        made = jwt.algorithms.ECAlgorithm.to_jwk(
            ec.generate_private_key(ec.SECP256K1()).public_key(), as_dict=True
        )
    made.pop("key_ops", None)
    return {**made, "kid": "k", **changed}


def test_keys_for_signatures_are_taken() -> None:
    found = _keys_of({"keys": [_public(), _public(kid="other", use="sig", alg="PS256")]})

    assert {kid: key.algorithm_name for kid, key in found.items()} == {
        "k": "RS256",
        "other": "PS256",
    }


@pytest.mark.parametrize(
    "one",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k", "alg": "HS256"},
        {**_public(), "alg": "HS256"},
        {**_public(), "alg": "none"},
        {**_public(), "use": "enc"},
        {**_public(), "key_ops": ["encrypt"]},
        {**_public(), "d": "AQAB"},
        {**_public(), "kid": 7},
        {**_public(), "n": "!"},
        _public("EC"),
        {"kty": "EC", "crv": "P-999", "x": "a", "y": "b", "kid": "k"},
    ],
)
def test_other_keys_are_left_out(one: dict[str, Any]) -> None:
    assert _keys_of({"keys": [one]}) == {}
