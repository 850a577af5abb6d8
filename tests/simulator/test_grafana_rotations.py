"""When shifts of the fake Grafana OnCall take place, and whose turn it is, against rules told here once more.

The recurrence of an oracle is dateutil's, which the engine uses, too; the simulator has its own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

import attrs
import orjson
from dateutil import rrule
from hypothesis import assume, example, given
from hypothesis import strategies as st

from aiooncall.simulator import GrafanaOptions, Ledger
from aiooncall.simulator.grafana.app import Grafana
from aiooncall.simulator.http.routing import Call, Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from hypothesis.strategies import DrawFn

Row = tuple[datetime, datetime, str]
Turn = tuple[datetime, list[str]]

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEK_STARTS: Final = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
FREQUENCIES: Final[dict[str, Literal[1, 2, 3, 4]]] = {
    "hourly": rrule.HOURLY,
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "monthly": rrule.MONTHLY,
}
ZONES: Final = (
    "UTC", "Europe/Paris", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "America/Santiago",
    "Asia/Kolkata", "Pacific/Auckland",
)  # fmt: skip
"""Most change their clocks: at different hours, by different steps, in both halves of the earth."""
BEGIN: Final = datetime(2027, 1, 1, tzinfo=UTC)
END: Final = datetime(2027, 12, 31, tzinfo=UTC)
FAR: Final = datetime(2040, 1, 1)  # noqa: DTZ001 (local)
LATEST: Final = datetime(2028, 1, 3)  # noqa: DTZ001 (local)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)


class Judged:
    """A fake Grafana OnCall without a network."""

    def __init__(self) -> None:
        now = Moment(0.0, BEGIN.timestamp())
        self.grafana = Grafana(GrafanaOptions(limit=None), Ledger(), lambda: "http://here", lambda: now)
        self.now = now
        self.users = [self.grafana.add_user(name) for name in "abc"]

    def send(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        """Send a request that works, and return the answer."""
        full = f"/api/v1/{path}"
        sent = b"" if body is None else orjson.dumps(body)
        call = Call(method, full, full.split("/"), query or {}, sent, self.now, caller=self.grafana.user_id("admin"))
        answer = self.grafana.router.answer(call)
        assert answer.status in {200, 201}, answer.body
        return orjson.loads(answer.body)

    def rows(self, shift: dict[str, Any], zone: str) -> list[Row]:
        """Return who is on call in a year by a schedule with a shift, by names."""
        made = self.send("POST", "on_call_shifts/", {"name": "s", **self._with_ids(shift)})
        body = {"type": "calendar", "name": "s", "time_zone": zone, "shifts": [made["id"]]}
        schedule = self.send("POST", "schedules/", body)
        query = {"start_date": f"{BEGIN:%Y-%m-%d}", "end_date": f"{END:%Y-%m-%d}"}
        found = self.send("GET", f"schedules/{schedule['id']}/final_shifts/", query=query)["results"]
        return sorted(
            (datetime.fromisoformat(one["shift_start"]), datetime.fromisoformat(one["shift_end"]), one["user_username"])
            for one in found
        )

    def _with_ids(self, shift: dict[str, Any]) -> dict[str, Any]:
        ids = dict(zip("abc", self.users, strict=True))
        groups = [[ids[name] for name in group] for group in shift.get("rolling_users", [])]
        return {**shift, "users": [ids[name] for name in shift.get("users", "")], "rolling_users": groups}


@attrs.frozen(kw_only=True)
class Plan:
    """A shift, in values that are easy to reckon with."""

    frequency: str
    start: datetime
    length: timedelta
    zone: str
    interval: int = 1
    by_day: tuple[str, ...] = ()
    by_month: tuple[int, ...] = ()
    by_monthday: tuple[int, ...] = ()
    week_start: str = "MO"
    until: datetime | None = None
    groups: tuple[str, ...] = ()
    begins_with: int = 0
    rotation_start: datetime | None = None

    @property
    def rotation(self) -> datetime:
        """Return when the rotation begins."""
        return self.rotation_start or self.start

    @property
    def queue(self) -> list[list[str]]:
        """Return the groups from the one that begins."""
        return [list(group) for group in (*self.groups[self.begins_with :], *self.groups[: self.begins_with])]

    def wire(self) -> dict[str, Any]:
        """Return the shift as requests have it."""
        kind: dict[str, Any] = {"type": "recurrent_event", "users": "ab"}
        if self.groups:
            kind = {"type": "rolling_users", "rolling_users": [list(group) for group in self.groups]}
            kind["start_rotation_from_user_index"] = self.begins_with
        return {
            **kind,
            "frequency": self.frequency,
            "start": self.start.isoformat(),
            "rotation_start": self.rotation.isoformat(),
            "duration": int(self.length.total_seconds()),
            "time_zone": self.zone,
            "interval": self.interval,
            "by_day": list(self.by_day),
            "by_month": list(self.by_month),
            "by_monthday": list(self.by_monthday),
            "week_start": self.week_start,
            "until": self.until and self.until.isoformat(),
        }

    def recurrence(self, first: datetime, *, frequency: str = "", interval: int = 1, **more: Any) -> Iterable[datetime]:
        """Return when something recurs that begins with `first`, which itself counts whether it fits or not."""
        known: dict[str, Any] = {
            "byweekday": [DAYS.index(day) for day in self.by_day] or None,
            "bymonth": self.by_month or None,
            "bymonthday": self.by_monthday or None,
        }
        rules = rrule.rruleset()
        rules.rrule(
            rrule.rrule(
                FREQUENCIES[frequency or self.frequency],
                dtstart=first,
                interval=interval,
                wkst=WEEK_STARTS[DAYS.index(self.week_start)],
                **{"until": FAR, **known, **more},
            )
        )
        rules.rdate(first)
        return rules

    def rows(self, times: Iterable[Turn], first: datetime) -> list[Row]:
        """Return who is on call in the year, by local times of a series that begins with `first`."""
        zone, length = ZoneInfo(self.zone), self.length
        if self.until is not None:
            length = min(length, self.until - first)
        found: list[Row] = []
        for local, users in times:
            if local > LATEST:
                break
            begin, end = instant(local, zone), instant(local + length, zone)
            if (self.until is None or begin <= self.until.replace(tzinfo=UTC)) and begin < end:
                found += [(max(begin, BEGIN), min(end, END), user) for user in users if begin < END and end > BEGIN]
        return found


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that local clocks show a time; shown twice, or never, winter time is meant."""
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    shown_twice = early.astimezone(zone).replace(tzinfo=None) == local
    return late if shown_twice else early


