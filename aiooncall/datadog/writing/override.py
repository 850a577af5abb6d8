"""How overrides are written, and how they are told apart (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.validation import aware
from aiooncall.datadog.models.override import Override
from aiooncall.datadog.models.people import User
from aiooncall.datadog.writing.common import ref_of
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import Resource, ResourceRef, identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall._base.json import Json


SAME_MOMENT: Final = timedelta(seconds=1)
"""How far apart two times can be and count as the same. That the server keeps microseconds is not documented."""


def overrides_given(given: Override | Iterable[Override]) -> tuple[Override, ...]:
    """Return the given override, or overrides, as a sequence.

    Raises:
        OptionsError: there is none, or something else among them.
    """
    rows: tuple[object, ...] = tuple(given) if isinstance(given, Iterable) else (given,)
    overrides = tuple(row for row in rows if isinstance(row, Override))
    if not rows or len(overrides) < len(rows):
        raise OptionsError("overrides", given, "an Override, or any number of them but none")
    return overrides


def overrides_request(overrides: Sequence[Override]) -> list[Json]:
    """Return what a request to create overrides holds: times and people, and nothing that the server makes.

    Raises:
        OptionsError: something about one of them is wrong.
    """
    return [_override(f"overrides[{number}]", override) for number, override in enumerate(overrides)]


def _override(field: str, override: Override) -> Json:
    start, end = time_range(f"{field}.start", override.start, f"{field}.end", override.end)
    people = {"user": _person(f"{field}.user", override.user)}
    if override.overridden_user:
        people["overridden_user"] = _person(f"{field}.overridden_user", override.overridden_user)
    return {
        "type": Override.type,
        "attributes": {"start": format_datetime(start), "end": format_datetime(end)},
        "relationships": people,
    }


def _person(field: str, user: object) -> Json:
    return {"data": identifier(ref_of(field, user, User))}


def time_range(start_field: str, start: object, end_field: str, end: object) -> tuple[datetime, datetime]:
    """Return a time from one moment to a later one, or raise OptionsError."""
    begin, until = aware(start_field, start), aware(end_field, end)
    if until <= begin:
        raise OptionsError(end_field, end, "a time after the start")
    return begin, until


def matching(wanted: Iterable[Override], found: Iterable[Override]) -> tuple[Override, ...] | None:
    """Return for each wanted override a found one that does the same; None if there is none for one of them."""
    left, pairs = [*found], list[Override]()
    for override in wanted:
        fit = next((place for place, other in enumerate(left) if _does_the_same(override, other)), None)
        if fit is None:
            return None
        pairs.append(left.pop(fit))
    return tuple(pairs)


def _does_the_same(wanted: Override, found: Override) -> bool:
    """Return whether an override has the person and the time that were asked for, in whoever's place that was."""
    return (
        _id(wanted.user) == _id(found.user)
        and _id(found.overridden_user) in {None, _id(wanted.overridden_user)}
        and _same_moment(wanted.start, found.start)
        and _same_moment(wanted.end, found.end)
    )


def _same_moment(wanted: object, found: object) -> bool:
    return isinstance(wanted, datetime) and isinstance(found, datetime) and abs(wanted - found) < SAME_MOMENT


def _id(user: object) -> str | None:
    return user.id if isinstance(user, (Resource, ResourceRef)) else None
