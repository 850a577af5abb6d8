"""Shifts as a calendar to open or to subscribe to (RFC 5545)."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import aware, text
from aiooncall._text import one_line
from aiooncall.coverage.periods import shifts_given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from icalendar import Component, Event

    from aiooncall.coverage.models import Shift

PRODUCER: Final = "-//aiooncall//coverage//EN"


def to_icalendar(shifts: Iterable[Shift], *, name: str = "On call", stamp: datetime | None = None) -> str:
    """Return shifts as an iCalendar, an event for each, in UTC and whole seconds.

    The events of the same shifts have the same ids each time, so that what is imported again replaces what was there.
    What a calendar has no place for is in properties that begin with `X-ONCALL-`.

    Args:
        shifts: who is on call when.
        name: what to call the calendar.
        stamp: when it is made; now unless given.

    Raises:
        OptionsError: an argument is wrong.
        ImportError: the library `icalendar` is not there; the extra `calendar` brings it.
    """
    try:
        from icalendar import Calendar  # noqa: PLC0415 (the extra may be missing)
    except ModuleNotFoundError as missing:
        raise ImportError("a calendar needs icalendar; in a clone: pip install '.[calendar]'") from missing
    calendar, made = Calendar(), datetime.now(UTC) if stamp is None else aware("stamp", stamp).astimezone(UTC)
    for key, value in (("prodid", PRODUCER), ("version", "2.0"), ("x-wr-calname", one_line(text("name", name)))):
        _put(calendar, key, value)
    seen: Counter[str] = Counter()
    for shift in shifts_given("shifts", shifts):
        plain = _uid(shift)
        seen[plain] += 1
        calendar.add_component(_event(shift, f"{plain}-{seen[plain]}@aiooncall", made))
    content: str = calendar.to_ical().decode()
    return content


def _event(shift: Shift, uid: str, made: datetime) -> Event:
    from icalendar import Event  # noqa: PLC0415 (it is there: the calendar is made)

    event = Event()
    _put(event, "uid", uid)
    _put(event, "dtstamp", made)
    _put(event, "dtstart", shift.start.astimezone(UTC))
    _put(event, "dtend", shift.end.astimezone(UTC))
    _put(event, "summary", one_line(shift.label))
    for key, value in _more(shift).items():
        if value:
            _put(event, f"x-oncall-{key}", one_line(value))
    return event


def _put(component: Component, key: str, value: object) -> None:
    component.add(key, value)  # pyright: ignore[reportUnknownMemberType] (the library does not say what it takes)


def _more(shift: Shift) -> dict[str, str | None]:
    """Return what an event has no place for."""
    person = shift.person
    who = {"person": person.id, "name": person.name, "email": person.email} if person else {}
    return {"schedule": shift.schedule, **who, "layer": shift.layer, "override": shift.override}


def _uid(shift: Shift) -> str:
    """Return an id that follows from the shift, and tells nothing of it."""
    known = (shift.schedule, shift.person.id if shift.person else "", shift.start.isoformat(), shift.end.isoformat())
    return hashlib.sha256("\0".join(known).encode(errors="replace")).hexdigest()[:32]
