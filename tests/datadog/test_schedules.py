"""Schedules: create, get, update, delete, and who is on call for one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import BadRequest, Conflict, NotFound, OptionsError, ResourceRef, evolve
from aiooncall.datadog import (
    Interval,
    Layer,
    Member,
    RespondersInclude,
    Schedule,
    ScheduleInclude,
    SchedulePosition,
    ShiftInclude,
    Team,
    TimeRestriction,
    User,
    Weekday,
)
from tests.support.datadog_http import NOBODY, POLICIES, SCHEDULES, policy_body, schedule_body
from tests.support.datadog_world import everything, linked_paths, on_the_way, subsets, target, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World

START = datetime(2027, 1, 1, tzinfo=UTC)
FRIDAY = datetime(2027, 1, 15, 12, tzinfo=UTC)
MADE = datetime(2027, 1, 15, 8, 0, 0, 250_000, tzinfo=UTC)


def new_layer(*members: Any, **changes: Any) -> Layer:
    """Return a layer in which members take turns by the day."""
    fields = {"name": "Days", "effective_date": START, "rotation_start": START, "interval": timedelta(days=1)}
    return Layer(**{**fields, "members": members, **changes})


def new_schedule(w: World, **changes: Any) -> Schedule:
    """Return a schedule that was not created yet, with every field that a layer can have."""
    hours = TimeRestriction(start_day=Weekday.MONDAY, start_time=time(9), end_day="friday", end_time="17:00:00")
    nights = new_layer(
        User(id=w.bob),
        name="Nights",
        end_date=START + timedelta(days=365),
        interval=timedelta(days=1, hours=12),
        time_zone="Asia/Tokyo",
        restrictions=[hours],
    )
    layers = [new_layer(User(id=w.ann), None, Member(user=ResourceRef("users", w.bob))), nights]
    fields = {"name": "Refunds", "time_zone": "Europe/Paris", "teams": [Team(id=w.storage)]}
    return Schedule(**{**fields, "layers": layers, **changes})


async def test_life_of_a_schedule() -> None:
    """A schedule is created, read, replaced and deleted, and each time what was sent is what is there."""
    async with world() as w:
        schedules = w.client.schedules
        made = await schedules.create(new_schedule(w), include=ScheduleInclude)
        assert (made.name, made.time_zone, made.tags) == ("Refunds", "Europe/Paris", ())
        assert made == await schedules.get(made.id, include=ScheduleInclude)
        fewer = evolve(made, name="Money back", layers=made.layers[:1], teams=[])
        updated = await schedules.update(fewer, include=ScheduleInclude)
        assert updated == fewer == await schedules.get(made.id, include=ScheduleInclude)
        await schedules.delete(made.id)
        with pytest.raises(NotFound):
            await schedules.get(made.id)


async def test_layers_read_as_they_were_written() -> None:
    """Order, instants, intervals, zones, windows and members of layers come back as they were given."""
    async with world() as w:
        made = await w.client.schedules.create(new_schedule(w), include=ScheduleInclude)
        days, nights = made.layers
        assert [member.user and member.user.id for member in days.members] == [w.ann, None, w.bob]
        assert days.members[0].user.name == "Ann Lee"
        assert (days.name, days.effective_date, days.rotation_start) == ("Days", START, START)
        assert (days.interval, nights.interval) == (Interval(days=1), Interval(days=1, seconds=43_200))
        assert (nights.end_date, nights.time_zone) == (datetime(2028, 1, 1, tzinfo=UTC), "Asia/Tokyo")
        (window,) = nights.restrictions
        assert (window.start_day, window.start_time) == (Weekday.MONDAY, time(9))
        assert (window.end_day, window.end_time) == (Weekday.FRIDAY, time(17))


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("include", [("layers.members",), ("layers.members.user",), "generator"])
async def test_empty_slot_is_a_member_without_a_user(include: Any, hidden: bool) -> None:
    """An empty slot reads as a member whose user is None, whether the server includes it or only refers to it."""
    async with world({"hide_empty_slots": hidden}) as w:
        wanted = iter(("layers.members",)) if include == "generator" else include
        schedule = await w.client.schedules.get(w.schedule, include=wanted)
        members = schedule.layers[0].members
        assert [type(member) for member in members] == [Member, Member, Member]
        assert [member.user is None for member in members] == [False, True, False]


async def test_members_that_were_not_asked_for_are_not_empty_slots() -> None:
    """Without members in the includes they stay references, and asking for their user is an error."""
    async with world() as w:
        schedule = await w.client.schedules.get(w.schedule, include=("layers",))
        members = schedule.layers[0].members
        assert {type(member) for member in members} == {ResourceRef}
        assert not hasattr(members[0], "user")


@pytest.mark.parametrize("operation", ["get", "create", "update"])
async def test_only_what_was_asked_for_comes_along(operation: str) -> None:
    """For every choice of includes exactly what was asked for is objects, and the rest are references."""
    async with world() as w:
        schedules = w.client.schedules
        known = await schedules.get(w.schedule, include=ScheduleInclude)
        for include in subsets(ScheduleInclude):
            argument = {"get": known.id, "create": known, "update": known}[operation]
            found = await getattr(schedules, operation)(argument, include=include)
            assert linked_paths(found, ScheduleInclude) == on_the_way(include)


async def test_responders_bring_only_what_was_asked_for() -> None:
    """For every choice of a schedule's responders' includes exactly what was asked for is objects."""
    async with world() as w:
        for include in subsets(RespondersInclude):
            found = await w.client.schedules.responders(w.schedule, include=include)
            assert linked_paths(found, RespondersInclude) == on_the_way(include)


async def test_shift_brings_its_user_if_asked() -> None:
    """The shift of the moment brings its user only if asked for."""
    async with world() as w:
        bare = await w.client.schedules.on_call(w.schedule)
        assert bare.user == ResourceRef("users", w.bob)
        full = await w.client.schedules.on_call(w.schedule, include=ShiftInclude)
        assert isinstance(full.user, User)
        assert full.user.name == "Bob Roy"


WRONG_INCLUDES: list[tuple[str, Any]] = [
    *[("get", include) for include in ("layers", ("steps",), ("user",), None, 5)],
    *[("list", include) for include in ("teams", ("layers",), ("layers.members",), None)],
    *[("on_call", include) for include in ("user", ("users",), ("teams",))],
    *[("responders", include) for include in ("schedule", ("user",), ("layers",), ("shifts",))],
    *[("create", include) for include in ("layers", ("steps",))],
    *[("update", include) for include in ("layers", ("steps",))],
]


@pytest.mark.parametrize(("operation", "include"), WRONG_INCLUDES)
async def test_wrong_include_is_refused_locally(operation: str, include: Any) -> None:
    """A text instead of a tuple, or a value that the operation does not have, is an OptionsError; nothing is sent."""
    async with world() as w:
        argument: Any = new_schedule(w, id="s") if operation in {"create", "update"} else w.schedule
        called = getattr(w.client.schedules, operation)(argument, include=include)
        with pytest.raises(OptionsError) as raised:
            await (everything(called) if operation == "list" else called)
        assert raised.value.field == "include"
        assert w.sent() == []


@pytest.mark.parametrize("operation", ["create", "update"])
@pytest.mark.parametrize("wrong", [None, "schedule", {"name": "Refunds"}, ResourceRef("schedules", "s"), User(id="u")])
async def test_wrong_argument_is_refused_locally(operation: str, wrong: Any) -> None:
    """Anything but a schedule is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="a Schedule"):
            await getattr(w.client.schedules, operation)(wrong)
        assert w.sent() == []


