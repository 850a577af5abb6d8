"""One rate budget for all processes that use the same Redis or Valkey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis, RedisCluster

    from aiooncall._base.clock import Clock
    from aiooncall.distributed.store import RedisClient, RedisStore
    from aiooncall.limits.bucket import Bucket
    from aiooncall.limits.turns import KnownLimit, SharedTurns
    from aiooncall.options import CallRate

SCHEMES: Final = ("redis", "rediss", "unix")


class RedisBudget:
    """One rate budget for all processes that are given the same Redis or Valkey (6.2 or newer).

    What is kept there: counts and times, under keys that are hashes of host, credential and bucket. Everything expires.
    Nothing waits until Redis is connected, and no call fails because of it: while it is away each process goes on with
    its part of the limit, and a person never waits for it for more than 50 ms.

    Args:
        redis: `redis://`, `rediss://` (TLS) or `unix://` URL, as redis-py has it
            (https://redis.readthedocs.io/en/stable/connections.html), or a client of `redis.asyncio`, for Sentinel,
            Cluster and options of your own. A client that is given is not closed.
        clock: a clock in place of Redis's own, for tests on virtual time.

    Raises:
        OptionsError: the URL is none of these.
        ImportError: the library `redis` is not there; the extra `distributed` brings it.
    """

    def __init__(self, redis: str | Redis | RedisCluster, *, clock: Clock | None = None) -> None:
        try:
            import redis as library  # noqa: PLC0415 (the extra may be missing)
        except ModuleNotFoundError as missing:
            raise ImportError("a shared budget needs redis; in a clone: pip install '.[distributed]'") from missing
        del library
        self._redis = redis
        self._clock = clock
        self._shown = _shown(redis)

    def __repr__(self) -> str:
        return f"<RedisBudget {self._shown}>"

    def open(self, clock: Clock) -> OpenRedisBudget:
        """Get ready for the buckets of one pool, on the running loop; it connects when it is first asked.

        Args:
            clock: what time it is here.

        Raises:
            OptionsError: the guard of the tests is on, and the URL leads to another machine.
        """
        from aiooncall.distributed.store import RedisStore  # noqa: PLC0415 (it needs the library)

        client, own = (_connect(self._redis), True) if isinstance(self._redis, str) else (self._redis, False)
        keeps_time = self._clock is not None
        return OpenRedisBudget(
            RedisStore(cast("RedisClient", client), self._shown, self._clock or clock, keeps_time=keeps_time, own=own)
        )


class OpenRedisBudget:
    """A shared budget while a pool uses it.

    Args:
        store: where Redis is.
    """

    def __init__(self, store: RedisStore) -> None:
        self.store: RedisStore = store

    def limits_of(self, account: tuple[str, ...]) -> AccountLimits:
        """Return the limits of a host and a credential, which `account` names without telling a secret."""
        return AccountLimits(self.store, account)

    async def close(self) -> None:
        """Release the connections."""
        await self.store.close()


class AccountLimits:
    """The shared limits of one host and credential.

    Args:
        store: where Redis is.
        account: the host, and a hash of the credential.
    """

    def __init__(self, store: RedisStore, account: tuple[str, ...]) -> None:
        self._store = store
        self._account = account

    def window(self, bucket: Bucket, tell: Callable[[Bucket], None]) -> SharedTurns:
        """Return the turns of a bucket whose limit the server tells."""
        from aiooncall.distributed.window_turns import WindowTurns  # noqa: PLC0415 (it needs the library)

        return WindowTurns(self._store, self._account, bucket, tell)

    def sliding(
        self, name: str, rate: CallRate, reserve: int, bucket: Callable[[], Bucket | None], wake: Callable[[], None]
    ) -> KnownLimit:
        """Return the turns of a limit over a sliding window."""
        from aiooncall.distributed.sliding_turns import SlidingTurns  # noqa: PLC0415 (it needs the library)

        return SlidingTurns(self._store, (*self._account, name), rate, reserve=reserve, bucket=bucket, wake=wake)


def _connect(url: str) -> Redis:
    LOOPBACK_GUARD.check("redis", url)
    from redis.asyncio import Redis  # noqa: PLC0415 (the extra may be missing)
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    # What fails is tried again here, beside the calls, and not while a call waits.
    defaults: dict[str, Any] = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0, "retry": Retry(NoBackoff(), 0)}
    return Redis.from_url(url, **defaults)  # pyright: ignore[reportUnknownMemberType] (its options are not typed)


def _shown(redis: str | Redis | RedisCluster) -> str:
    """Return where Redis is, without user and password."""
    if not isinstance(redis, str):
        return type(redis).__name__
    try:
        parts = urlsplit(redis)
        place = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
    except ValueError:
        raise OptionsError("redis", "a URL that cannot be read", "redis://host:6379") from None
    if parts.scheme not in SCHEMES or not place or (parts.scheme != "unix" and not parts.hostname):
        raise OptionsError("redis", f"{parts.scheme}://…", "a URL that begins with redis://, rediss:// or unix://")
    return f"{parts.scheme}://{place}"
