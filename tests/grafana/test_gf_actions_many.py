"""The same action on many alert groups: nothing skipped, nothing done twice, and an end at once without permission."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import (
    AmbiguousOutcome,
    CodecError,
    Conflict,
    Forbidden,
    NotFound,
    OptionsError,
    ServerError,
    Unauthorized,
)
from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions
from tests.support.grafana_client import NOTHING, STACK, TOKEN, grafana_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from aiooncall import FanOut, OnCallError
    from tests.support.grafana_client import GrafanaWorld

# For each job: what it takes besides the groups, the state that they are in before, and the action in the ledger.
JOBS: Final[dict[str, tuple[dict[str, Any], Any, Any]]] = {
    "acknowledge_many": ({}, "firing", "acknowledge"),
    "unacknowledge_many": ({}, "acknowledged", "unacknowledge"),
    "resolve_many": ({}, "firing", "resolve"),
    "unresolve_many": ({}, "resolved", "unresolve"),
    "silence_many": ({"duration": None}, "firing", "silence"),
    "unsilence_many": ({}, "silenced", "unsilence"),
    "delete_many": ({"mode": "delete"}, "resolved", "delete"),
}
SERVICE: Final = "glsa_0123456789abcdef"


class Stream:
    """An iterable that is neither a collection nor an iterator."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


async def later(items: Iterable[Any]) -> AsyncIterator[Any]:
    """Yield items asynchronously."""
    for item in items:
        await asyncio.sleep(0)
        yield item


