"""Whom an edit of a schedule puts on call: computed beforehand, and held against the simulator once it is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from aiooncall import UNSET, LinkError, NotFound, OptionsError, evolve
from aiooncall.coverage import Gap, changes, gaps
from aiooncall.datadog import Interval, Layer, Override, Schedule, ScheduleInclude, TimeRestriction, User
from aiooncall.datadog.checking import instants_of
from aiooncall.datadog.resources import users
from aiooncall.jsonapi import each
from aiooncall.simulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall import DatadogOnCall
    from aiooncall.datadog import SchedulePreview
    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
HOURS: Final = TimeRestriction(start_day="monday", start_time="09:00:00", end_day="friday", end_time="01:30:00")
CHANGES: Final = (
    ("America/New_York", datetime(2031, 3, 9, 7, tzinfo=UTC)),  # forward
    ("Europe/Berlin", datetime(2031, 10, 26, 1, tzinfo=UTC)),  # back
    ("Australia/Lord_Howe", datetime(2031, 10, 4, 15, 30, tzinfo=UTC)),  # by half an hour
)


class Rota:
    """A schedule of two layers around a change of clocks, and the people on it."""

    def __init__(self, sim: Simulator, dd: DatadogOnCall) -> None:
        self.sim, self.dd = sim, dd
        names = ("Ann Lee", "Ben Roth", "Cem Ak", "Dan Moe")
        self.ann, self.ben, self.cem, self.dan = (User(id=sim.add_user(name)) for name in names)
        self.start = CHANGES[1][1] - 5 * DAY
        self.end = self.start + 12 * DAY
        self.schedule = Schedule()

    async def build(self, zone: str, change: datetime) -> None:
        """Create the schedule: turns of days and of weeks, and people who stand in."""
        self.start = change - 5 * DAY
        self.end = self.start + 12 * DAY
        known: dict[str, Any] = {"effective_date": change - 40 * DAY, "rotation_start": change - 33 * DAY + 2 * HOUR}
        base = Layer(name="Base", interval=timedelta(days=2), members=[self.ann, self.ben], **known)
        top = Layer(name="Top", interval=DAY, members=[self.cem, None, self.ben], restrictions=[HOURS], **known)
        made = await self.dd.schedules.create(Schedule(name="Primary", time_zone=zone, layers=[base, top]))
        standing = [(self.ann, None, 20), (self.cem, self.ben, 200)]
        for user, replaced, first in standing:
            start = self.start + first * HOUR
            override = Override(user=user, overridden_user=replaced, start=start, end=start + 30 * HOUR)
            await self.dd.schedules.overrides.create(made.id, override)
        self.schedule = await self.dd.schedules.get(made.id, include=ScheduleInclude)
        self.sim.ledger.requests.clear()

    def edited(self, number: int = 0, **changed: Any) -> Schedule:
        """Return the schedule with one layer changed."""
        layers = [*each(self.schedule.layers, Layer)]
        layers[number] = evolve(layers[number], **changed)
        return evolve(self.schedule, layers=layers)

    async def preview(self, edited: Schedule, **options: Any) -> SchedulePreview:
        """Return the preview of an edit."""
        return await self.dd.schedules.preview(edited, self.start, self.end, **options)

    def sent(self) -> list[str]:
        """Return what was asked for since the last time."""
        paths = [f"{one.method} {one.path.rpartition('/')[2]}" for one in self.sim.ledger.requests]
        self.sim.ledger.requests.clear()
        return [path.replace(self.schedule.id, "schedule") for path in paths]


@pytest.fixture
async def rota(sim: Simulator, dd: DatadogOnCall) -> Rota:
    """Return a schedule in Berlin as clocks go back."""
    made = Rota(sim, dd)
    await made.build(*CHANGES[1])
    return made


EDITS: Final[dict[str, Any]] = {
    "another member": lambda rota: {"members": [rota.dan, rota.ann, rota.ben]},
    "another interval": lambda rota: {"interval": Interval(days=3, seconds=3600)},
    "another order and start": lambda rota: {"members": [rota.ben, rota.ann], "rotation_start": rota.start + 6 * HOUR},
    "hours": lambda rota: {"restrictions": [HOURS]},
}


@pytest.mark.no_cover
@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize("keep", [False, True])
async def test_what_was_said_is_what_happens(
    sim: Simulator, dd: DatadogOnCall, zone: str, change: datetime, kind: str, keep: bool
) -> None:
    """Once an edit is written, the simulator has those on call whom the preview named, at the ends of shifts first."""
    rota = Rota(sim, dd)
    await rota.build(zone, change)
    edited = rota.edited(**EDITS[kind](rota))
    at = change + 3 * HOUR
    preview = await rota.preview(edited, at=at, keep_current=keep and kind != "hours")
    assert set(rota.sent()) <= {"GET schedule", "GET overrides", "GET users"}
    await ask(rota, preview.before)
    await rota.dd.schedules.update(preview.edited)
    await ask(rota, preview.after)
    assert [preview.on_call_after and preview.on_call_after.id] == await whoever(rota, at)
    if preview.moves:
        assert preview.on_call_before == preview.on_call_after


async def ask(rota: Rota, shifts: Iterable[Any]) -> None:
    """Hold shifts against the simulator's responders."""
    given = [*shifts]
    for at in instants_of(given, rota.start, rota.end, 40):
        computed = [one.person.id for one in given if one.person and one.start <= at < one.end] or [None]
        assert computed == await whoever(rota, at), at


