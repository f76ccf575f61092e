"""How many requests a caller may make: a bucket of tokens each, here or shared through Redis."""

import asyncio
import logging
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from throttled.asyncio import (
    MemoryStore,
    RateLimiterType,
    RateLimitResult,
    RedisStore,
    Throttled,
    per_min,
)
from throttled.exceptions import StoreUnavailableError

from brainlens.errors import MissingExtra, UsageError
from brainlens.server.refusals import TooManyRequests
from brainlens.server.request_log import log

#: Callers remembered in this process; those that were silent longest are forgotten first.
REMEMBERED: Final = 10_000
#: Seconds that Redis is given: somebody waits for the answer.
PATIENCE_S: Final = 0.25
#: Seconds for which Redis is left alone after it failed.
PAUSE_S: Final = 5.0
_PREFIX: Final = "brainlens"
_SCHEMES: Final = ("redis://", "rediss://", "unix://")


class _ClosingRedisStore(RedisStore):
    """A store whose connections can be given back."""

    async def aclose(self) -> None:
        # The protocol that the library declares for its client leaves this out; redis-py has it.
        await self._backend.get_client().aclose(close_connection_pool=True)  # type: ignore[attr-defined]  # above


class RateLimits:
    """Takes a token from a caller's bucket for each request; for one event loop.

    A bucket holds ``burst`` tokens and gains ``per_minute`` of them in a minute, evenly. Kept in
    Redis it is one for all processes. While Redis does not answer, each process keeps buckets of
    its own: nobody is refused for that, and nobody has no limit.

    Parameters
    ----------
    per_minute
        Requests a minute that a caller may make for ever; 0 for no limit.
    burst
        Requests that one who was silent may make at once.
    redis_url
        ``redis://user:password@host:port/0``, ``rediss://…`` or ``unix://path``; None keeps the
        buckets in this process.
    clock
        Seconds that never go back.

    Raises
    ------
    UsageError
        If the URL cannot be used.
    MissingExtra
        If Redis's client is not installed.
    """

    def __init__(
        self,
        per_minute: int,
        burst: int,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._own: Throttled | None = None
        self._shared: Throttled | None = None
        self._redis: _ClosingRedisStore | None = None
        self._paused_until = 0.0
        self._failing = False
        if per_minute == 0:
            return
        quota = per_min(per_minute, burst)
        # The library's "token_bucket" counts whole seconds and forgets fractions of tokens; GCRA
        # is the same law without rounding. See docs/decisions/0019-limits.md.
        law = RateLimiterType.GCRA.value
        memory = MemoryStore(options={"MAX_SIZE": REMEMBERED})
        self._own = Throttled(using=law, quota=quota, store=memory)
        if redis_url is not None:
            self._redis = _redis_store(redis_url)
            self._shared = Throttled(using=law, quota=quota, store=self._redis, key_prefix=_PREFIX)

    @property
    def shared(self) -> bool:
        """Whether the buckets are those of all processes now."""
        return self._shared is not None and not self._failing

    async def take(self, caller: str) -> None:
        """Take a token.

        Parameters
        ----------
        caller
            Whose bucket.

        Raises
        ------
        TooManyRequests
            If it is empty.
        """
        if self._own is None:
            return
        result = await self._ask_redis(caller)
        if result is None:
            result = await self._own.limit(caller)
        if result.limited:
            raise TooManyRequests(result.state.retry_after)

    async def close(self) -> None:
        """Give the connections back."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _ask_redis(self, caller: str) -> RateLimitResult | None:
        """Return what Redis says, or None where there is none or it does not answer."""
        if self._shared is None or self._clock() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                result = await self._shared.limit(caller)
        # A host that cannot be looked up is an OSError still.
        except (StoreUnavailableError, OSError, TimeoutError) as error:
            self._paused_until = self._clock() + PAUSE_S
            if not self._failing:
                self._failing = True
                cause = error.__cause__ or error
                log("rate_limits_alone", logging.WARNING, error=type(cause).__name__)
            return None
        if self._failing:
            self._failing = False
            log("rate_limits_shared")
        return result


def _redis_store(url: str) -> _ClosingRedisStore:
    if find_spec("redis") is None:
        raise MissingExtra(
            "Limits in Redis need its client, which is not installed.",
            hint='Install it: pip install "brainlens[redis]".',
        )
    try:
        if not url.startswith(_SCHEMES):
            raise ValueError
        store = _ClosingRedisStore(
            url, {"SOCKET_TIMEOUT": PATIENCE_S, "SOCKET_CONNECT_TIMEOUT": PATIENCE_S}
        )
        store._backend.get_client()
    except ValueError:
        # The error quotes the URL, which may hold a password.
        raise UsageError(
            "The URL of Redis cannot be used.",
            hint="Write BRAINLENS_REDIS_URL like redis://user:password@host:6379/0.",
        ) from None
    return store
