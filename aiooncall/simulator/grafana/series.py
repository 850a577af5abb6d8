"""Series: the times that recur by one rule, into which a shift unfolds; a rotation has one for each turn.

Rules: grafana/oncall, engine/apps/schedules/models/custom_on_call_shift.py
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.grafana.recurrence import DAY, HOUR, WEEK, WEEKDAYS, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.simulator.grafana.recurrence import Rule
    from aiooncall.simulator.http.json_values import Json

ROLLING: Final = "rolling_users"

_LAST_YEAR: Final = 3000
_MOST_TURNS: Final = 100_000
"""The most turns by which a rotation is followed to where it begins."""

Group = tuple[str, ...]


@attrs.frozen
class Series:
    """Times that follow one rule; its first one counts whether it fits the rule or not.

    Attributes:
        first: The first local time.
        rule: How it goes on.
        users: Who has it, all of them each time.
        length: How long each time takes on the clock.
    """

    first: datetime
    rule: Rule
    users: Group
    length: timedelta


def series_of(shift: Json) -> list[Series]:
    """Return the series of a shift as stored; only a rotation can have more than one."""
    rule, start = rule_of(shift), datetime.fromisoformat(shift["start"])
    if shift["type"] != ROLLING:
        return [Series(start, rule, tuple(shift["users"]), _length(shift, start))]
    groups = _groups(shift)
    first = _first_turn(shift, rule, start)
    if not groups or first is None:
        return []
    if rule.frequency == "daily" and rule.days:
        return _by_selected_days(shift, rule, first, groups)
    return _by_turns(shift, rule, first, groups)


def _by_turns(shift: Json, rule: Rule, first: datetime, groups: list[Group]) -> list[Series]:
    """Return a series for each group, from its first turn on that does not begin before the rotation does."""
    every = attrs.evolve(rule, interval=rule.interval * len(shift["rolling_users"]))
    begins = datetime.fromisoformat(shift["rotation_start"])
    found: list[Series] = []
    for users, start in zip(cycle(groups), _turns(shift, rule, first), strict=False):
        if start >= begins:
            found.append(Series(start, every, users, _length(shift, start)))
        if len(found) == len(groups):
            break
    return found


def _by_selected_days(shift: Json, rule: Rule, first: datetime, groups: list[Group]) -> list[Series]:
    """Return a weekly series for each group and day that it comes to, as turns are counted in selected days."""
    # A turn takes so many selected days, however many others are between them. So the groups move through the week,
    # until one has the same day of its turn on the weekday of before: from there on all of it repeats, in weeks.
    daily = attrs.evolve(rule, interval=1)
    turns = cycle((users, part) for users in range(len(groups)) for part in range(rule.interval))
    begins: dict[tuple[tuple[int, int], str], datetime] = {}
    last = first
    for turn, start in zip(turns, _turns(shift, daily, first), strict=False):
        last, day = start, WEEKDAYS[start.weekday()]
        if (turn, day) in begins:
            break
        if day in rule.days:
            begins[turn, day] = start
    weekly = attrs.evolve(rule, frequency="weekly", interval=(last - first) // WEEK or 1)
    return [
        Series(start, attrs.evolve(weekly, days=(day,)), groups[users], _length(shift, start))
        for ((users, _), day), start in begins.items()
    ]


def _groups(shift: Json) -> list[Group]:
    """Return the groups that have somebody, from the one that begins."""
    groups: list[list[str]] = shift["rolling_users"] or []
    begins: int = shift["start_rotation_from_user_index"] or 0
    return [tuple(group) for group in (*groups[begins:], *groups[:begins]) if group]


def _first_turn(shift: Json, rule: Rule, start: datetime) -> datetime | None:
    """Return when the first turn begins: on the start, or the first selected day of a week from there."""
    first = start if shift["rotation_start"] == shift["start"] else _turn_from(shift, rule, start, start)
    if first is None or not rule.days or WEEKDAYS[first.weekday()] in rule.days:
        return first
    week = [(rule.week_start + day) % 7 for day in range(7)]
    selected = next(day for day in week if WEEKDAYS[day] in rule.days)
    return first + (selected - first.weekday()) % 7 * DAY


def _turns(shift: Json, rule: Rule, first: datetime) -> Iterator[datetime]:
    """Yield when each turn begins, until the rotation ends."""
    at: datetime | None = first
    for _ in range(_MOST_TURNS):
        if at is None or at.year > _LAST_YEAR:
            return
        yield at
        at = _turn_from(shift, rule, at, _after(rule, at))


def _after(rule: Rule, at: datetime) -> datetime:
    """Return the earliest time that can belong to the turn after one."""
    match rule.frequency:
        case "hourly":
            return at + HOUR
        case "daily":
            return at + DAY
        case "weekly":
            return rule.period(at)[0] + rule.interval * WEEK
        case _:
            month = at.month - 1 + rule.interval
            return at.replace(year=at.year + month // 12, month=month % 12 + 1, day=1)


def _turn_from(shift: Json, rule: Rule, before: datetime, earliest: datetime) -> datetime | None:
    """Return when a turn begins that can't begin earlier, None if the rotation is over by then.

    Where its rule has no more time for it, such as in the last days of a rotation, it begins as early as it can.

    Args:
        shift: The rotation.
        rule: Its rule, for all groups together.
        before: The turn before it, or the turn itself if it is the first one.
        earliest: When it may begin.
    """
    until = datetime.fromisoformat(shift["until"]) if shift["until"] else datetime.max  # noqa: DTZ901 (local)
    if rule.frequency in {"weekly", "monthly"}:
        begins = max(earliest, datetime.fromisoformat(shift["rotation_start"]))
        found = next(rule.times(before, begins, min(rule.period(earliest)[1], until)), earliest)
    else:
        found = before if before == earliest else rule.next(before, earliest, until) or earliest
    return None if found > until else found


def _length(shift: Json, start: datetime) -> timedelta:
    """Return how long each time of a series takes: the first one, and so all, end when the shift does."""
    length = timedelta(seconds=shift["duration"])
    return min(length, datetime.fromisoformat(shift["until"]) - start) if shift["until"] else length