async def whoever(rota: Rota, at: datetime) -> list[str | None]:
    """Return the id of whoever is on call, as the simulator says."""
    who = await rota.dd.who_is_on_call(schedule=rota.schedule.id, at=at)
    return [person.id for person in who.current] or [None]


async def test_a_preview_compares(rota: Rota) -> None:
    """It has the shifts before and after, what changes between them and which gaps are new, by the same functions."""
    top = [*each(rota.schedule.layers, Layer)][1]
    edited = evolve(rota.schedule, layers=[top])
    preview = await rota.preview(edited)
    assert list(preview.before) == await rota.dd.shifts(rota.schedule, rota.start, rota.end)
    assert list(preview.after) == await rota.dd.shifts(edited, rota.start, rota.end)
    assert list(preview.changes) == changes(preview.before, preview.after)
    assert gaps(preview.before, rota.start, rota.end) == []
    assert list(preview.new_gaps) == gaps(preview.after, rota.start, rota.end)
    assert preview.new_gaps
    assert preview.edited is edited


async def test_a_gap_is_new_once(rota: Rota) -> None:
    """A new gap is one although several people leave it, and one that was there is not new."""
    preview = await rota.preview(rota.edited(restrictions=[HOURS], members=[rota.ann, None]))
    assert all(isinstance(gap, Gap) for gap in preview.new_gaps)
    ends = {gap.end for gap in preview.new_gaps}
    assert not ends & {gap.start for gap in preview.new_gaps}
    again = await rota.preview(rota.edited())
    assert (again.changes, again.new_gaps, again.on_call_before) == ((), (), again.on_call_after)


async def test_few_requests_of_a_preview(rota: Rota) -> None:
    """The schedule is read once, its overrides once for each 45 days and for another instant, names only if unknown."""
    long = await rota.dd.schedules.preview(rota.edited(), rota.start, rota.start + 200 * DAY, at=rota.start)
    assert rota.sent() == ["GET schedule"] + ["GET overrides"] * 6  # the first had some, so there may be another page
    assert long.before == long.after
    await rota.preview(rota.edited(members=[rota.ann, rota.dan]), at=rota.end)
    assert rota.sent() == ["GET schedule"] + ["GET overrides"] * 3 + ["GET users"]
    named = evolve(rota.dan, name="Dan")
    preview = await rota.preview(rota.edited(members=[rota.ann, named]), at=rota.start)
    assert rota.sent() == ["GET schedule"] + ["GET overrides"] * 2
    assert {"Dan", "Ann Lee"} <= {shift.label for shift in preview.after}


async def test_no_time_at_all(rota: Rota) -> None:
    """Of no time there are no shifts, but who is on call is told all the same."""
    preview = await rota.dd.schedules.preview(rota.edited(), rota.start, rota.start, at=rota.start)
    assert (preview.before, preview.after, preview.changes) == ((), (), ())
    assert preview.on_call_before is not None


