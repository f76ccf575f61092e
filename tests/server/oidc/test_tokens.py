import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from brainlens.server.keys.scope import Scope
from brainlens.server.oidc.provider import Provider
from brainlens.server.oidc.tokens import LEEWAY_S, MAX_LENGTH, Identity, Tokens
from brainlens.server.refusals import TokenExpired, TokenRefused

from ...oidc_process import ProviderProcess
from ...oidc_provider import AUDIENCE, CLIENT, CLIENT_SECRET

SCOPES = {"lens-ask": Scope.PREDICT, "lens-look": Scope.READ}


def check(provider: ProviderProcess, token: str, **chosen: Any) -> Identity:
    given: dict[str, Any] = {
        "issuer": provider.issuer,
        "audience": AUDIENCE,
        "claim": "scope",
        "scopes": SCOPES,
        "clients": (),
        **chosen,
    }

    async def go() -> Identity:
        tokens = Tokens(Provider(provider.issuer), **given)
        try:
            return await tokens.check(token, "request-1")
        finally:
            await tokens.close()

    return asyncio.run(go())


def test_a_token_of_the_provider_is_believed(provider: ProviderProcess) -> None:
    token = provider.token("brainlens:predict", client=CLIENT, word=CLIENT_SECRET)

    identity = check(provider, token, scopes={"brainlens:predict": Scope.PREDICT})

    assert identity == Identity(provider.issuer, CLIENT, frozenset({Scope.PREDICT}))


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_keys_of_both_kinds(provider: ProviderProcess, kind: str) -> None:
    provider.rotate(kind)

    assert check(provider, provider.sign(aud=AUDIENCE)).subject == "somebody"


@pytest.mark.parametrize(
    ("told", "granted"),
    [
        ("lens-ask", {Scope.PREDICT}),
        ("openid lens-look lens-ask", {Scope.PREDICT, Scope.READ}),
        (["lens-look", "other", 7], {Scope.READ}),
        ("LENS-ASK", set()),
        ("predict", set()),
        (None, set()),
        ({"lens-ask": True}, set()),
        (True, set()),
    ],
)
def test_words_stand_for_scopes(provider: ProviderProcess, told: object, granted: set[str]) -> None:
    identity = check(provider, provider.sign(aud=AUDIENCE, scope=told))

    assert identity.scopes == granted


def test_the_claim_of_the_words_can_be_chosen(provider: ProviderProcess) -> None:
    token = provider.sign(aud=AUDIENCE, roles=["lens-ask"], scope="lens-look")

    assert check(provider, token, claim="roles").scopes == {Scope.PREDICT}


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": None}, {}),
        ({"aud": "https://other.test"}, {}),
        ({"aud": []}, {}),
        ({"aud": [AUDIENCE + "/"]}, {}),
        ({"iss": "https://other.test"}, {}),
        ({"iss": None}, {}),
        ({"sub": None}, {}),
        ({"sub": 7}, {}),
        ({"exp": None}, {}),
        ({"exp": "soon"}, {}),
        ({"nbf": time.time() + 3600}, {}),
        ({"iat": time.time() + 3600}, {}),
        ({"aud": [AUDIENCE, "https://other.test"]}, {}),
        ({"azp": 7}, {}),
        ({"cnf": {"jkt": "x"}}, {}),
        ({}, {"typ": "logout+jwt"}),
        ({}, {"kid": "unknown"}),
    ],
)
def test_tokens_that_are_not_for_this_service(
    provider: ProviderProcess, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    token = provider.sign(header, **{"aud": AUDIENCE, **claims})

    with pytest.raises(TokenRefused) as caught:
        check(provider, token)

    assert caught.value.hint


@pytest.mark.parametrize(
    ("claims", "clients", "accepted"),
    [
        ({}, (), True),
        ({"azp": "ward"}, (), True),
        ({"azp": "ward"}, ("ward",), True),
        ({"client_id": "ward"}, ("ward", "lab"), True),
        ({"azp": "other"}, ("ward",), False),
        ({"azp": "other", "client_id": "ward"}, ("ward",), False),
        ({}, ("ward",), False),
        ({"aud": [AUDIENCE, "https://other.test"], "azp": "ward"}, (), True),
    ],
)
def test_clients_may_be_named(
    provider: ProviderProcess, claims: dict[str, Any], clients: tuple[str, ...], accepted: bool
) -> None:
    token = provider.sign(**{"aud": AUDIENCE, **claims})

    if accepted:
        assert check(provider, token, clients=clients).subject == "somebody"
    else:
        with pytest.raises(TokenRefused):
            check(provider, token, clients=clients)


@pytest.mark.parametrize(("past", "valid"), [(LEEWAY_S - 10, True), (LEEWAY_S + 10, False)])
def test_expiry_is_told_from_other_faults(
    provider: ProviderProcess, past: int, valid: bool
) -> None:
    token = provider.sign(aud=AUDIENCE, exp=int(time.time()) - past)

    if valid:
        assert check(provider, token).subject == "somebody"
    else:
        with pytest.raises(TokenExpired):
            check(provider, token)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _other_key(provider: ProviderProcess, good: str) -> str:
    claims = jwt.decode(good, options={"verify_signature": False})
    key = rsa.generate_private_key(65537, 2048)
    kid = jwt.get_unverified_header(good)["kid"]
    return jwt.encode(claims, key, "RS256", headers={"kid": kid})


def _nobodys(provider: ProviderProcess, good: str) -> str:
    header = {**jwt.get_unverified_header(good), "alg": "none"}
    return f"{_part(header)}.{good.split('.')[1]}."


def _public_key_as_secret(provider: ProviderProcess, good: str) -> str:
    kid = jwt.get_unverified_header(good)["kid"]
    (key,) = provider.client.get(f"{provider.issuer}/jwks").json()["keys"]
    text = f"{_part({'alg': 'HS256', 'kid': kid})}.{good.split('.')[1]}"
    code = hmac.digest(json.dumps(key).encode(), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}"


def _changed(provider: ProviderProcess, good: str) -> str:
    head, body, code = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{_part({**claims, 'scope': 'lens-ask lens-look'})}.{code}"


def _key_brought_along(provider: ProviderProcess, good: str) -> str:
    key = rsa.generate_private_key(65537, 2048)
    own = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]
    return jwt.encode(claims, key, "RS256", headers={"kid": kid, "jwk": own})


