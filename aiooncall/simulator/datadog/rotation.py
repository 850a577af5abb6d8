"""Who is on call when: the rotations of a schedule, computed.

Time is cut into spans in which nothing changes. A layer's life, its weekly windows and its turns each answer for an
instant with the span that holds it, on or off; a layer is on where all three are; a schedule overlays its layers.
Whatever is asked is answered from the spans near that instant, so that it doesn't matter how long a rotation has run.

Wall times follow RFC 5545, section 3.3.5 (https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5), which is also how
`datetime` reads `fold=0`. One that comes twice, when clocks go back, is its first occurrence. One that never comes,
when clocks go forward, is read with the offset from before the change: it moves forward by what was skipped, so that
02:30 becomes 03:30. This holds for hand-overs counted in days and for both ends of a window, after windows have been
united on the wall; one of which nothing is left does not open. `rotation_start` is an instant and is never moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_Moment = TypeVar("_Moment", datetime, timedelta)

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK: Final = timedelta(weeks=1)
_REACH: Final = timedelta(days=400)
_TICK: Final = datetime.resolution
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Shift(NamedTuple):
    """A stretch of time in which one user is on call without interruption.

    Attributes:
        user_id: The user.
        start: The first instant of it, in the schedule's zone.
        end: The first instant after it, in the schedule's zone.
    """

    user_id: str
    start: datetime
    end: datetime


def find_shifts(schedule: Mapping[str, Any], position: str, at: datetime) -> list[Shift]:
    """Find who is on call at an instant, or was before, or will be next.

    Layers further down take precedence, see https://docs.datadoghq.com/service_management/on-call/schedules.
    Previous and next are looked for up to 400 days beyond the longest interval of the schedule.

    Args:
        schedule: `time_zone` and `layers` as on the wire, with an interval above zero in each layer.
        position: "previous", "current" or "next".
        at: The instant, with any offset.

    Returns:
        The shift, or nothing if nobody is there or the shift reaches beyond the years that `datetime` knows. Both of
        its ends have the schedule's zone as `tzinfo`: take them to UTC before comparing or subtracting them.

    Raises:
        ValueError: The position is none of the three.
    """
    if position not in _FINDERS:
        raise ValueError(f"position must be one of {', '.join(_FINDERS)}, not {position!r}")
    try:
        found = _FINDERS[position](_read_layers(schedule), at.astimezone(UTC))
        zone = ZoneInfo(schedule["time_zone"])
        return [Shift(found.user_id, found.start.astimezone(zone), found.end.astimezone(zone))] if found else []
    except OverflowError:
        return []


class _Span(NamedTuple):
    """A time in which nothing changes; a span that is on is as long as it can be, one that is off need not be."""

    start: datetime
    end: datetime
    on: bool


_ALWAYS: Final = _Span(_FIRST, _LAST, on=True)


@dataclass(frozen=True, slots=True)
class _Life:
    """The time in which a layer applies."""

    start: datetime
    end: datetime

    def span(self, at: datetime) -> _Span:
        if at < self.start:
            return _Span(_FIRST, self.start, on=False)
        if at >= self.end:
            return _Span(self.end, _LAST, on=False)
        return _Span(self.start, self.end, on=True)


@dataclass(frozen=True, slots=True)
class _Windows:
    """The weekly windows outside of which a layer puts nobody on call; none at all leave it on."""

    zone: ZoneInfo
    # From Monday 00:00 of the week in which each opens, apart from one another, each shorter than a week.
    weekly: Sequence[tuple[timedelta, timedelta]]

    def span(self, at: datetime) -> _Span:
        if not self.weekly:
            return _ALWAYS
        today = at.astimezone(self.zone).date()
        monday = datetime.combine(today - timedelta(days=today.weekday()), time.min)
        # Windows that are apart on the wall can meet where clocks go forward, hence two weeks back and a merge.
        windows = _merge(self._opened(monday - 2 * _WEEK, weeks=4))
        for start, end in windows:
            if start <= at < end:
                return _Span(start, end, on=True)
        closed = max((end for _, end in windows if end <= at), default=_instant(monday - _WEEK, self.zone))
        opens = min((start for start, _ in windows if start > at), default=_instant(monday + 2 * _WEEK, self.zone))
        return _Span(closed, opens, on=False)

    def _opened(self, monday: datetime, *, weeks: int) -> Iterator[tuple[datetime, datetime]]:
        for week in range(weeks):
            for opens, closes in self.weekly:
                begin = monday + week * _WEEK
                # Where clocks go forward the end can come before the start: then no instant is inside.
                yield _instant(begin + opens, self.zone), _instant(begin + closes, self.zone)


@dataclass(frozen=True, slots=True)
class _Turns:
    """The turns of a layer's members, without a first or a last one."""

    zone: ZoneInfo
    anchor: datetime
    days: int
    seconds: timedelta
    users: Sequence[str | None]

    @property
    def interval(self) -> timedelta:
        return timedelta(days=self.days) + self.seconds

    def span(self, at: datetime) -> _Span:
        number = self.number(at)
        return _Span(self._start(number), self._start(number + 1), on=bool(self.user(number)))

    def user(self, number: int) -> str | None:
        return self.users[number % len(self.users)]

    def number(self, at: datetime) -> int:
        # Changes of the offset do not add up, so the guess is off by very few turns at any distance from the anchor.
        number = (at - self.anchor) // self.interval
        while self._start(number) > at:
            number -= 1
        while self._start(number + 1) <= at:
            number += 1
        return number

    def _start(self, number: int) -> datetime:
        days = timedelta(days=number * self.days)
        wall = self.anchor.astimezone(self.zone).replace(tzinfo=None) + days
        return (_instant(wall, self.zone) if days else self.anchor) + number * self.seconds


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer on its own."""

    life: _Life
    windows: _Windows
    turns: _Turns

    def span(self, at: datetime) -> _Span:
        spans: list[_Span] = []
        for part in (self.life, self.windows, self.turns):
            spans.append(part.span(at))
            if not spans[-1].on:
                return spans[-1]
        return _Span(max(span.start for span in spans), min(span.end for span in spans), on=True)

    def first_on(self, at: datetime, limit: datetime) -> datetime:
        """Return the first instant from `at` on where the layer is on, `limit` if there is none before."""
        while at < limit:
            span = self.span(at)
            if span.on:
                return at
            at = span.end
        return limit

    def last_on(self, at: datetime, limit: datetime) -> datetime:
        """Return the last instant up to `at` until which the layer is on, `limit` if there is none after."""
        while at > limit:
            span = self.span(at - _TICK)
            if span.on:
                return at
            at = span.start
        return limit


def _current(layers: Sequence[_Layer], at: datetime) -> Shift | None:
    for rank, layer in enumerate(layers):
        start, end, on = layer.span(at)
        user = layer.turns.user(layer.turns.number(at))
        if on and user:
            # Those before it are off here: they only cut it short.
            start = max((other.last_on(at, start) for other in layers[:rank]), default=start)
            end = min((other.first_on(at, end) for other in layers[:rank]), default=end)
            return Shift(user, start, end)
    return None


def _next(layers: Sequence[_Layer], at: datetime) -> Shift | None:
    current = _current(layers, at)
    after = current.end if current else at
    limit = after + _reach(layers)
    return _current(layers, min((layer.first_on(after, limit) for layer in layers), default=limit))


def _previous(layers: Sequence[_Layer], at: datetime) -> Shift | None:
    current = _current(layers, at)
    before = current.start if current else at
    limit = before - _reach(layers)
    return _current(layers, max((layer.last_on(before, limit) for layer in layers), default=limit) - _TICK)


_FINDERS: Final = {"previous": _previous, "current": _current, "next": _next}


def _reach(layers: Sequence[_Layer]) -> timedelta:
    return _REACH + max((layer.turns.interval for layer in layers), default=timedelta())


def _read_layers(schedule: Mapping[str, Any]) -> list[_Layer]:
    """Return the layers that can put somebody on call, the one with precedence first."""
    layers = [_read_layer(layer, schedule["time_zone"]) for layer in reversed(schedule["layers"])]
    return [layer for layer in layers if any(layer.turns.users)]


def _read_layer(layer: Mapping[str, Any], default_zone: str) -> _Layer:
    zone = ZoneInfo(layer.get("time_zone") or default_zone)
    end = layer.get("end_date")
    interval = layer["interval"]
    return _Layer(
        _Life(_read_instant(layer["effective_date"]), _read_instant(end) if end else _LAST),
        _Windows(zone, _read_windows(layer.get("restrictions") or ())),
        _Turns(
            zone,
            _read_instant(layer["rotation_start"]),
            interval.get("days") or 0,
            timedelta(seconds=interval.get("seconds") or 0),
            [_read_user(member) for member in layer["members"]],
        ),
    )


def _read_user(member: Mapping[str, Any]) -> str | None:
    return member["user"].get("id") if member.get("user") else None


def _read_windows(restrictions: Iterable[Mapping[str, str]]) -> list[tuple[timedelta, timedelta]]:
    """Return the windows in which a week opens, merged; none if they leave nothing out."""
    windows: list[tuple[timedelta, timedelta]] = []
    for window in restrictions:
        opens, closes = (_read_time(window[f"{end}_day"], window[f"{end}_time"]) for end in ("start", "end"))
        # One that closes as it opens never opens: https://github.com/DataDog/terraform-provider-datadog/issues/3151
        length = closes - opens + (_WEEK if closes < opens else timedelta())
        start = opens % _WEEK
        windows.extend((start + week * _WEEK, start + length + week * _WEEK) for week in (-1, 0, 1))
    merged = _merge(windows)
    if any(start <= timedelta() and end >= _WEEK for start, end in merged):
        return []
    return [(start, end) for start, end in merged if timedelta() <= start < _WEEK]


def _read_time(day: str, text: str) -> timedelta:
    hours, minutes, *seconds = map(int, text.split(":"))
    return timedelta(days=DAYS.index(day), hours=hours, minutes=minutes, seconds=sum(seconds))


def _read_instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _merge(spans: Iterable[tuple[_Moment, _Moment]]) -> list[tuple[_Moment, _Moment]]:
    """Return the union of spans as spans that are apart, in order."""
    merged: list[tuple[_Moment, _Moment]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
