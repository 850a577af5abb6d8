"""Who is on call by Grafana OnCall: of schedules and teams, now and at any instant, before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import Forbidden, NotFound, OnCall, OptionsError, Responder, ServerError
from aiooncall import grafana as g
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.grafana_client import NOTHING, grafana_world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.grafana_client import GrafanaWorld

NOW: Final = datetime.fromtimestamp(EPOCH, UTC)
"""Friday, 15 January 2027, a little after 08:00 UTC."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
NINE: Final = datetime(2027, 1, 15, 9, tzinfo=UTC)


def names(people: Iterable[Responder]) -> list[str | None]:
    """Return what people are called."""
    return [person.name for person in people]


def people(w: GrafanaWorld, *names: str) -> list[str]:
    """Put users in and return their ids."""
    return [w.sim.grafana.add_user(name) for name in names]


def shift(start: datetime, length: timedelta, *users: str, **more: Any) -> g.OnCallShift:
    """Return a shift, one that happens once unless more is said."""
    fields: dict[str, Any] = {"name": "s", "type": "single_event", "time_zone": "UTC", "users": users, **more}
    return g.OnCallShift(start=start, duration=length, **fields)


async def schedule(w: GrafanaWorld, *shifts: g.OnCallShift, team: str | None = None) -> str:
    """Make a schedule of shifts and return its id; the requests for that are not in the ledger."""
    ids = [(await w.client.on_call_shifts.create(one)).id for one in shifts]
    new = g.WebSchedule(name="Primary", time_zone="UTC", shifts=ids, team_id=team)
    made = await w.client.schedules.create(new)
    w.sim.ledger.requests.clear()
    return made.id


async def turns(w: GrafanaWorld, *more: g.OnCallShift, team: str | None = None) -> str:
    """Make a schedule on which ann, bob and cy take turns by the day, from nine to nine; now it is cy's day."""
    groups = [[user] for user in people(w, "ann", "bob", "cy")]
    rotation = {
        "type": "rolling_users", "users": (), "rolling_users": groups, "start_rotation_from_user_index": 0,
        "frequency": "daily", "interval": 1,
    }  # fmt: skip
    return await schedule(w, shift(NINE - 3 * DAY, DAY, **rotation), *more, team=team)


async def test_schedule_now() -> None:
    """Who is on call now, was before and comes next is told with names, addresses and bounds, in one request."""
    async with grafana_world() as w:
        primary = await turns(w)
        who = await w.client.who_is_on_call(schedule=primary)
        assert w.sent() == [f"GET schedules/{primary}/final_shifts/"]
        assert (names(who.previous), names(who.current), names(who.next)) == (["bob"], ["cy"], ["ann"])
        ((cy,), (before,), (after,)) = who.current, who.previous, who.next
        assert cy == Responder(
            id=w.sim.grafana.user_id("cy"), name="cy", email="cy@example.com", start=NINE - DAY, end=NINE
        )
        assert (before.start, before.end) == (NINE - 2 * DAY, NINE - DAY)
        assert (after.start, after.end) == (NINE, NINE + DAY)
        assert abs(who.at - NOW) < timedelta(seconds=1)
        assert cy.label == "cy"


async def test_result_is_that_of_other_providers() -> None:
    """The result is an OnCall, as for other providers; there are no escalations in it."""
    async with grafana_world() as w:
        who = await w.client.who_is_on_call(schedule=await turns(w))
        assert type(who) is OnCall
        assert {type(person) for place in (who.current, who.previous, who.next) for person in place} == {Responder}
        assert who.escalations == ()


MOMENT: Final = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NINE - MOMENT, ("bob", "cy", "ann")),
        (NINE, ("cy", "ann", "bob")),
        (NINE + MOMENT, ("cy", "ann", "bob")),
        (NINE + DAY - MOMENT, ("cy", "ann", "bob")),
        (NINE + DAY, ("ann", "bob", "cy")),
        (NINE + 400 * DAY, ("ann", "bob", "cy")),
        ((NINE + DAY).astimezone(timezone(5.75 * HOUR)), ("ann", "bob", "cy")),
    ],
    ids=str,
)
async def test_around_an_edge(at: datetime, expected: tuple[str, str, str]) -> None:
    """A shift has its first instant and not its last; at any time of any offset there is one before and one after."""
    async with grafana_world() as w:
        who = await w.client.who_is_on_call(schedule=await turns(w), at=at)
        assert (who.at, who.at.utcoffset()) == (at, at.utcoffset())
        assert tuple(names([*who.previous, *who.current, *who.next])) == expected
        assert len(who.current) == 1
        for person in who.current:
            assert person.start is not None
            assert person.end is not None
            assert person.start <= at < person.end