def _other_algorithm(provider: ProviderProcess, good: str) -> str:
    _, body, code = good.split(".")
    header = jwt.get_unverified_header(good)
    return f"{_part({**header, 'alg': 'PS256'})}.{body}.{code}"


@pytest.mark.parametrize(
    "forge",
    [
        _other_key,
        _nobodys,
        _public_key_as_secret,
        _changed,
        _key_brought_along,
        _other_algorithm,
        lambda _, good: good + "A",
        lambda _, good: good[:-4],
        lambda _, good: "a.b.c",
        lambda _, good: "..",
        lambda _, good: _part([]) + "." + good.split(".", 1)[1],
        lambda _, good: f"{_part({'alg': 'RS256'})}.{good.split('.', 1)[1]}",
        lambda _, good: f"{_part({'alg': 'RS256', 'kid': ['a']})}.{good.split('.', 1)[1]}",
        lambda _, good: f"{_part({'alg': ['RS256'], 'kid': 'a'})}.{good.split('.', 1)[1]}",
        lambda _, good: "é.é.é",
    ],
)
def test_forged_tokens(
    provider: ProviderProcess, forge: Callable[[ProviderProcess, str], str]
) -> None:
    good = provider.sign(aud=AUDIENCE)
    assert check(provider, good).subject == "somebody"

    with pytest.raises(TokenRefused):
        check(provider, forge(provider, good))


def test_long_tokens_are_not_even_read(provider: ProviderProcess) -> None:
    token = provider.sign(aud=AUDIENCE, more="x" * MAX_LENGTH)

    with pytest.raises(TokenRefused):
        check(provider, token)


def test_the_log_says_why_and_nothing_of_the_token(
    provider: ProviderProcess, caplog: pytest.LogCaptureFixture
) -> None:
    token = provider.sign(aud="https://JaneDoe.test", sub="JaneDoe")

    with caplog.at_level(logging.INFO, "brainlens.server"), pytest.raises(TokenRefused) as caught:
        check(provider, token)

    (line,) = [json.loads(message) for message in caplog.messages]
    assert line == {
        "event": "token_refused",
        "request_id": "request-1",
        "error": "InvalidAudienceError",
    }
    assert "Audience" not in str(caught.value)


def test_subjects_are_told_apart_and_not_told() -> None:
    one, other, elsewhere = (
        Identity(issuer, subject, frozenset())
        for issuer, subject in (
            ("i", "jane@doe.test"),
            ("i", "john@doe.test"),
            ("j", "jane@doe.test"),
        )
    )
    ids = [who.key_id(b"key") for who in (one, other, elsewhere)] + [one.key_id(b"other key")]

    assert len(set(ids)) == 4
    assert all(len(id_) == 16 and id_.startswith("o") for id_ in ids)
    assert one.key_id(b"key") == ids[0]
