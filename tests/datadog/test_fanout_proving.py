"""Jobs that try their first id alone, so that credentials that may not act end them there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import (
    AmbiguousOutcome,
    ConnectionDropped,
    FanOut,
    Forbidden,
    ItemOutcome,
    NotFound,
    OptionsError,
    RateLimited,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import OnCallError

IDS = [f"id-{number}" for number in range(100)]
WHAT: dict[str, Any] = {"method": "POST", "route": "/"}


class Server:
    """Does something with one id at a time; what `fails` names goes wrong."""

    def __init__(self, fails: dict[str, OnCallError] | None = None, *, takes: float = 1.0) -> None:
        self.fails = fails or {}
        self.takes = takes
        self.began: list[tuple[str, float]] = []

    async def __call__(self, item: str) -> None:
        """Do it."""
        self.began.append((item, asyncio.get_running_loop().time()))
        await asyncio.sleep(self.takes)
        if item in self.fails:
            raise self.fails[item]

    @property
    def ids(self) -> list[str]:
        """Return what was asked for."""
        return [item for item, _ in self.began]


async def stream(ids: list[str]) -> AsyncIterator[str]:
    """Yield ids asynchronously."""
    for item in ids:
        await asyncio.sleep(0)
        yield item


SOURCES = pytest.mark.parametrize("source", [list, iter, stream], ids=["list", "iterator", "async"])
NO_RIGHT = pytest.mark.parametrize("error", [Unauthorized(status=401, **WHAT), Forbidden(status=403, **WHAT)])


@SOURCES
async def test_first_goes_alone(source: Any) -> None:
    """The first id is done before any other begins, then all workers begin together."""
    server = Server()
    report = await FanOut(source(IDS), server, concurrency=10, canary=True)
    assert (report.succeeded, report.failed, report.finished) == (100, 0, True)
    assert server.ids == IDS
    assert [round(at) for _, at in server.began] == [0, *[1 + number // 10 for number in range(99)]]


async def test_usually_all_begin_together() -> None:
    """Without canary nobody waits for the first one."""
    server = Server()
    await FanOut(IDS, server, concurrency=100)
    assert {at for _, at in server.began} == {0.0}


@SOURCES
@NO_RIGHT
async def test_without_the_right_one_request_is_all(source: Any, error: OnCallError) -> None:
    """Credentials that may not act end the job after one request, with their error, and the report says so."""
    server = Server(dict.fromkeys(IDS, error))
    job = FanOut(source(IDS), server, canary=True)
    with pytest.raises(type(error)) as raised:
        await job
    assert raised.value is error
    assert server.ids == IDS[:1]
    assert (job.report.succeeded, job.report.failed, job.report.finished) == (0, 1, False)
    assert job.report.outcomes == [ItemOutcome(IDS[0], error)]
    assert job.report.interrupted == []


@SOURCES
@NO_RIGHT
async def test_without_the_right_while_iterating(source: Any, error: OnCallError) -> None:
    """Who iterates gets the first outcome, then the error, and nothing else is sent."""
    server = Server(dict.fromkeys(IDS, error))
    outcomes: list[ItemOutcome] = []

    async def collect() -> None:
        async for outcome in FanOut(source(IDS), server, canary=True):
            outcomes.append(outcome)  # noqa: PERF401 (what came before the error is what counts)

    with pytest.raises(type(error)):
        await collect()
    assert outcomes == [ItemOutcome(IDS[0], error)]
    assert server.ids == IDS[:1]


@pytest.mark.parametrize(
    "error",
    [
        NotFound(status=404, **WHAT), OptionsError("id", "a/b", "an id"), AmbiguousOutcome(attempts=1, **WHAT),
        ConnectionDropped("gone"), RateLimited(status=429, **WHAT),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
async def test_other_errors_are_the_first_ones_own(error: OnCallError) -> None:
    """If the first id fails for any other reason, the others are done."""
    server = Server({IDS[0]: error})
    report = await FanOut(IDS, server, canary=True)
    assert (report.succeeded, report.failed, report.finished) == (99, 1, True)
    assert report.outcomes == [ItemOutcome(IDS[0], error)]


@NO_RIGHT
async def test_right_that_lacks_later_stops_nothing(error: OnCallError) -> None:
    """Once the first id has worked, what is forbidden for another one fails alone."""
    server = Server(dict.fromkeys(IDS[1:4], error))
    outcomes = {outcome.id: outcome.ok async for outcome in FanOut(IDS, server, canary=True)}
    assert outcomes == {item: item not in IDS[1:4] for item in IDS}


@NO_RIGHT
async def test_usually_no_error_ends_a_job(error: OnCallError) -> None:
    """Without canary, each id fails for itself."""
    report = await FanOut(IDS, Server(dict.fromkeys(IDS, error)))
    assert (report.failed, report.finished) == (100, True)


@SOURCES
async def test_no_ids(source: Any) -> None:
    """Nothing to prove it by is nothing to do."""
    server = Server()
    assert (await FanOut(source([]), server, canary=True)).finished
    assert [outcome async for outcome in FanOut(source([]), server, canary=True)] == []
    assert server.began == []


@SOURCES
async def test_only_one_id(source: Any) -> None:
    """A job of one id is over with it."""
    report = await FanOut(source(["a", "a"]), Server(), canary=True)
    assert (report.succeeded, report.duplicates, report.finished) == (1, 1, True)


async def test_what_is_no_id_proves_nothing() -> None:
    """Things that are no ids are reported, and the first real id is the one that goes alone."""
    server = Server()
    mixed: Any = [None, 7, *IDS[:3]]
    report = await FanOut(mixed, server, canary=True)
    assert (report.succeeded, report.failed) == (3, 2)
    assert [round(at) for _, at in server.began] == [0, 1, 1]


async def test_source_that_fails_at_once() -> None:
    """If the ids themselves fail to come, that is raised, and nothing was sent."""

    async def broken() -> AsyncIterator[str]:
        if ids:
            yield ids[0]
        raise LookupError("no more")

    server, ids = Server(), list[str]()
    with pytest.raises(LookupError):
        await FanOut(broken(), server, canary=True)
    assert server.began == []


async def test_cancelled_during_the_first() -> None:
    """Cancelling while the first id is under way leaves it in doubt, in the report, and begins no other."""
    server = Server(takes=100.0)
    job = FanOut(IDS, server, canary=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await job
    assert (job.report.interrupted, job.report.finished) == (IDS[:1], False)
    assert (job.report.succeeded, job.report.failed) == (0, 0)
    assert server.ids == IDS[:1]


async def test_left_during_the_first() -> None:
    """A reader that gives up while the first id is under way stops it, and no other is begun."""
    server = Server(takes=100.0)
    job = FanOut(IDS, server, canary=True)
    rows = aiter(job)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await anext(rows)
    await asyncio.sleep(200)
    assert (job.report.interrupted, server.ids) == (IDS[:1], IDS[:1])


async def test_bug_in_the_first_action() -> None:
    """An exception that is no OnCallError tells nothing of the credentials: the others are tried as well."""

    async def act(item: str) -> None:
        began.append(item)
        raise ZeroDivisionError

    began: list[str] = []
    report = await FanOut(IDS, act, canary=True)
    assert (began[0], sorted(began), report.failed) == (IDS[0], sorted(IDS), len(IDS))