def week_of(day: date, week_start: str) -> date:
    """Return the first day of a week."""
    return day - timedelta((day.weekday() - DAYS.index(week_start)) % 7)


@st.composite
def plans(draw: DrawFn, *, groups: bool, narrowed: bool = True) -> Plan:
    """Draw a shift of 2027."""
    frequency = draw(st.sampled_from(sorted(FREQUENCIES)))
    begin = datetime(2027, 1, 1) + draw(st.integers(0, 300)) * DAY  # noqa: DTZ001 (local)
    start = begin + draw(st.sampled_from([0, 1, 1.5, 2, 2.5, 3, 9, 20, 23])) * HOUR
    by_day = draw(st.just(()) | st.sets(st.sampled_from(DAYS), min_size=1).map(lambda days: tuple(sorted(days))))
    monthdays: tuple[int, ...] = ()
    if narrowed or (frequency == "monthly" and not by_day):
        monthdays = draw(st.just(()) | st.sets(st.integers(1, 28) | st.just(-1), min_size=1, max_size=3).map(tuple))
    rolling_by_days = groups and frequency == "daily"
    return Plan(
        frequency=frequency,
        start=start,
        length=draw(st.sampled_from([1, 8, 24, 36, 168])) * HOUR,
        zone=draw(st.sampled_from(ZONES)),
        interval=draw(st.integers(1, min(3, len(by_day)) if rolling_by_days and by_day else 3)),
        by_day=by_day,
        by_month=draw(st.just(()) | st.just((1, 2, 4, 5, 8, 11, 12))) if narrowed else (),
        by_monthday=() if rolling_by_days else monthdays,
        week_start=draw(st.sampled_from(DAYS)),
        until=draw(st.none() | st.integers(0, 2000).map(lambda hours: start + hours * HOUR)),
        groups=tuple(draw(st.lists(st.sampled_from(["a", "b", "c", "ab"]), min_size=1, max_size=4))) if groups else (),
        begins_with=draw(st.integers(0, 5)) if groups else 0,
        rotation_start=start + draw(st.integers(0, 30)) * DAY if draw(st.booleans()) else None,
    )