async def test_server_refusals() -> None:
    """An unknown member is BadRequest, an unknown schedule NotFound and one that a policy uses a Conflict."""
    async with world() as w:
        schedules = w.client.schedules
        with pytest.raises(BadRequest, match=NOBODY):
            await schedules.create(new_schedule(w, layers=[new_layer(User(id=NOBODY))]))
        for call in (schedules.get, schedules.delete, schedules.on_call, schedules.responders):
            with pytest.raises(NotFound, match=rf"schedule\[{NOBODY}\] not found"):
                await call(NOBODY)
        with pytest.raises(NotFound):
            await schedules.update(new_schedule(w, id=NOBODY))
        with pytest.raises(Conflict, match=w.policy):
            await schedules.delete(w.schedule)


async def test_on_call_now_and_at() -> None:
    """The shift that is on now, since its schedule was made, and the one at an instant given in any zone."""
    async with world() as w:
        now = await w.client.schedules.on_call(w.schedule, include=("user",))
        assert now.user.name == "Bob Roy"
        assert now.start <= FRIDAY < now.end
        assert (now.start, now.end) == (MADE, datetime(2027, 1, 16, tzinfo=UTC))
        for zone in (UTC, timezone(timedelta(hours=-11))):
            tomorrow = (FRIDAY + timedelta(days=1)).astimezone(zone)
            assert (await w.client.schedules.on_call(w.schedule, at=tomorrow)).user.id == w.ann


