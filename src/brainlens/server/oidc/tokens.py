"""Bearer tokens: signed statements of an identity provider on who asks and what they may."""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from brainlens.files import canonical_json
from brainlens.server.keys.scope import Scope
from brainlens.server.oidc.provider import ALGORITHMS, Provider
from brainlens.server.refusals import TokenExpired, TokenRefused
from brainlens.server.request_log import log

#: Seconds by which clocks may differ.
LEEWAY_S: Final = 30
#: Characters of a token at most.
MAX_LENGTH: Final = 8192
#: ``typ`` of an access token (RFC 9068) and of a token that says nothing of its type.
TYPES: Final = frozenset({"at+jwt", "application/at+jwt", "jwt"})
_REQUIRED: Final = ("exp", "iss", "aud", "sub")
_ID_LENGTH: Final = 15
_HINT: Final = "Get a new token for this service from the identity provider."


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a valid token speaks of.

    Attributes
    ----------
    issuer, subject
        Who they are, and who says so.
    scopes
        What they may do here.
    """

    issuer: str
    subject: str
    scopes: frozenset[Scope]

    def key_id(self, key: bytes) -> str:
        """Return what stands in records and logs for them: a keyed hash, ``o`` before it.

        The subject itself may be an e-mail address or a staff number, which a record has no use
        for; and whoever lacks the key cannot try names out.
        """
        statement = canonical_json({"issuer": self.issuer, "subject": self.subject})
        return "o" + hmac.new(key, statement, hashlib.sha256).hexdigest()[:_ID_LENGTH]


class Tokens:
    """Checks tokens; for one event loop.

    Parameters
    ----------
    provider
        Where the keys are.
    issuer, audience
        What ``iss`` must be, and what ``aud`` must be or hold.
    claim
        The claim that says what the subject may do: words with spaces between, or a list.
    scopes
        Word → scope.
    clients
        Identifiers of clients whose tokens are accepted; empty: of all.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        issuer: str,
        audience: str,
        claim: str,
        scopes: Mapping[str, Scope],
        clients: Collection[str],
    ) -> None:
        self._provider = provider
        self._issuer = issuer
        self._audience = audience
        self._claim = claim
        self._scopes = dict(scopes)
        self._clients = frozenset(clients)

    async def check(self, text: str, request_id: str) -> Identity:
        """Return whom a token speaks of.

        Parameters
        ----------
        text
            The token.
        request_id
            For the log, which says why a token was refused; the answer does not.

        Raises
        ------
        TokenExpired
            If it was valid once.
        TokenRefused
            If it is none of the issuer's for this service.
        ProviderUnavailable
            If that cannot be told now.
        """
        try:
            return await self._check(text)
        except jwt.ExpiredSignatureError:
            raise TokenExpired("The token has expired.", hint=_HINT) from None
        except jwt.PyJWTError as error:
            # By its type: its message may quote the token.
            log("token_refused", request_id=request_id, error=type(error).__name__)
            raise TokenRefused("The token is not valid for this service.", hint=_HINT) from None

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._provider.close()

    async def _check(self, text: str) -> Identity:
        if len(text) > MAX_LENGTH:
            raise jwt.DecodeError("too long")
        header = jwt.get_unverified_header(text)
        if str(header.get("typ", "JWT")).lower() not in TYPES:
            raise jwt.InvalidTokenError("not an access token")
        # Before the provider is asked: what no key of it can have signed.
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise jwt.InvalidAlgorithmError("no algorithm or key of an issuer")
        key = await self._provider.key(header["kid"])
        if key is None:
            raise jwt.InvalidKeyError("no key of the issuer")
        claims = jwt.decode(
            text,
            key,
            algorithms=ALGORITHMS,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_S,
            options={"require": list(_REQUIRED), "enforce_minimum_key_length": True},
        )
        self._check_client(claims)
        return Identity(self._issuer, claims["sub"], self._granted(claims.get(self._claim)))

    def _check_client(self, claims: Mapping[str, Any]) -> None:
        client = claims.get("azp", claims.get("client_id"))
        known = isinstance(client, str) and (not self._clients or client in self._clients)
        for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if not known and (self._clients or for_several or client is not None):
            raise jwt.InvalidTokenError("of a client that is not accepted")
        if "cnf" in claims:
            # Bound to a key that its holder has to show, which a bearer does not.
            raise jwt.InvalidTokenError("not a bearer token")

    def _granted(self, told: Any) -> frozenset[Scope]:
        words = told.split() if isinstance(told, str) else told
        if not isinstance(words, list):
            return frozenset()
        known = (self._scopes.get(word) for word in words if isinstance(word, str))
        return frozenset(scope for scope in known if scope is not None)
