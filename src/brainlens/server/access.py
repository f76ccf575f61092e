"""Who asks, and whether they may: the dependency in front of every route that is not for all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from brainlens.errors import ServiceBusy
from brainlens.server.attempts import network_of
from brainlens.server.database.database import DatabaseError
from brainlens.server.keys.scope import Scope, granted
from brainlens.server.oidc.unavailable import ProviderUnavailable
from brainlens.server.refusals import (
    KeyNeeded,
    KeysFirst,
    ScopeNeeded,
    TokenExpired,
    TokenRefused,
    TooManyAttempts,
    TooManyRequests,
)
from brainlens.server.service import Service, service_of
from brainlens.server.stages import stage

if TYPE_CHECKING:
    from brainlens.server.oidc.tokens import Tokens

KEY_HEADER: Final = "X-API-Key"
#: Headers that say a proxy stands between.
PROXY_HEADERS: Final = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)
#: What everybody on this machine may do while there are no keys.
WITHOUT_KEYS: Final = frozenset({Scope.PREDICT, Scope.READ})
_HINT: Final = f"Send it as Authorization: Bearer KEY, or as {KEY_HEADER}: KEY."

# These two put the ways to send a key into the API document; which of them was used, if any, is
# read below, since both at once must be told from one.
_BEARER: Final = HTTPBearer(
    auto_error=False,
    description="An API key, or a token of the service's identity provider if it has one; or none "
    "on loopback.",
)
_API_KEY: Final = APIKeyHeader(
    name=KEY_HEADER, auto_error=False, description="An API key, or none on loopback."
)


#: What `caller_of` may raise, for the API document.
ACCESS_ERRORS: Final = (
    KeyNeeded,
    TokenRefused,
    TokenExpired,
    KeysFirst,
    TooManyAttempts,
    TooManyRequests,
    ServiceBusy,
    ProviderUnavailable,
    DatabaseError,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes
    ----------
    key_id
        The key's public identifier, or a keyed hash of a token's subject; None while there are no
        keys.
    scopes
        What they may do.
    """

    key_id: str | None
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Return whether they may do what ``scope`` stands for."""
        return scope in self.scopes


async def caller_of(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    _bearer: Annotated[object, Depends(_BEARER)],
    _api_key: Annotated[object, Depends(_API_KEY)],
) -> Caller:
    """Return who asks, a request of whom has been counted.

    Raises
    ------
    TooManyRequests
        If they ask faster than the service's limit.
    KeyNeeded, TokenRefused, TokenExpired, KeysFirst, TooManyAttempts, ServiceBusy,
    ProviderUnavailable, DatabaseError
        As `_identified`.
    """
    with stage(request.scope, "access"):
        caller = await _identified(request, service)
    await service.rate_limits.take(
        f"key:{caller.key_id}" if caller.key_id else f"address:{network_of(_address(request))}"
    )
    return caller


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _identified(request: Request, service: Service) -> Caller:
    """Return who asks.

    Raises
    ------
    KeyNeeded
        If there are keys, and the request carries none that is valid.
    TokenRefused, TokenExpired
        If it carries a token that is not valid.
    KeysFirst
        If there are no keys, and the request came through a proxy.
    TooManyAttempts
        If the address has failed too often; its key is not even looked at then.
    ServiceBusy, ProviderUnavailable, DatabaseError
        If the token or the key cannot be checked now.
    """
    keys = service.storage.keys
    # In a thread, since a database far away may take its time.
    if service.tokens is None and not (keys.known or await service.look_up(keys.any)):
        return _without_keys(request)
    address = _address(request)
    if (wait_s := service.attempts.wait_s(address)) > 0:
        raise TooManyAttempts(wait_s)
    sent = sorted(_keys_sent(request))
    if len(sent) != 1:
        # Nobody guesses by sending nothing, and a browser does so first: not counted.
        what = "no API key" if not sent else "more than one API key"
        raise KeyNeeded(f"The request carries {what}.", hint=_HINT)
    if service.tokens is not None and _is_token(sent[0]):
        return await _by_token(request, service, service.tokens, sent[0])
    key = await service.look_up(partial(keys.check, sent[0]))
    if key is None:
        service.attempts.note(address)
        raise KeyNeeded(
            "The API key is not known, has expired or was revoked.",
            hint="Ask the operator for a new one: brainlens keys create NAME --scope predict.",
        )
    request.scope["state"]["key_id"] = key.key_id
    return Caller(key.key_id, granted(key.scopes))


async def _by_token(request: Request, service: Service, tokens: "Tokens", text: str) -> Caller:
    state = request.scope["state"]
    try:
        identity = await tokens.check(text, state["request_id"])
    except TokenRefused:
        # One that has only expired was no guess.
        service.attempts.note(_address(request))
        raise
    state["key_id"] = identity.key_id(service.storage.secret.key("subjects"))
    return Caller(state["key_id"], granted(identity.scopes))


def _is_token(text: str) -> bool:
    """Return whether it has the three parts of a signed token; an API key has no dot."""
    return text.count(".") == 2


def _without_keys(request: Request) -> Caller:
    if any(name in request.headers for name in PROXY_HEADERS):
        raise KeysFirst(
            "The request came through a proxy, so others than this machine may reach the service, "
            "and it has no keys yet.",
            hint="Make one, which closes the service to all others: "
            "brainlens keys create NAME --scope predict.",
        )
    return Caller(None, WITHOUT_KEYS)


def _keys_sent(request: Request) -> set[str]:
    """Return what was sent as a key, each once; another scheme than Bearer is no key."""
    sent = {value.strip() for value in request.headers.getlist(KEY_HEADER)}
    for value in request.headers.getlist("authorization"):
        scheme, _, text = value.partition(" ")
        sent.add(text.strip() if scheme.lower() == "bearer" else "")
    return sent


def _asking(scope: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if not caller.may(scope):
            raise ScopeNeeded(
                f"The API key is not for this: it needs the scope {scope}.",
                hint=f"Use a key made with --scope {scope}, or a token that stands for it.",
            )
        return caller

    return check


#: The caller of a route that needs the scope of that name.
Predicting = Annotated[Caller, Depends(_asking(Scope.PREDICT))]
Reading = Annotated[Caller, Depends(_asking(Scope.READ))]
Administering = Annotated[Caller, Depends(_asking(Scope.ADMIN))]