async def test_names_are_looked_up(rota: Rota) -> None:
    """A new member without a name is called by it; who is no user, or may not be read, by the id."""
    gone = User(id="00000000-0000-4000-8000-00000000dead")
    preview = await rota.preview(rota.edited(members=[rota.dan, gone]))
    labels = {shift.label for shift in preview.after}
    assert {"Dan Moe", gone.id} <= labels
    rota.sim.faults.script("GET", "/api/v2/users", Fault(FaultKind.ERROR_BEFORE, status=403))
    preview = await rota.preview(rota.edited(members=[rota.dan]))
    assert rota.dan.id in {shift.label for shift in preview.after}


async def test_names_of_so_many_at_most(rota: Rota, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an account of very many users, those that are not found soon enough are called by their ids."""
    monkeypatch.setattr(users, "MOST_READ", 3)
    preview = await rota.preview(rota.edited(members=[rota.dan, rota.ben]))
    assert rota.dan.id in {shift.label for shift in preview.after}


async def test_now_is_the_clocks(rota: Rota, clock: VirtualClock) -> None:
    """Without an instant it is the client's now that counts, in or out of the time asked for."""
    preview = await rota.preview(rota.edited())
    assert preview.at == datetime.fromtimestamp(clock.time(), UTC)


async def test_an_override_of_another_instant_counts(rota: Rota) -> None:
    """Who stands in at the instant is on call then, although it is not in the time that is shown."""
    at = rota.end + DAY
    override = Override(user=rota.dan, start=at - HOUR, end=at + HOUR)
    await rota.dd.schedules.overrides.create(rota.schedule.id, override)
    preview = await rota.preview(rota.edited(members=[rota.ben]), at=at, keep_current=True)
    assert preview.on_call_before == preview.on_call_after
    assert preview.on_call_after
    assert preview.on_call_after.label == "Dan Moe"
    assert preview.moves == ()


async def test_who_cannot_stay_is_an_error(rota: Rota) -> None:
    """If whoever is on call is no member any more, the error says so, and nothing is written."""
    at = rota.start + HOUR
    before = await rota.preview(rota.edited(), at=at)
    assert before.on_call_before
    rest = [one for one in (rota.ann, rota.ben, rota.cem) if one.id != before.on_call_before.id]
    layers = [evolve(layer, members=rest) for layer in each(rota.schedule.layers, Layer)]
    with pytest.raises(OptionsError, match="no member of any layer") as raised:
        await rota.preview(evolve(rota.schedule, layers=layers), at=at, keep_current=True)
    assert raised.value.field == "keep_current"
    assert before.on_call_before.label in raised.value.expected
    assert not [one for one in rota.sim.ledger.requests if one.method != "GET"]


async def test_for_people(rota: Rota) -> None:
    """The text fits 80 columns, has names and the times of the schedule's zone, and says which of two equal hours."""
    zone = ZoneInfo("Europe/Berlin")
    at = datetime(2031, 10, 26, 2, 30, tzinfo=zone, fold=1)
    preview = await rota.preview(rota.edited(members=[rota.ann, rota.dan, rota.ben]), at=at, keep_current=True)
    text = preview.to_text()
    assert max(map(len, text.splitlines())) <= 80
    first, second, third = text.splitlines()[:3]
    assert first == "Primary: Tue 2031-10-21 03:00 to Sun 2031-11-02 02:00, Europe/Berlin"
    assert second == "On call on Sun 2031-10-26 02:30 +0100: Ann Lee, as before"
    assert third.startswith("The rotation of Base starts 4 d earlier, on Fri 2031-09-19 05:00: Ann Lee keeps")
    assert "\n    Dan Moe instead of Ben Roth\n" in text
    assert text.endswith("\nNew gaps: none")
    assert f"\nChanges: {len(preview.changes)}\n" in text


async def test_new_gaps_for_people(rota: Rota) -> None:
    """A new gap has a line with its times and its length, after the changes."""
    top = [*each(rota.schedule.layers, Layer)][1]
    preview = await rota.preview(evolve(rota.schedule, layers=[top]))
    lines = preview.to_text().partition(f"\nNew gaps: {len(preview.new_gaps)}\n")[2].splitlines()
    assert len(lines) == len(preview.new_gaps)
    assert lines[0] == "  Tue 2031-10-21 05:00 to Tue 2031-10-21 23:00, 18 h"


async def test_long_lists_are_cut(rota: Rota) -> None:
    """Of very many changes the text has the first and says how many more there are."""
    edited = rota.edited(members=[rota.dan], interval=Interval(seconds=3600))
    preview = await rota.dd.schedules.preview(edited, rota.start, rota.start + 200 * DAY)
    assert f"\n  and {len(preview.changes) - 50} more\n" in preview.to_text()


async def test_for_programs(rota: Rota) -> None:
    """The JSON has shifts as those of coverage have them, changes with their words, and times with their offset."""
    at = rota.start + 5 * DAY
    preview = await rota.preview(rota.edited(members=[rota.ann, rota.dan, rota.ben]), at=at, keep_current=True)
    told = json.loads(preview.to_json())
    assert (told["schedule"], told["name"], told["time_zone"]) == (rota.schedule.id, "Primary", "Europe/Berlin")
    assert [shift["start"] for shift in told["before"]] == [shift.start.isoformat() for shift in preview.before]
    assert {shift["name"] for shift in told["after"]} >= {"Dan Moe"}
    assert [change["summary"] for change in told["changes"]] == [change.summary for change in preview.changes]
    assert [move["summary"] for move in told["moves"]] == [str(move) for move in preview.moves] != []
    assert told["moves"][0]["zone"] == "Europe/Berlin"
    assert told["on_call_after"]["name"] == "Ann Lee"
    assert told["new_gaps"] == []
    assert "edited" not in told


async def test_names_do_not_steer(rota: Rota) -> None:
    """What steers a terminal is not in the text, whatever people and layers are called."""
    evil = User(id=rota.sim.add_user("Eve\x1b[2J\nroot"))
    text = (await rota.preview(rota.edited(members=[evil, rota.ann], name="A\x1b[1mB"), keep_current=False)).to_text()
    assert "Eve" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("start", "end", "options", "field"),
    [
        (datetime(2031, 1, 1), datetime(2031, 1, 2, tzinfo=UTC), {}, "start"),  # noqa: DTZ001 (what is refused)
        (datetime(2031, 1, 1, tzinfo=UTC), "tomorrow", {}, "end"),
        (datetime(2031, 1, 2, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC), {}, "end"),
        (datetime(2031, 1, 1, tzinfo=UTC), datetime(2032, 1, 3, tzinfo=UTC), {}, "end"),
        (datetime(2031, 1, 1, tzinfo=UTC), datetime(2031, 1, 2, tzinfo=UTC), {"at": datetime(2031, 1, 1)}, "at"),  # noqa: DTZ001 (same)
    ],
)
async def test_bad_times_of_a_preview(rota: Rota, start: Any, end: Any, options: Any, field: str) -> None:
    """Naive times, an end before the start and more than a year are refused, and nothing is sent."""
    with pytest.raises(OptionsError) as raised:
        await rota.dd.schedules.preview(rota.edited(), start, end, **options)
    assert (raised.value.field, rota.sent()) == (field, [])