async def test_nobody_is_on_call() -> None:
    """On an empty schedule there is nobody at all; in a gap there is nobody now."""
    async with grafana_world() as w:
        ann, bob = people(w, "ann", "bob")
        empty = await schedule(w)
        who = await w.client.who_is_on_call(schedule=empty, at=NINE)
        assert who == OnCall(at=NINE)
        gaps = await schedule(w, shift(NINE - DAY, HOUR, ann), shift(NINE + DAY, HOUR, bob))
        who = await w.client.who_is_on_call(schedule=gaps, at=NINE)
        assert (names(who.previous), names(who.current), names(who.next)) == (["ann"], [], ["bob"])


async def test_several_at_once() -> None:
    """Those who are on call together are all there, and so are those who were and will be together."""
    async with grafana_world() as w:
        ann, bob, cy = people(w, "ann", "bob", "cy")
        shifts = [
            shift(NINE - 2 * HOUR, HOUR, ann, bob),
            shift(NINE - 3 * HOUR, HOUR, cy),
            shift(NINE, 2 * HOUR, bob, cy),
            shift(NINE + 3 * HOUR, HOUR, cy, ann),
            shift(NINE + 4 * HOUR, HOUR, bob),
        ]
        who = await w.client.who_is_on_call(schedule=await schedule(w, *shifts), at=NINE + HOUR)
        assert names(who.previous) == ["ann", "bob"]
        assert names(who.current) == ["bob", "cy"]
        assert names(who.next) == ["cy", "ann"]


async def test_override() -> None:
    """An override takes the place of whoever would be on call, and before and after it they are on call again."""
    async with grafana_world() as w:
        (dee,) = people(w, "dee")
        primary = await turns(w, shift(NINE + HOUR, HOUR, dee, type="override"))
        who = await w.client.who_is_on_call(schedule=primary, at=NINE + 1.5 * HOUR)
        assert (names(who.previous), names(who.current), names(who.next)) == (["ann"], ["dee"], ["ann"])
        assert [(person.start, person.end) for person in who.current] == [(NINE + HOUR, NINE + 2 * HOUR)]
        after = await w.client.who_is_on_call(schedule=primary, at=NINE + 2 * HOUR)
        assert (names(after.previous), names(after.current)) == (["dee"], ["ann"])


async def test_taken_swap() -> None:
    """Whoever took a swap is on call instead of whoever asked for it."""
    async with grafana_world() as w:
        primary = await turns(w)
        cy, ann = w.sim.grafana.user_id("cy"), w.sim.grafana.user_id("ann")
        start = NINE + 2 * DAY
        swap = await w.client.shift_swaps.create(
            g.ShiftSwap(schedule=primary, swap_start=start, swap_end=start + DAY, beneficiary=cy)
        )
        before = await w.client.who_is_on_call(schedule=primary, at=start)
        taken = await w.client.shift_swaps.take(swap.id, benefactor=ann)
        after = await w.client.who_is_on_call(schedule=primary, at=start)
        assert (names(before.current), names(after.current)) == (["cy"], ["ann"])
        assert (taken.status, taken.benefactor) == (g.SwapStatus.TAKEN, ann)


async def test_bounds_of_what_is_looked_for() -> None:
    """Who was on call 31 days ago and who will be in 31 days is found, and nobody beyond; long shifts are cut there."""
    async with grafana_world() as w:
        ann, bob = people(w, "ann", "bob")
        far = await schedule(w, shift(NINE - 32 * DAY, 2 * DAY, ann), shift(NINE + 30 * DAY, 5 * DAY, bob))
        who = await w.client.who_is_on_call(schedule=far, at=NINE)
        assert [(one.name, one.start, one.end) for one in who.previous] == [("ann", NINE - 31 * DAY, NINE - 30 * DAY)]
        assert [(one.name, one.start, one.end) for one in who.next] == [("bob", NINE + 30 * DAY, NINE + 31 * DAY)]
        too_far = await schedule(w, shift(NINE - 33 * DAY, DAY, ann), shift(NINE + 32 * DAY, DAY, bob))
        assert await w.client.who_is_on_call(schedule=too_far, at=NINE) == OnCall(at=NINE)