@given(plans(groups=False))
@example(Plan(frequency="daily", start=datetime(2027, 3, 27, 2, 30), length=DAY, zone="Europe/Paris"))  # noqa: DTZ001
@example(Plan(frequency="hourly", start=datetime(2027, 10, 30, 0), length=HOUR, zone="Europe/Paris"))  # noqa: DTZ001
def test_recurrent_shifts(plan: Plan) -> None:
    """A shift takes place at its start and then by its rule, until an instant in UTC, all by the clocks of its zone."""
    times = ((at, ["a", "b"]) for at in plan.recurrence(plan.start, interval=plan.interval))
    assert Judged().rows(plan.wire(), "UTC") == sorted(plan.rows(times, plan.start))


def turns_in_words(plan: Plan, first: datetime) -> Iterator[tuple[datetime, int]]:
    """Yield times and the numbers of their turns, for rules that leave out no whole turn."""
    match plan.frequency:
        case "hourly":
            yield from ((at, number) for number, at in enumerate(plan.recurrence(first, interval=plan.interval)))
        case "daily" if plan.by_day:
            yield from ((at, number // plan.interval) for number, at in enumerate(plan.recurrence(first)))
        case "daily":
            yield from ((at, number) for number, at in enumerate(plan.recurrence(first, interval=plan.interval)))
        case "weekly":
            for at in plan.recurrence(first):
                weeks = (week_of(at.date(), plan.week_start) - week_of(first.date(), plan.week_start)) // WEEK
                yield from [(at, weeks // plan.interval)] if weeks % plan.interval == 0 else []
        case _:
            for at in plan.recurrence(first):
                months = (at.year - first.year) * 12 + at.month - first.month
                yield from [(at, months // plan.interval)] if months % plan.interval == 0 else []


@given(plans(groups=True, narrowed=False))
def test_turns(plan: Plan) -> None:
    """Groups take turns: an hour, a day, a week, a month or as many days that are selected, times the interval.

    A rotation whose start is not on a selected day begins with the first one of a week.
    """
    assume(not (plan.frequency == "hourly" and plan.by_day))
    assume(plan.frequency != "monthly" or plan.by_day or plan.by_monthday or plan.start.day <= 28)
    first = plan.start
    if plan.by_day and DAYS[first.weekday()] not in plan.by_day:
        order = DAYS[DAYS.index(plan.week_start) :] + DAYS[: DAYS.index(plan.week_start)]
        selected = next(day for day in order if day in plan.by_day)
        first = next(at for at in (first + days * DAY for days in count()) if DAYS[at.weekday()] == selected)
    plan = attrs.evolve(plan, until=None, rotation_start=None)
    queue = plan.queue
    times = ((at, queue[turn % len(queue)]) for at, turn in turns_in_words(plan, first))
    assert Judged().rows(plan.wire(), "UTC") == sorted(set(plan.rows(times, first)))


def test_a_rotation_begins_later_than_it_counts() -> None:
    """Turns are counted from the start, and those before the rotation begins are left out, also in its first week."""
    plan = Plan(
        frequency="weekly", start=datetime(2027, 1, 4, 9), length=8 * HOUR, zone="Europe/Paris", groups=("a", "b", "c"),  # noqa: DTZ001
        by_day=("MO", "WE", "FR"), rotation_start=datetime(2027, 1, 13), until=datetime(2027, 1, 26),  # noqa: DTZ001
    )  # fmt: skip
    days = [(f"{start:%d}", user) for start, _, user in Judged().rows(plan.wire(), "UTC")]
    assert days == [("13", "b"), ("15", "b"), ("18", "c"), ("20", "c"), ("22", "c"), ("25", "a")]


# The engine makes a series for each group, whose first time it looks for in a few steps. They are told here by dateutil
# for the rules that leave out whole turns, where what the engine does is best called a habit.


def within(plan: Plan, at: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last day of the week or month of a time."""
    if plan.frequency == "weekly":
        begin = datetime.combine(week_of(at.date(), plan.week_start), at.time())
        return begin, begin + 6 * DAY
    following = (at.replace(day=1) + 31 * DAY).replace(day=1)
    return at.replace(day=1), following - DAY


def next_turn(plan: Plan, at: datetime, *, interval: int, moves: bool = True) -> datetime | None:
    """Return when the turn after the one at a time begins, or that one itself unless it moves."""
    steps = {"hourly": HOUR, "daily": DAY, "weekly": interval * WEEK}
    earliest, last = at, None
    if moves and plan.frequency == "monthly":
        for _ in range(interval):
            earliest = within(plan, earliest)[1] + DAY
    elif moves:
        earliest = (within(plan, at)[0] if plan.frequency == "weekly" else at) + steps[plan.frequency]
    if plan.frequency in {"weekly", "monthly"}:
        last = within(plan, earliest)[1]
    found = earliest
    for one in plan.recurrence(at, interval=interval, until=plan.until or FAR):
        if last is not None and one > last:
            break
        if one >= earliest and (last is None or one >= plan.rotation):
            found = one
            break
    return None if plan.until and found > plan.until else found


def first_turn(plan: Plan) -> datetime | None:
    """Return when the first turn begins."""
    first = plan.start
    if plan.rotation != plan.start:
        moved = next_turn(plan, plan.start, interval=plan.interval, moves=False)
        if moved is None:
            return None
        first = moved
    if plan.by_day and DAYS[first.weekday()] not in plan.by_day:
        order = [(DAYS.index(plan.week_start) + day) % 7 for day in range(7)]
        selected = next(day for day in order if DAYS[day] in plan.by_day)
        first += (selected - first.weekday()) % 7 * DAY
    return first


def series_by_turns(plan: Plan) -> Iterator[Row]:
    """Yield the rows of a series for each group."""
    at, left = first_turn(plan), len(plan.queue)
    for users in cycle(plan.queue):
        if at is None or not left:
            return
        if at >= plan.rotation:
            left -= 1
            series = plan.recurrence(at, interval=plan.interval * len(plan.groups))
            yield from plan.rows(((one, users) for one in series), at)
        at = next_turn(plan, at, interval=plan.interval)


def series_by_days(plan: Plan) -> Iterator[Row]:
    """Yield the rows of a weekly series for each group and selected day."""
    at = first = last = first_turn(plan)
    known: dict[tuple[int, int, int], datetime] = {}
    for turn in count():
        if at is None:
            break
        last = at
        key = (turn // plan.interval % len(plan.queue), turn % plan.interval, at.weekday())
        if key in known:
            break
        if DAYS[at.weekday()] in plan.by_day:
            known[key] = at
        at = next_turn(plan, at, interval=1)
    for (group, _, day), one in known.items():
        assert first is not None
        assert last is not None
        series = plan.recurrence(one, frequency="weekly", interval=(last - first).days // 7 or 1, byweekday=[day])
        yield from plan.rows(((time, plan.queue[group]) for time in series), one)


@given(plans(groups=True))
def test_steps_of_rotations(plan: Plan) -> None:
    """Whatever narrows a rotation, each group has its own series from its first turn on."""
    found = series_by_days(plan) if plan.frequency == "daily" and plan.by_day else series_by_turns(plan)
    begun: dict[tuple[datetime, str], Row] = {}
    for row in found:
        begun.setdefault((row[0], row[2]), row)
    wanted = sorted(begun.values())
    assert Judged().rows(plan.wire(), "UTC") == wanted
