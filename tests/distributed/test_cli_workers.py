"""`aiooncall bulk run --workers` and `aiooncall bulk work` on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.broker_servers import NatsServer
from tests.support.bulk_world import acted_on, add_pages
from tests.support.command_line import SECRETS, ran, shell
from tests.support.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACES = ("AIOONCALL_BROKER_URL", "AIOONCALL_REDIS_URL")


@contextmanager
def working(url: str, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run `bulk work` as a process."""
    command = [sys.executable, "-m", "aiooncall", "bulk", "work", "--url", url, *words]
    with subprocess.Popen(command, env={**os.environ, **SECRETS, **env}, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_job_over_workers(redis_url: str, journal: Path) -> None:
    """A worker does what another process hands out, the report says so, and a signal ends it after its chunk."""
    with NatsServer() as broker, shell() as run:
        ids = add_pages(run.sim, 25)
        places = dict(zip(PLACES, (broker.url, redis_url), strict=True))
        plan_hash = run.plan(journal, "escalate", *ids)
        with working(run.url(), "--name", "lone", **places) as worker:
            done = run(
                "bulk", "run", journal, "--plan", plan_hash, "--workers", "--chunk-size", "5", "--json", **places
            )
            assert (done.code, done.json["done"], done.err) == (0, 25, "")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        assert sorted(acted_on(run.sim, "escalate")) == sorted(ids)
        assert "  Workers   lone 25\n" in ran("bulk", "report", journal).out


@pytest.mark.slow
def test_broker_is_away(redis_url: str) -> None:
    """`bulk work` waits for a broker that is away, shows no password, and can be ended meanwhile."""
    broker = f"amqp://me:very-secret@127.0.0.1:{free_port()}"
    with working("http://127.0.0.1:1", AIOONCALL_BROKER_URL=broker, AIOONCALL_REDIS_URL=redis_url) as worker:
        assert worker.stderr is not None
        said = ""
        while "the broker is away" not in said:
            said += (line := worker.stderr.readline())
            assert line, said
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
        assert "very-secret" not in said + worker.stderr.read()


@pytest.mark.parametrize("missing", PLACES)
def test_missing_variable(missing: str) -> None:
    """What a worker needs and does not have is named, with the exit code of wrong usage."""
    places = dict.fromkeys(PLACES, "nats://127.0.0.1:1") | {missing: ""}
    done = ran("bulk", "work", **places)
    assert (done.code, missing in done.err) == (2, True)