def lazy(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items."""
    yield from items


def start(world: GrafanaWorld, job: str, targets: Any, **options: Any) -> FanOut:
    """Start a job."""
    started: FanOut = getattr(world.client.alert_groups, job)(targets, **JOBS[job][0], **options)
    return started


def many(world: GrafanaWorld, job: str, number: int) -> list[str]:
    """Put groups in that a job can act on, and return their ids."""
    return [world.sim.grafana.add_alert_group(f"g{one}", state=JOBS[job][1]) for one in range(number)]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("source", [list, tuple, set, iter, lazy, Stream, later])
async def test_every_group_once(job: str, source: Any) -> None:
    """Every id of any kind of iterable is acted on once."""
    async with grafana_world() as world:
        ids = many(world, job, 12)
        report = await start(world, job, source(ids))
        assert (report.succeeded, report.failed, report.duplicates, report.finished) == (12, 0, 0, True)
        assert [world.sim.ledger.count(JOBS[job][2], group) for group in ids] == [1] * 12


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("source", [list, tuple, iter, lazy, Stream, later])
async def test_groups_instead_of_ids(job: str, source: Any) -> None:
    """Groups as a list yields them, in any kind of iterable, are taken for their ids."""
    async with grafana_world() as world:
        ids = many(world, job, 12)
        groups = [group async for group in world.client.alert_groups.list()]
        assert (await start(world, job, source(groups))).succeeded == 12
        assert [world.sim.ledger.count(JOBS[job][2], group) for group in ids] == [1] * 12


@pytest.mark.parametrize("job", JOBS)
async def test_duplicates_are_done_once(job: str) -> None:
    """A group that comes twice, as an id or as itself, is acted on once and counted as a duplicate."""
    async with grafana_world() as world:
        ids = many(world, job, 5)
        groups: list[Any] = [group async for group in world.client.alert_groups.list()]
        report = await start(world, job, [*ids, *groups, *ids[:2]])
        assert (report.succeeded, report.duplicates) == (5, 7)
        assert len(world.sim.ledger.effects) == 5


async def test_bad_ids_do_not_stop_the_others() -> None:
    """Bad, unknown and unwilling groups fail by themselves, with their own errors; the rest is done."""
    async with grafana_world() as world:
        good = world.groups(f"g{number}" for number in range(20))
        resolved = world.sim.grafana.add_alert_group("over", state="resolved")
        mixed: Any = [NOTHING, *good[:10], "a/b", "", 7, None, resolved, *good[10:]]
        report = await world.client.alert_groups.acknowledge_many(mixed)
        assert (report.succeeded, report.failed, report.ambiguous) == (20, 6, 0)
        assert {outcome.id: type(outcome.error) for outcome in report.outcomes} == {
            NOTHING: NotFound,
            resolved: Conflict,
            **dict.fromkeys(["a/b", "", "7", "None"], OptionsError),
        }
        with pytest.raises(ExceptionGroup) as raised:
            report.raise_for_failures()
        assert len(raised.value.exceptions) == 6


async def test_groups_as_wanted_are_successes() -> None:
    """A group that is as wanted already is a success of the job."""
    async with grafana_world() as world:
        resolved = [world.sim.grafana.add_alert_group("over", state="resolved") for _ in range(3)]
        report = await world.client.alert_groups.resolve_many([*resolved, *world.groups(["Down"])])
        assert (report.succeeded, report.failed) == (4, 0)
        assert world.sim.ledger.count("resolve") == 1


@pytest.mark.parametrize("source", [list, iter, later])
async def test_nothing_to_do(source: Any) -> None:
    """No groups give a report of zeros, and nothing is sent."""
    async with grafana_world() as world:
        for job in JOBS:
            report = await start(world, job, source([]))
            assert (report.succeeded, report.failed, report.finished) == (0, 0, True)
        assert world.sim.ledger.requests == []


@pytest.mark.parametrize("ids", ["abc", b"abc", {"a": 1}, 7, None])
async def test_not_ids(ids: Any) -> None:
    """One id, a mapping or a number instead of ids is an OptionsError, as is a bad concurrency."""
    async with grafana_world() as world:
        for job in JOBS:
            with pytest.raises(OptionsError, match="ids"):
                start(world, job, ids)
            with pytest.raises(OptionsError, match="concurrency"):
                start(world, job, [], concurrency=0)


@pytest.mark.parametrize("iterated", [False, True])
@pytest.mark.parametrize(("job", "state"), [("resolve_many", "firing"), ("unresolve_many", "resolved")])
async def test_acting_on_what_is_listed_skips_nothing(job: str, state: Any, iterated: bool) -> None:
    """The whole of a list is read before the first action, so that rows which leave it do not make it skip others."""
    async with grafana_world(GrafanaOptions(limit=None)) as world:
        ids = many(world, job, 170)
        started = start(world, job, world.client.alert_groups.list(state=state, page_size=40))
        if iterated:
            assert len([outcome async for outcome in started if outcome.ok]) == 170
        else:
            assert (await started).succeeded == 170
        methods = [record.method for record in world.requests()]
        assert methods == ["GET"] * 5 + ["POST"] * 170
        assert [world.sim.ledger.count(JOBS[job][2], group) for group in ids] == [1] * 170


@pytest.mark.parametrize("iterated", [False, True])
async def test_list_that_fails_acts_on_nothing(iterated: bool) -> None:
    """When a list breaks off, its error is raised and not one group is acted on."""
    async with grafana_world() as world:
        ids = many(world, "resolve_many", 50)
        world.fail("GET", "alert_groups/", None, *[Fault(FaultKind.ERROR_BEFORE, status=500, html=True)] * 9)

        async def broken() -> AsyncIterator[str]:
            yield ids[0]
            raise LookupError("no more")

        sources: list[tuple[Any, type[Exception]]] = [
            (world.client.alert_groups.list(page_size=20), ServerError),
            (broken(), LookupError),
        ]
        for source, error in sources:
            job = world.client.alert_groups.resolve_many(source)
            with pytest.raises(error):
                _ = [outcome async for outcome in job] if iterated else await job
            assert not job.report.finished
        assert (world.requests("POST"), world.sim.ledger.effects) == ([], [])


# What may not act, and how that shows.
POWERLESS: Final[list[tuple[str, dict[str, Any], type[OnCallError]]]] = [
    (TOKEN, {}, Forbidden), (SERVICE, {"stack_url": STACK}, Forbidden), ("unknown", {}, Unauthorized)
]  # fmt: skip
REFUSED: Final = [(*who, job) for who in POWERLESS for job in JOBS if (who[0], job) != (SERVICE, "delete_many")]
"""The same with each job, except that service accounts may delete."""


@pytest.mark.parametrize(("token", "options", "error", "job"), REFUSED)
@pytest.mark.parametrize("source", [list, iter, later])
async def test_job_without_permission_ends_at_once(
    token: str, options: dict[str, Any], error: type[OnCallError], job: str, source: Any
) -> None:
    """Credentials that may not act end a job with their error after exactly one request; nothing was done."""
    rules = GrafanaOptions(tokens={TOKEN: "ann", SERVICE: "robot"}, powerless=frozenset({TOKEN}))
    async with grafana_world(rules, token=token, client=options) as world:
        started = start(world, job, source(many(world, job, 20)))
        with pytest.raises(error):
            await started
        assert len(world.sim.ledger.requests) == 1
        assert (world.sim.ledger.effects, started.report.failed, started.report.finished) == ([], 1, False)


@pytest.mark.parametrize(("token", "options", "error"), POWERLESS)
async def test_iterated_job_without_permission_ends_at_once(
    token: str, options: dict[str, Any], error: type[OnCallError]
) -> None:
    """Iterating over such a job yields the one failure and then raises."""
    rules = GrafanaOptions(tokens={TOKEN: "ann", SERVICE: "robot"}, powerless=frozenset({TOKEN}))
    async with grafana_world(rules, token=token, client=options) as world:
        seen: list[bool] = []
        with pytest.raises(error):
            async for outcome in world.client.alert_groups.resolve_many(many(world, "resolve_many", 20)):
                seen.append(outcome.ok)  # noqa: PERF401 (a comprehension would lose what came before the error)
        assert (seen, len(world.sim.ledger.requests)) == ([False], 1)


async def test_service_account_may_list_and_not_act() -> None:
    """A service account that resolves what it lists is stopped by the first action."""
    async with grafana_world(token=SERVICE, client={"stack_url": STACK}) as world:
        many(world, "resolve_many", 20)
        with pytest.raises(Forbidden, match="Service accounts"):
            await world.client.alert_groups.resolve_many(world.client.alert_groups.list(state="firing"))
        assert [record.method for record in world.requests()] == ["GET", "POST"]


async def test_permission_that_is_lost_on_the_way_is_reported() -> None:
    """Only the first group proves the credentials; a later refusal is a failure of its group."""
    async with grafana_world() as world:
        ids = many(world, "resolve_many", 10)
        world.fail("POST", f"alert_groups/{ids[7]}/resolve/", Fault(FaultKind.ERROR_BEFORE, status=403))
        report = await world.client.alert_groups.resolve_many(ids)
        assert [(outcome.id, type(outcome.error)) for outcome in report.outcomes] == [(ids[7], Forbidden)]
        assert report.succeeded == 9


async def test_doubt_is_reported() -> None:
    """An action in doubt is counted as ambiguous, sent once, and holds no other one up."""
    async with grafana_world() as world:
        ids = many(world, "acknowledge_many", 30)
        for group, kind in ((ids[0], FaultKind.DROP_BEFORE), (ids[5], FaultKind.DROP_BEFORE), (ids[9], "drop_after")):
            world.fail("POST", f"alert_groups/{group}/acknowledge/", FaultKind(kind))
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert (report.succeeded, report.failed, report.ambiguous) == (28, 2, 2)
        assert {outcome.id for outcome in report.outcomes if outcome.ambiguous} == {ids[0], ids[5]}
        assert len(world.requests("POST")) == 30


async def test_storm() -> None:
    """Through seeded faults of every kind each group is acted on at most once, and every outcome is the truth."""
    plan = FaultPlan()
    kinds = [kind for kind in FaultKind if kind is not FaultKind.REDIRECT]
    plan.seed(seed=11, rates={Fault(kind, size=10_000, delay=20.0, retry_after="1"): 0.02 for kind in kinds}, limit=80)
    async with grafana_world(GrafanaOptions(limit=None), faults=plan) as world:
        ids = many(world, "acknowledge_many", 300)
        for job in ("acknowledge_many", "resolve_many"):
            report = await start(world, job, ids, concurrency=8)
            failed = {outcome.id: outcome.error for outcome in report.outcomes}
            assert all(isinstance(error, (AmbiguousOutcome, CodecError)) for error in failed.values())
            assert all(world.sim.ledger.count(JOBS[job][2], group) == 1 for group in ids if group not in failed)
            assert len(failed) < 40
        assert world.sim.ledger.doubled() == []
        assert plan.injected.total() > 60
