"""Overrides of a schedule: created once, listed over any time, deleted; and who is on call because of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall import AmbiguousOutcome, BadRequest, NotFound, OptionsError, ResourceRef
from aiooncall.datadog import Override, OverrideInclude, User
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import LOST_ANSWERS
from tests.support.datadog_http import SCHEDULES
from tests.support.datadog_world import answering, everything, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World

DAY = timedelta(days=1)
NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
DROPPED = Fault(FaultKind.DROP_AFTER)


def path(w: World) -> str:
    """Return where the overrides of the schedule are."""
    return f"{SCHEDULES}/{w.schedule}/overrides"


def night(user: str, start: datetime = NEW_YEAR, hours: float = 8, **fields: Any) -> Override:
    """Return an override of eight hours."""
    return Override(start=start, end=start + timedelta(hours=hours), user=User(id=user), **fields)


async def listed(w: World, start: datetime, end: datetime, **options: Any) -> list[Any]:
    """Return the overrides in a time."""
    return await everything(w.client.schedules.overrides.list(w.schedule, start, end, **options))


async def test_life_of_an_override() -> None:
    """An override is created, listed as it was made, and deleted."""
    async with world() as w:
        overrides = w.client.schedules.overrides
        (made,) = await overrides.create(w.schedule, night(w.cy, overridden_user=User(id=w.bob)))
        assert (made.start, made.end, made.inactive) == (NEW_YEAR, NEW_YEAR + timedelta(hours=8), False)
        refs = (made.user, made.overridden_user, made.schedule)
        assert refs == (*(ResourceRef("users", one) for one in (w.cy, w.bob)), ResourceRef("schedules", w.schedule))
        assert await listed(w, NEW_YEAR - DAY, NEW_YEAR + DAY) == [made]
        await overrides.delete(w.schedule, made.id)
        assert await listed(w, NEW_YEAR - DAY, NEW_YEAR + DAY) == []
        with pytest.raises(NotFound):
            await overrides.delete(w.schedule, made.id)


async def test_people_come_along_if_asked() -> None:
    """The people of an override come along with what is made and with what is listed, if they are asked for."""
    async with world() as w:
        new = night(w.cy, overridden_user=User(id=w.bob))
        (made,) = await w.client.schedules.overrides.create(w.schedule, new, include=OverrideInclude)
        (row,) = await listed(w, NEW_YEAR, NEW_YEAR + DAY, include=["user", "overridden_user"])
        assert (
            (made.user.name, made.overridden_user.name)
            == (row.user.name, row.overridden_user.name)
            == ("Cy", "Bob Roy")
        )


async def test_many_with_one_request() -> None:
    """Many overrides are made by one request, in their order; if one of them is wrong there, none is."""
    async with world() as w:
        rows = [night(user, NEW_YEAR + number * DAY) for number, user in enumerate((w.cy, w.ann, w.bob))]
        made = await w.client.schedules.overrides.create(w.schedule, iter(rows))
        assert [row.user.id for row in made] == [w.cy, w.ann, w.bob]
        assert w.sent() == [f"POST {path(w)}"]
        with pytest.raises(BadRequest, match="nobody"):
            await w.client.schedules.overrides.create(w.schedule, [*rows, night("nobody")])
        assert len(await listed(w, NEW_YEAR, NEW_YEAR + 9 * DAY)) == 3


async def test_whoever_stands_in_is_on_call() -> None:
    """Who stands in is on call for that time, on the schedule and for its team; without it all is as before."""
    async with world() as w:

        async def on_call() -> list[str]:
            shift = await w.client.schedules.on_call(w.schedule)
            team = await w.client.teams.on_call(w.payments)
            who = await w.client.who_is_on_call(schedule=w.schedule)
            assert [person.id for person in who.current] == [shift.user.id]
            assert {user.id for user in team.responders} == {w.ann, shift.user.id}
            return [shift.user.id, shift.end.astimezone(UTC).isoformat()]

        before = await on_call()
        start = NOW - timedelta(hours=1)
        (made,) = await w.client.schedules.overrides.create(
            w.schedule, night(w.cy, start, overridden_user=User(id=w.bob))
        )
        assert before[0] == w.bob
        assert await on_call() == [w.cy, (start + timedelta(hours=8)).isoformat()]
        later = await w.client.who_is_on_call(schedule=w.schedule, at=start + timedelta(hours=9))
        assert [person.id for person in later.current] == [w.bob]
        await w.client.schedules.overrides.delete(w.schedule, made.id)
        assert await on_call() == before


@pytest.mark.parametrize("fault", LOST_ANSWERS, ids=str)
async def test_lost_answer_is_found_again(fault: Fault) -> None:
    """With `reconcile` an override whose answer was lost is looked for, and found if it is there; it is made once."""
    async with world() as w:
        w.sim.faults.script("POST", "*", fault)
        new = [night(w.cy), night(w.ann, NEW_YEAR + DAY, overridden_user=User(id=w.bob))]
        create = w.client.schedules.overrides.create(w.schedule, new, reconcile=True)
        if fault.kind in {FaultKind.DROP_BEFORE, FaultKind.ERROR_BEFORE}:
            with pytest.raises(AmbiguousOutcome):
                await create
            assert await listed(w, NEW_YEAR, NEW_YEAR + 2 * DAY) == []
        else:
            assert list(await create) == await listed(w, NEW_YEAR, NEW_YEAR + 2 * DAY)
        assert w.sent().count(f"POST {path(w)}") == 1


async def test_part_of_what_was_wanted_is_not_all_of_it() -> None:
    """Should one of two be there and the other not, nobody can say what came of the request."""
    async with world() as w:
        await w.client.schedules.overrides.create(w.schedule, night(w.cy))
        w.sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        with pytest.raises(AmbiguousOutcome):
            await w.client.schedules.overrides.create(w.schedule, [night(w.cy), night(w.ann)], reconcile=True)


async def test_what_was_there_before_counts() -> None:
    """An override of the same person and time does the same, so that a doubt about another one is settled by it."""
    async with world() as w:
        (first,) = await w.client.schedules.overrides.create(w.schedule, night(w.cy))
        w.sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        assert await w.client.schedules.overrides.create(w.schedule, night(w.cy), reconcile=True) == (first,)


async def test_look_that_fails_settles_nothing() -> None:
    """If the list cannot be read the doubt stays one, and it is that which is raised."""
    async with world() as w:
        w.sim.faults.script("POST", "*", DROPPED)
        w.sim.faults.script("GET", "*", *[Fault(FaultKind.ERROR_BEFORE, status=403)] * 99)
        with pytest.raises(AmbiguousOutcome):
            await w.client.schedules.overrides.create(w.schedule, night(w.cy), reconcile=True)


async def test_doubt_says_what_it_is_about() -> None:
    """The error names the schedule, the person and the time, and how to look."""
    async with world() as w:
        w.sim.faults.script("POST", "*", DROPPED, DROPPED)
        with pytest.raises(AmbiguousOutcome) as raised:
            await w.client.schedules.overrides.create(w.schedule, night(w.cy))
        assert raised.value.named["schedule_id"] == w.schedule
        assert raised.value.named["user"] == w.cy
        assert "overrides.list" in str(raised.value)
        with pytest.raises(AmbiguousOutcome) as raised:
            await w.client.schedules.overrides.create(w.schedule, [night(w.cy), night(w.bob)])
        assert raised.value.named["overrides"] == "2"


@pytest.mark.parametrize("rows", [0, 2])
async def test_answer_without_what_was_made(rows: int) -> None:
    """An answer that has not as many overrides as were sent is a doubt, not a success."""
    row = {"type": "overrides", "id": "o", "attributes": {}}
    async with answering({"data": [row] * rows}) as (recorder, client):
        with pytest.raises(AmbiguousOutcome, match="got"):
            await client.schedules.overrides.create("s", night("u"))
        assert len(recorder.bodies) == 1


async def test_recorded_answer() -> None:
    """An answer with 201, without `inactive` and with a person only, as it was recorded, is read."""
    person = {"user": {"data": {"id": "u1", "type": "users"}}}
    times = {"end": "2025-06-10T00:29:57.648Z", "start": "2025-06-09T23:29:57.648Z"}
    row = {"id": "o1", "type": "overrides", "attributes": times, "relationships": person}
    async with answering({"data": [row]}, status=201) as (recorder, client):
        start = datetime(2025, 6, 9, 23, 29, 57, 648_000, UTC)
        (made,) = await client.schedules.overrides.create("s1", night("u1", start, hours=1))
        assert (made.start, made.end - made.start, made.user.id) == (start, timedelta(hours=1), "u1")
        assert [sent["relationships"] for sent in recorder.bodies[0]["data"]] == [person]
        assert not made.inactive


async def test_slice_without_a_word_of_more_is_read_to_its_end() -> None:
    """The recorded list says nothing of further pages: it ends with one that brings nothing new."""
    rows = [{"id": f"o{number}", "type": "overrides", "attributes": {}} for number in range(3)]
    async with answering({"data": rows[:2]}, {"data": rows[2:]}, {"data": []}) as (recorder, client):
        found = await everything(client.schedules.overrides.list("s1", NEW_YEAR, NEW_YEAR + DAY))
        assert [row.id for row in found] == ["o0", "o1", "o2"]
        assert len(recorder.bodies) == 3


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_list_of_any_length_yields_everything_once(size: int) -> None:
    """Over months each override is yielded once, by its start, also one that several requests tell of."""
    async with world() as w:
        starts = [NEW_YEAR + number * 15 * DAY for number in range(12)]
        rows = [night(w.cy, start, hours=100 * 24 if start == starts[2] else 8) for start in starts]
        made = await w.client.schedules.overrides.create(w.schedule, rows)
        found = await listed(w, NEW_YEAR, NEW_YEAR + 170 * DAY, page_size=size)
        assert [row.id for row in found] == [row.id for row in made]


SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), min_size=1, max_size=6)


@settings(max_examples=25)
@given(SPANS, st.integers(0, 200), st.integers(1, 150))
async def test_cut_list_is_the_whole_list(spans: list[tuple[int, int]], first: int, length: int) -> None:
    """Whatever the time and the overrides, at the seams of requests nothing is yielded twice, and nothing is lost."""
    start, end = NEW_YEAR + first * DAY, NEW_YEAR + (first + length) * DAY
    async with world() as w:
        rows = [night(w.cy, NEW_YEAR + begin * DAY, hours=24 * days) for begin, days in spans]
        made = await w.client.schedules.overrides.create(w.schedule, rows)
        found = [row.id for row in await listed(w, start, end)]
        assert len(set(found)) == len(found)
        assert set(found) == {row.id for row in made if row.start < end and row.end > start}


async def test_short_time_is_asked_for_once() -> None:
    """A time of 45 days takes one request; a longer one takes as many as it has such times in it."""
    async with world() as w:
        for days, requests in ((1, 1), (45, 1), (46, 2), (91, 3)):
            await listed(w, NEW_YEAR, NEW_YEAR + days * DAY)
            assert w.sent() == [f"GET {path(w)}"] * requests


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("start", {"start": datetime(2031, 1, 1)}),  # noqa: DTZ001 (that is what is wrong)
        ("end", {"end": NEW_YEAR}),
        ("end", {"end": "2031-02-01"}),
        ("page_size", {"page_size": 51}),
        ("include", {"include": ["schedule"]}),
        ("include", {"include": [["user"]]}),
    ],
)
async def test_bad_question_is_refused_locally(field: str, options: dict[str, Any]) -> None:
    """What is wrong with a list is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError) as raised:
            await listed(w, **{"start": NEW_YEAR, "end": NEW_YEAR + DAY, **options})
        assert raised.value.field == field
        assert w.sent() == []


async def test_deadline_covers_the_look() -> None:
    """Creating and looking have one deadline together; what is unknown when it is over stays unknown."""
    async with world(deadline=5.0) as w:
        w.sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        w.sim.faults.script("GET", "*", *[Fault(FaultKind.SLOW, delay=2.0)] * 9)
        begun = w.client.options.clock.monotonic()
        with pytest.raises(AmbiguousOutcome):
            await w.client.schedules.overrides.create(w.schedule, night(w.cy), reconcile=True)
        assert w.client.options.clock.monotonic() - begun <= 5.1