async def test_bad_schedules_of_a_preview(rota: Rota) -> None:
    """What `update` would refuse is refused, and what cannot be computed; nothing is sent."""
    known = [evolve(layer, time_zone="UTC") for layer in each(rota.schedule.layers, Layer)]
    wrong: list[tuple[Any, str]] = [
        (rota.schedule.id, "resource"),
        (evolve(rota.edited(), id=""), "id"),
        (rota.edited(interval=Interval(days=500)), "layers[0].interval.days"),
        (rota.edited(time_zone="Mars/Olympus"), "layers[0].time_zone"),
        (evolve(rota.schedule, time_zone="Mars/Olympus", layers=known), "time_zone"),
        (evolve(rota.schedule, layers=UNSET), "layers"),
        (evolve(rota.schedule, layers=[]), "layers"),
    ]
    for edited, field in wrong:
        with pytest.raises(OptionsError) as raised:
            await rota.preview(edited)
        assert (raised.value.field, rota.sent()) == (field, [])
    half = await rota.dd.schedules.get(rota.schedule.id, include=["layers"])
    with pytest.raises(LinkError, match=r"layers\[0\].members\[0\] is only a reference"):
        await rota.preview(half)


async def test_a_preview_of_what_is_not_there(rota: Rota) -> None:
    """A schedule that is gone is NotFound."""
    with pytest.raises(NotFound):
        await rota.preview(evolve(rota.edited(), id="00000000-0000-4000-8000-000000000000"))
