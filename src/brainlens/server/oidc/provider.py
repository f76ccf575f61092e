"""The identity provider's keys: fetched when they are needed, kept for a while."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import jwt

from brainlens.server.oidc.address import is_safe
from brainlens.server.oidc.unavailable import ProviderUnavailable
from brainlens.server.request_log import log

#: Signatures with a private key that only the provider has. No HMAC: its key would be public here.
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
#: Seconds after which keys are fetched again.
FRESH_S: Final = 300.0
#: Seconds for which they hold while the provider does not answer.
HELD_S: Final = 3600.0
#: Seconds between two attempts to fetch, however many tokens name keys that are not known.
RETRY_S: Final = 5.0
#: Seconds that the provider is given.
TIMEOUT_S: Final = 5.0
#: Bytes of an answer of the provider that are read.
MAX_BYTES: Final = 256 * 1024

_DISCOVERY: Final = "/.well-known/openid-configuration"
_PUBLIC: Final = frozenset({"RSA", "EC", "OKP"})


class Provider:
    """Finds the keys that an issuer signs with; for one event loop.

    Parameters
    ----------
    issuer
        The issuer's URL, from which discovery (OpenID Connect Discovery 1.0) starts.
    clock
        Seconds that never go back.
    """

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._failed = False
        self._lock = asyncio.Lock()
        # Made once: it reads the machine's certificates, which takes its time.
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of an identifier, or None where the issuer has no such key.

        Keys are fetched anew when they are old, and when one is asked for that is not known: the
        issuer may sign with a new one. The second at most every `RETRY_S` seconds.

        Raises
        ------
        ProviderUnavailable
            If the provider would have to say, and does not answer.
        """
        if self._is_due(kid):
            # One asks for all. Whose key is known does not wait for the answer.
            if kid in self._keys and self._lock.locked() and self._holds():
                return self._keys[kid]
            async with self._lock:
                if self._is_due(kid) and self._may_try():
                    await self._fetch()
        if self._holds():
            if kid in self._keys:
                return self._keys[kid]
            if not self._failed:
                return None
        raise ProviderUnavailable(
            "The identity provider does not answer, so the token cannot be checked.",
            hint="Send the request again later; an API key works meanwhile.",
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _is_due(self, kid: str) -> bool:
        return kid not in self._keys or self._age(self._fetched) > FRESH_S

    def _holds(self) -> bool:
        return self._age(self._fetched) <= HELD_S

    def _may_try(self) -> bool:
        return self._age(self._tried) >= RETRY_S

    def _age(self, moment: float | None) -> float:
        return float("inf") if moment is None else self._clock() - moment

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                told = await self._get(self._issuer.rstrip("/") + _DISCOVERY)
                if told["issuer"] != self._issuer:
                    raise ValueError("it speaks for another issuer")
                self._keys = _keys_of(await self._get(told["jwks_uri"]))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, *_MALFORMED) as error:
            self._failed = True
            log("provider_failed", logging.WARNING, error=type(error).__name__)
        else:
            self._failed = False
            self._fetched = self._clock()

    async def _get(self, url: Any) -> Any:
        """Return the JSON at an address of the provider; no redirect is followed."""
        if not (isinstance(url, str) and is_safe(url)):
            raise ValueError("its address is not safe")
        content = bytearray()
        async with self._client.stream("GET", url, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ValueError("its answer is no success")
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > MAX_BYTES:
                    raise ValueError("its answer is too long")
        return json.loads(content)


#: What comes of answers that are not as the standards have them; `TimeoutError` is an `OSError`.
_MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def _keys_of(told: Any) -> dict[str, jwt.PyJWK]:
    """Return the public keys for signatures in a set (RFC 7517), by identifier."""
    found = {}
    for one in told["keys"]:
        if not _is_for_signatures(one):
            continue
        try:
            key = jwt.PyJWK(one)
        except jwt.PyJWTError:
            # A curve or type that is not known here; other keys may do.
            continue
        if key.algorithm_name in ALGORITHMS:
            found[one["kid"]] = key
    return found


def _is_for_signatures(one: Any) -> bool:
    return (
        isinstance(one.get("kid"), str)
        and one.get("kty") in _PUBLIC
        and one.get("use", "sig") == "sig"
        and one.get("alg", ALGORITHMS[0]) in ALGORITHMS
        and "verify" in one.get("key_ops", ["verify"])
        and "d" not in one
    )