async def test_nobody_on_call_is_not_found() -> None:
    """At an empty slot there is no shift: NotFound says that nobody is on call."""
    async with world() as w:
        with pytest.raises(NotFound, match="nobody is on call"):
            await w.client.schedules.on_call(w.schedule, at=FRIDAY - timedelta(days=1))


async def test_responders_by_position() -> None:
    """Each position that was asked for is told, with its shift and user; only the current one unless said otherwise."""
    async with world() as w:

        async def found(*positions: Any, **options: Any) -> dict[str, list[str]]:
            chosen = {"positions": positions} if positions else {}
            answer = await w.client.schedules.responders(w.schedule, **chosen, **options)
            return {str(one.position): [shift.user.id for shift in one.shifts] for one in answer.responders}

        assert await found() == {"current": [w.bob]}
        everyone = {"previous": [w.ann], "current": [w.bob], "next": [w.ann]}
        assert await found(*SchedulePosition) == everyone
        assert await found("next", "next", "current") == {"next": [w.ann], "current": [w.bob]}
        assert await found("current", at=FRIDAY - timedelta(days=1)) == {"current": []}


async def test_responders_tell_the_instant() -> None:
    """The instant that was asked about comes back, to the nanosecond that the server writes."""
    async with world() as w:
        found = await w.client.schedules.responders(w.schedule, at=FRIDAY, include=("schedule",))
        assert found.scheduled_at == FRIDAY
        assert found.schedule.name == "Primary"
        assert found.id == f"{w.schedule}-{int(FRIDAY.timestamp())}"


@pytest.mark.parametrize("operation", ["on_call", "responders"])
@pytest.mark.parametrize("at", [datetime(2027, 1, 15), "2027-01-15T08:00:00Z", 1_800_000_000])  # noqa: DTZ001 (naive on purpose)
async def test_bad_instant_is_refused_locally(operation: str, at: Any) -> None:
    """A naive datetime, or none at all, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match=r"at: .*aware"):
            await getattr(w.client.schedules, operation)(w.schedule, at=at)
        assert w.sent() == []


@pytest.mark.parametrize("positions", ["current", ("last",), ("current", "PREVIOUS"), (None,)])
async def test_bad_position_is_refused_locally(positions: Any) -> None:
    """An unknown position, or a text instead of a tuple, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="previous, current, next"):
            await w.client.schedules.responders(w.schedule, positions=positions)
        assert w.sent() == []


async def test_schedule_of_a_policy_stays_while_it_is_used() -> None:
    """Once no policy leads to a schedule it can be deleted."""
    async with world() as w:
        schedule = await w.caller.make(SCHEDULES, schedule_body(w.ann))
        policy = await w.caller.make(POLICIES, policy_body([target("schedules", schedule)]))
        with pytest.raises(Conflict):
            await w.client.schedules.delete(schedule)
        await w.client.escalation_policies.delete(policy)
        await w.client.schedules.delete(schedule)
        with pytest.raises(KeyError):
            w.sim.stored("schedules", schedule)
