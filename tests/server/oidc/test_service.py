"""The table of docs/service.md once more, asked with tokens instead of keys."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brainlens.server.attempts import ALLOWED
from brainlens.server.keys.scope import Scope
from brainlens.server.serve import Server
from brainlens.server.settings import Settings

from ...live_service import Live, Run
from ...oidc_process import ProviderProcess
from ...oidc_provider import AUDIENCE, CLIENT, CLIENT_SECRET
from .. import test_access
from ..test_access import TABLE, bearer
from ..test_route_predict import problem


@dataclass(frozen=True)
class Asking:
    """A service that believes a provider, and tokens of it by scope."""

    guarded: test_access.Guarded
    provider: ProviderProcess

    @property
    def live(self) -> Live:
        return self.guarded.live


@pytest.fixture(scope="module")
def asking(
    run_service: Run,
    _provider: ProviderProcess,
    slice_png: Callable[..., bytes],
    tiny_bundle: Path,
) -> Iterator[Asking]:
    _provider.behave("well")
    with run_service(
        workers=1,
        oidc_issuer=_provider.issuer,
        oidc_audience=AUDIENCE,
        bundle_dirs=(tiny_bundle.parent,),
    ) as live:
        tokens = {
            str(scope): _provider.sign(aud=AUDIENCE, sub=str(scope), scope=f"brainlens:{scope}")
            for scope in Scope
        }
        tokens["other"] = _provider.sign(aud=AUDIENCE, sub="other", scope="brainlens:predict")
        image = slice_png(0)
        own = {
            name: live.post("/predict", content=image, headers=bearer(tokens[name])).json()[
                "prediction_id"
            ]
            for name in ("predict", "admin", "other")
        }
        guarded = test_access.Guarded(live, tokens, own, own["other"], image)
        yield Asking(guarded, _provider)


@pytest.mark.parametrize("column", ["no key", *map(str, Scope)])
@pytest.mark.parametrize("route", TABLE)
def test_the_table_is_what_happens_with_tokens(asking: Asking, route: str, column: str) -> None:
    test_access.test_the_table_is_what_happens(asking.guarded, route, column)


def test_a_token_of_the_provider_opens_the_service(asking: Asking) -> None:
    token = asking.provider.token("brainlens:predict", client=CLIENT, word=CLIENT_SECRET)

    answer = asking.live.post("/predict", content=asking.guarded.image, headers=bearer(token))

    record = asking.live.get(
        f"/predictions/{answer.json()['prediction_id']}", headers=bearer(token)
    )
    assert record.status_code == 200
    assert record.json()["key_id"].startswith("o")
    assert CLIENT not in record.text


def test_nothing_of_the_subject_is_kept(asking: Asking, tmp_path: Path) -> None:
    token = asking.provider.sign(aud=AUDIENCE, sub="jane@doe.test", scope="brainlens:predict")
    asking.live.post("/predict", content=asking.guarded.image, headers=bearer(token))

    kept = asking.live.service.settings.data_dir
    written = b"".join(path.read_bytes() for path in kept.iterdir() if path.is_file())

    assert len(written) > 10_000
    assert b"jane" not in written


def test_a_service_with_an_issuer_is_closed_without_any_key(asking: Asking) -> None:
    assert not asking.live.service.storage.keys.any()
    assert asking.live.server.needs_keys
    assert problem(asking.live.post("/predict", content=b"x")) == "key-needed"


def test_keys_and_tokens_go_together(run_service: Run, provider: ProviderProcess) -> None:
    path = f"/predictions/{'0' * 32}"
    with run_service(oidc_issuer=provider.issuer, oidc_audience=AUDIENCE) as live:
        _, key = live.service.storage.keys.create("a", (Scope.READ,))
        token = provider.sign(aud=AUDIENCE, scope="brainlens:read")
        codes = [live.get(path, headers=bearer(one)).status_code for one in (key, token)]
        both = {**bearer(token), "X-API-Key": key}

        assert codes == [404, 404]
        assert problem(live.get(path, headers=both)) == "key-needed"


def test_a_refused_token_counts_as_an_attempt_and_an_expired_one_does_not(
    run_service: Run, provider: ProviderProcess
) -> None:
    path = f"/predictions/{'0' * 32}"
    with run_service(oidc_issuer=provider.issuer, oidc_audience=AUDIENCE) as live:
        old = provider.sign(aud=AUDIENCE, exp=1)
        wrong = provider.sign(aud="https://other.test")
        answers = [live.get(path, headers=bearer(old)) for _ in range(ALLOWED + 1)]
        told = [problem(live.get(path, headers=bearer(wrong))) for _ in range(ALLOWED + 1)]

    assert {problem(answer) for answer in answers} == {"token-expired"}
    assert answers[0].status_code == 401
    assert answers[0].headers["www-authenticate"] == (
        'Bearer realm="brainlens", error="invalid_token"'
    )
    assert told == ["token-refused"] * ALLOWED + ["too-many-attempts"]


def test_a_provider_that_is_down_is_no_fault_of_the_caller(
    run_service: Run, provider: ProviderProcess
) -> None:
    path = f"/predictions/{'0' * 32}"
    token = provider.sign(aud=AUDIENCE, scope="brainlens:read")
    with run_service(oidc_issuer=provider.issuer, oidc_audience=AUDIENCE) as live:
        _, key = live.service.storage.keys.create("a", (Scope.READ,))
        provider.stop()
        try:
            answers = [live.get(path, headers=bearer(token)) for _ in range(ALLOWED + 1)]
            with_key = live.get(path, headers=bearer(key))
        finally:
            provider.start()

    assert {problem(answer) for answer in answers} == {"provider-unavailable"}
    assert answers[0].status_code == 503
    assert answers[0].headers["retry-after"]
    assert with_key.status_code == 404


def test_the_network_may_be_served_with_an_issuer_and_no_key(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    chosen: dict[str, Any] = {"port": 0, "bundles": {"tiny": tiny_bundle}, "data_dir": tmp_path}
    chosen |= {"oidc_issuer": "https://login.example.org", "oidc_audience": AUDIENCE}

    server = Server(Settings(host="0.0.0.0", **chosen), print)  # noqa: S104 - that it may

    server._socket.close()
    assert server.needs_keys


def test_who_asked_stands_in_the_log_as_in_the_records(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    token = asking.provider.sign(aud=AUDIENCE, sub="jane@doe.test", scope="brainlens:read")

    with caplog.at_level("INFO", "brainlens.server"):
        asking.live.get(f"/predictions/{'0' * 32}", headers=bearer(token))
        asking.live.wait_until(lambda _: bool(caplog.messages))

    (line,) = [json.loads(message) for message in caplog.messages]
    assert line["key"].startswith("o")
    assert "jane" not in caplog.text
