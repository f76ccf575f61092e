import asyncio
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator

import pytest

from brainlens.errors import UsageError
from brainlens.server.keys.scope import Scope
from brainlens.server.rate_limits import PAUSE_S, RateLimits
from brainlens.server.refusals import TooManyRequests

from ..live_service import Live, Run
from ..redis_server import RedisServer, redis_server
from .test_route_predict import problem


class Clock:
    """A clock that a test moves; that of the library too."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("throttled.utils.now_mono_f", made)
    return made


async def taken(limits: RateLimits, caller: str, tries: int) -> int:
    """Return how many of so many requests at once are taken."""
    count = 0
    for _ in range(tries):
        try:
            await limits.take(caller)
        except TooManyRequests:
            continue
        count += 1
    return count


def test_a_bucket_empties_and_fills_again(clock: Clock) -> None:
    async def check() -> None:
        limits = RateLimits(30, 10)
        assert await taken(limits, "a", 20) == 10
        clock.now += 0.5
        with pytest.raises(TooManyRequests) as caught:
            await limits.take("a")
        assert caught.value.wait_s == 1.5
        clock.now += 1.5
        assert await taken(limits, "a", 20) == 1
        clock.now += 3600
        assert await taken(limits, "a", 20) == 10

    asyncio.run(check())


def test_in_the_long_run_the_rate_is_granted_and_no_more(clock: Clock) -> None:
    async def check() -> None:
        limits = RateLimits(90, 10)
        granted = 0
        for _ in range(6000):
            granted += await taken(limits, "a", 1)
            clock.now += 0.1
        # 10 minutes of 90, and what the bucket held.
        assert 900 <= granted <= 910

    asyncio.run(check())


def test_callers_have_buckets_of_their_own() -> None:
    async def check() -> None:
        limits = RateLimits(1, 2)
        assert [await taken(limits, name, 3) for name in ("a", "b", "a")] == [2, 2, 0]

    asyncio.run(check())


def test_zero_is_no_limit() -> None:
    async def check() -> None:
        limits = RateLimits(0, 1)
        assert await taken(limits, "a", 50) == 50
        assert not limits.shared
        await limits.close()

    asyncio.run(check())


@pytest.mark.parametrize("url", ["http://host", "redis:/host", "redis://host:port/0"])
def test_url_that_is_none_of_redis_is_refused_unquoted(url: str) -> None:
    with pytest.raises(UsageError, match="REDIS_URL") as caught:
        RateLimits(1, 1, url)

    assert url not in str(caught.value)


def test_a_key_is_limited_and_told_when_to_come_again(
    run_service: Run, ambiguous_png: bytes
) -> None:
    with run_service(rate_limit=1, rate_burst=2) as live:
        keys = {n: live.service.storage.keys.create(n, (Scope.PREDICT,))[1] for n in ("a", "b")}

        def ask(name: str, path: str = "/predict") -> int:
            headers = {"X-API-Key": keys[name]}
            return live.post(path, content=ambiguous_png, headers=headers).status_code

        assert [ask("a"), ask("a"), ask("a")] == [200, 200, 429]
        # Another key is another caller, and another route is the same one.
        assert ask("b") == 200
        refused = live.get(f"/predictions/{'0' * 32}", headers={"X-API-Key": keys["a"]})
        assert problem(refused) == "too-many-requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert live.get("/livez").status_code == 200


def test_without_keys_an_address_is_limited(run_service: Run, ambiguous_png: bytes) -> None:
    with run_service(rate_limit=1, rate_burst=1) as live:
        codes = [live.post("/predict", content=ambiguous_png).status_code for _ in range(2)]

    assert codes == [200, 429]


def test_an_unusable_url_is_said_before_the_service_starts(run_service: Run) -> None:
    with pytest.raises(UsageError), run_service(redis_url="memcached://host"):
        raise AssertionError


@pytest.fixture(scope="module")
def redis_process() -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed: scripts/install-system-packages")
    with redis_server() as server:
        yield server


def with_limits(work: Callable[..., Awaitable[None]], *given: RateLimits) -> None:
    async def run() -> None:
        try:
            await work(*given)
        finally:
            for limits in given:
                await limits.close()

    asyncio.run(run())


@pytest.mark.system
def test_processes_share_a_bucket_in_redis(redis_process: RedisServer) -> None:
    async def check(one: RateLimits, other: RateLimits) -> None:
        assert await taken(one, "shared", 3) == 3
        assert await taken(other, "shared", 10) == 2
        assert await taken(one, "shared", 1) == 0
        assert one.shared
        assert other.shared
        assert [key for key in redis_process.names() if key.endswith("shared")]

    with_limits(check, *(RateLimits(1, 5, redis_process.url) for _ in range(2)))


@pytest.mark.system
@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_while_redis_is_gone_each_process_limits_by_itself(
    redis_process: RedisServer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()

    async def check(limits: RateLimits) -> None:
        assert await taken(limits, fault, 10) == 5
        assert redis_process.process is not None
        if fault == "killed":
            redis_process.stop()
        else:
            redis_process.process.send_signal(signal.SIGSTOP)

        # Neither refused nor unlimited; and only the first of these waits for Redis.
        assert await taken(limits, fault, 50) == 5
        assert not limits.shared

        if fault == "killed":
            redis_process.start()
        else:
            redis_process.process.send_signal(signal.SIGCONT)
        clock.now += PAUSE_S
        await taken(limits, fault, 1)
        assert limits.shared

    with caplog.at_level("INFO", "brainlens.server"):
        with_limits(check, RateLimits(1, 5, redis_process.url, clock=clock))

    said = [r.message for r in caplog.records if "rate_limits" in r.message]
    assert len(said) == 2
    assert "rate_limits_alone" in said[0]
    assert "rate_limits_shared" in said[1]


@pytest.mark.system
def test_the_service_limits_through_redis(
    run_service: Run, redis_process: RedisServer, ambiguous_png: bytes
) -> None:
    def ask(live: Live) -> int:
        return live.post("/predict", content=ambiguous_png).status_code

    given = {"rate_limit": 1, "rate_burst": 3, "redis_url": redis_process.url}
    with run_service(**given) as one, run_service(**given) as other:
        assert [ask(one), ask(other), ask(one), ask(other), ask(one)] == [200, 200, 200, 429, 429]


@pytest.mark.system
def test_the_service_starts_without_its_redis(run_service: Run, ambiguous_png: bytes) -> None:
    with run_service(redis_url="unix:///nowhere/at/all", rate_limit=1, rate_burst=1) as live:
        codes = [live.post("/predict", content=ambiguous_png).status_code for _ in range(2)]

    assert codes == [200, 429]
