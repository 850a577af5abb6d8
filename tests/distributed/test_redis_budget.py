"""Where a shared budget can be kept, what it shows of that, and what it leaves there."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import trustme
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio import RedisCluster

from aiooncall import DatadogOnCall, OnCallError, OptionsError, SessionPool
from aiooncall.distributed import RedisBudget
from aiooncall.simulator import RateRule, Simulator
from tests.support.datadog_client import API_KEY, APP_KEY
from tests.support.servers import HOST, RedisServer, answers, free_port

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "p4ssw0rd-of-redis"
MOST_CALLS = 25


async def shared_over(redis: str | AsyncRedis | RedisCluster) -> bool:
    """Make calls in two pools until both know that they share a budget, or know for sure that they don't."""
    rule = RateRule("paging", 1000, 60.0)
    async with (
        Simulator(rate_rules=[rule], settle_delay=0) as sim,
        SessionPool(shared=RedisBudget(redis)) as one,
        SessionPool(shared=RedisBudget(redis)) as other,
    ):
        url = sim.datadog_url
        clients = [DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, pool=pool) for pool in (one, other)]
        for client in clients:
            await client.open()
        for _ in range(MOST_CALLS):
            for client in clients:
                await client.pages.acknowledge(sim.add_page(title="Down"))
            if [known.shared_by for client in clients for known in client.budgets()] == [2, 2]:
                return True
            await asyncio.sleep(0.02)  # a person's call does not wait for a connection that takes its time
        return False


def test_ready_url_is_used(redis_url: str) -> None:
    """With its own clock and a URL, processes see each other."""
    assert asyncio.run(shared_over(redis_url))


@pytest.mark.parametrize("wrong", ["http://host:6379", "host:6379", "redis://", "", "redis://host:x", "redis://[::1"])
def test_wrong_url_is_refused(wrong: str) -> None:
    """What is no URL of a Redis is refused before anything is done, and the error says what would be right."""
    with pytest.raises(OptionsError, match="redis://"):
        RedisBudget(wrong)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{PASSWORD}@127.0.0.1:1", f"rediss://user:{PASSWORD}@127.0.0.1:1/3", f"redis://127.0.0.1:1?password={PASSWORD}",
        f"unix://user:{PASSWORD}@/no/redis.sock",
    ],
)  # fmt: skip
def test_password_is_never_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """No password of a URL is in what an object shows, in an error or in the log."""
    budget = RedisBudget(url)
    assert PASSWORD not in f"{budget} {budget!r}"
    assert not asyncio.run(shared_over(url))
    assert "is away" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    "url", [f"http://:{PASSWORD}@host:1", f"redis://:{PASSWORD}@host:port", f"//:{PASSWORD}@[host"]
)
def test_refused_url_is_not_shown(url: str) -> None:
    """The error for a URL that is wrong has no password of it."""
    with pytest.raises(OptionsError) as refused:
        RedisBudget(url)
    assert PASSWORD not in f"{refused.value} {refused.value!r} {vars(refused.value)} {pickle.dumps(refused.value)!r}"


def test_missing_library_is_told() -> None:
    """Without redis-py, `aiooncall` works, and a shared budget says what to install."""
    code = """
import sys
sys.modules["redis"] = None
from aiooncall import DatadogOnCall, SessionPool
from aiooncall.distributed import RedisBudget
try:
    RedisBudget("redis://host")
except ImportError as missing:
    print(missing)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "a shared budget needs redis; in a clone: pip install '.[distributed]'\n"


def test_library_is_loaded_when_needed() -> None:
    """Neither the package nor its pools load redis-py."""
    code = "import sys, aiooncall.distributed as d, aiooncall; aiooncall.SessionPool(); print('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_nothing_secret_is_kept(redis_url: str) -> None:
    """Keys and values tell no host, credential, route, bucket, id or title; everything expires."""
    assert asyncio.run(shared_over(redis_url))
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        keys = sorted(redis.scan_iter("*"))
        kept = [*keys, *(str(_value(redis, key)) for key in keys)]
        assert len(keys) >= 2
        assert all(key.startswith("aiooncall:{") for key in keys)
        assert all(0 < redis.ttl(key) <= 900 for key in keys)
    for secret in (API_KEY, APP_KEY, "127.0.0.1", "paging", "acknowledge", "Down", "/api"):
        assert not any(secret in text for text in kept)


def _value(redis: Redis, key: str) -> object:
    return redis.hgetall(key) if redis.type(key) == "hash" else redis.zrange(key, 0, -1)


def test_given_client_stays_open(redis_url: str) -> None:
    """A client that is given is the user's: it can be used after the pool is closed."""

    async def use() -> None:
        async with AsyncRedis.from_url(redis_url) as mine:
            assert await shared_over(mine)
            assert await mine.ping()

    asyncio.run(use())


@pytest.mark.slow
def test_password_and_user(tmp_path: Path) -> None:
    """A Redis that asks for a password, or for a user of its access lists, is served by the URL."""
    with RedisServer(tmp_path, "--requirepass", PASSWORD) as server:
        url = f"redis://:{PASSWORD}@{HOST}:{server.port}"
        assert asyncio.run(shared_over(url))
        with Redis.from_url(url) as redis:
            redis.execute_command("ACL", "SETUSER", "budget", "on", f">{PASSWORD}", "~aiooncall:*", *RIGHTS)
        assert asyncio.run(shared_over(f"redis://budget:{PASSWORD}@{HOST}:{server.port}"))
        assert not asyncio.run(shared_over(server.url))


RIGHTS = (
    "+eval", "+evalsha", "+ping", "+time", "+hmget", "+hget", "+hset", "+pexpire", "+zadd", "+zcard", "+zcount",
    "+zrem", "+zrange", "+zrangebyscore", "+zrevrangebyscore", "+zremrangebyscore", "+client", "+hello",
)  # fmt: skip
"""What a user of Redis's access lists needs."""


@pytest.mark.slow
def test_tls(tmp_path: Path) -> None:
    """A Redis that speaks TLS is served by `rediss://`, and its certificate is checked."""
    authority = trustme.CA()
    issued = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    files = ("--tls-ca-cert-file", "ca.pem", "--tls-key-file", "key.pem", "--tls-cert-file", "cert.pem")
    with RedisServer(tmp_path, *absolute(tmp_path, files), "--tls-auth-clients", "no", tls=True) as server:
        url = f"rediss://{HOST}:{server.tls_port}"
        assert asyncio.run(shared_over(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}"))
        assert not asyncio.run(shared_over(url))


def absolute(folder: Path, options: tuple[str, ...]) -> tuple[str, ...]:
    """Return options with whole paths in the place of file names."""
    return tuple(str(folder / option) if option.endswith(".pem") else option for option in options)


@pytest.mark.slow
def test_cluster(tmp_path: Path) -> None:
    """A client of a cluster serves: all keys of a bucket are in one slot."""
    with RedisServer(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        assert answers(server.port, b"CLUSTER ADDSLOTSRANGE 0 16383\r\n", b"+OK")
        while not answers(server.port, b"GET x\r\n", b"$-1"):
            pass

        async def use() -> bool:
            async with RedisCluster(host=HOST, port=server.port) as cluster:
                return await shared_over(cluster)

        assert asyncio.run(use())


def test_pool_checks_what_it_is_given() -> None:
    """A URL alone is no shared budget, and the error says what is."""
    with pytest.raises(OnCallError, match="RedisBudget"):
        SessionPool(shared="redis://host:6379")  # type: ignore[arg-type]  # as who is not typed would