async def test_team() -> None:
    """A team's people on call are those of all its schedules, each once; other teams' schedules do not count."""
    async with grafana_world() as w:
        ops, other = w.sim.grafana.add_team("ops"), w.sim.grafana.add_team("other")
        first = await turns(w, team=ops)
        ann, cy, eve = *(w.sim.grafana.user_id(name) for name in ("ann", "cy")), *people(w, "eve")
        second = await schedule(w, shift(NINE, DAY, eve, ann), shift(NINE - DAY, DAY, cy), team=ops)
        await schedule(w, shift(NINE, DAY, *people(w, "fay")), team=other)
        await schedule(w, shift(NINE, DAY, *people(w, "gus")))
        who = await w.client.who_is_on_call(team=ops, at=NINE + HOUR)
        assert names(who.current) == ["ann", "eve"]
        assert (names(who.previous), names(who.next)) == (["cy"], ["bob"])
        assert sorted(w.sent()) == sorted(
            [f"GET teams/{ops}/", "GET schedules/", *(f"GET schedules/{one}/final_shifts/" for one in (first, second))]
        )


async def test_team_without_schedules() -> None:
    """A team that has no schedule has nobody on call, and says why; one with a schedule lacks nothing."""
    async with grafana_world() as w:
        team = w.sim.grafana.add_team("ops")
        await turns(w)
        assert await w.client.who_is_on_call(team=team, at=NINE) == OnCall(at=NINE, lacks="schedules")
        await schedule(w, team=team)
        assert await w.client.who_is_on_call(team=team, at=NINE) == OnCall(at=NINE)


@pytest.mark.parametrize("asked", [{"team": NOTHING}, {"schedule": NOTHING}])
async def test_what_is_not_there(asked: dict[str, Any]) -> None:
    """An unknown team or schedule is NotFound, and not somebody else's answer."""
    async with grafana_world() as w:
        await turns(w)
        with pytest.raises(NotFound):
            await w.client.who_is_on_call(**asked)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "team, schedule"),
        ({"team": None, "schedule": None}, "team, schedule"),
        ({"team": "T1", "schedule": "S1"}, "team, schedule"),
        ({"schedule": "S1", "at": NINE.replace(tzinfo=None)}, "at"),
        ({"team": "T1", "at": NINE.replace(tzinfo=None)}, "at"),
        ({"schedule": "S1", "at": "now"}, "at"),
        ({"schedule": ""}, "schedule_id"),
        ({"team": ""}, "team_id"),
    ],
)
async def test_wrong_arguments(asked: dict[str, Any], field: str) -> None:
    """Both, neither, a naive time or a blank id is refused by its name, and nothing is sent."""
    async with grafana_world() as w:
        with pytest.raises(OptionsError) as raised:
            await w.client.who_is_on_call(**asked)
        assert (raised.value.field, w.sent()) == (field, [])


async def test_one_schedule_of_a_team_that_cannot_be_read() -> None:
    """If one schedule of a team cannot be read, that is an error and no half of an answer."""
    async with grafana_world() as w:
        team = w.sim.grafana.add_team("ops")
        await turns(w, team=team)
        second = await schedule(w, shift(NINE, DAY, *people(w, "eve")), team=team)
        w.fail("GET", f"schedules/{second}/final_shifts/", Fault(FaultKind.ERROR_BEFORE, status=403))
        with pytest.raises(Forbidden):
            await w.client.who_is_on_call(team=team)
        crash = Fault(FaultKind.ERROR_BEFORE, status=500, html=True)
        w.fail("GET", f"schedules/{second}/final_shifts/", crash, crash)
        with pytest.raises(ServerError):
            await w.client.who_is_on_call(team=team)


async def test_answer_is_asked_for_again() -> None:
    """Reading who is on call is repeated like all reading, and finds the same among what is not all known."""
    async with grafana_world(GrafanaOptions(drift=True)) as w:
        primary = await turns(w)
        w.fail("GET", "*", FaultKind.DROP_AFTER, FaultKind.THROTTLE, FaultKind.TRUNCATED_BODY)
        who = await w.client.who_is_on_call(schedule=primary)
        assert (names(who.previous), names(who.current), names(who.next)) == (["bob"], ["cy"], ["ann"])
        assert len(w.requests()) == 4
