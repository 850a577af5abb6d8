"""Commands that share the rate budget with other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis import Redis

from tests.support.command_line import SECRETS, Shell
from tests.support.published_client import simulator_in_a_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiooncall.simulator import Simulator

PASSWORD = "p4ssw0rd-of-redis"


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulator]:
    """Return a simulator that serves while commands run."""
    with simulator_in_a_thread() as running:
        yield running


def kept(redis_url: str) -> int:
    """Return how many keys there are."""
    with Redis.from_url(redis_url) as redis:
        return len(redis.keys())


@pytest.mark.parametrize("provider", ["datadog", "grafana"])
def test_redis_of_the_environment_is_used(simulated: Simulator, redis_url: str, provider: str) -> None:
    """With AIOONCALL_REDIS_URL a command of either provider shares the budget; without, it asks nobody."""
    run, words = Shell(simulated, provider), ("page" if provider == "datadog" else "group", "list")
    assert run(*words).code == 0
    assert kept(redis_url) == 0
    for _ in range(10):  # on a busy machine a command may be done before Redis is connected
        done = run(*words, AIOONCALL_REDIS_URL=redis_url)
        assert (done.code, done.err) == (0, "nothing found\n")
        if kept(redis_url) >= 2:
            break
    else:
        pytest.fail("Redis was not asked")


def test_redis_of_the_secrets_file_is_used(simulated: Simulator, redis_url: str, tmp_path: Path) -> None:
    """The URL may be in the file of `--secrets`: it may have a password."""
    secrets = tmp_path / "keys"
    given = {**SECRETS, "AIOONCALL_REDIS_URL": redis_url}
    secrets.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    assert any(Shell(simulated)("page", "list", "--secrets", secrets).code == 0 and kept(redis_url) for _ in range(10))


def test_wrong_url_is_wrong_usage(simulated: Simulator) -> None:
    """A URL of something else ends a command with 2 before anything is sent, and its password is not shown."""
    done = Shell(simulated)("page", "list", AIOONCALL_REDIS_URL=f"http://:{PASSWORD}@host:6379")
    assert done.code == 2
    assert "redis://" in done.err
    assert PASSWORD not in done.err + done.out


def test_command_goes_on_without_redis(simulated: Simulator) -> None:
    """Where there is no Redis the command does its work, and says on standard error that it goes on alone."""
    done = Shell(simulated)("page", "list", AIOONCALL_REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:1")
    assert done.code == 0
    assert PASSWORD not in done.err + done.out
