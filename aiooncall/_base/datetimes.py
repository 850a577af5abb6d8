"""Points in time and times of day, between their texts on the wire and Python's types."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiooncall._text import shown

if TYPE_CHECKING:
    from datetime import tzinfo
    from typing import Self

    from aiooncall._base.unset import UnsetType

_BEYOND_MICROSECONDS = re.compile(r"[.,]\d{6}(\d*[1-9])")
_FRACTION = re.compile(r"[.,](\d{1,9})")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_SHORT_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d):60", re.ASCII)
_NO_OFFSET: Final = timedelta(0)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH: Final = _EPOCH.replace(tzinfo=None)
_MICROSECONDS_END: Final = len("2000-01-01T00:00:00.000000")


D = TypeVar("D", bound=datetime)


class PreciseTime(datetime):
    """A datetime that came in a form that datetime cannot write again, such as with more digits than microseconds.

    It compares as a datetime and keeps its text.

    Attributes:
        text: what the server sent; empty if it was computed from another.
    """

    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the datetime that `text` spells."""
        moment = _read(cls, text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment.text = text
        return moment

    @property
    def nanosecond(self) -> int:
        """The fraction of the second, in nanoseconds."""
        found = _FRACTION.search(self.text or self.isoformat())
        return int(found[1].ljust(9, "0")) if found else 0

    def __reduce_ex__(self, protocol: Any) -> str | tuple[Any, ...]:  # noqa: ANN401 (datetime's own signature)
        return (PreciseTime.parse, (self.text,)) if self.text else super().__reduce_ex__(protocol)


def parse_datetime(value: object) -> datetime:
    """Return the aware datetime that `value` spells in RFC 3339, whatever its offset and digits of a second.

    A time without an offset is taken as UTC. With more digits than microseconds it is a PreciseTime.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected an RFC 3339 time, got {type(value).__name__}")
    if len(value) > _MICROSECONDS_END and value[_MICROSECONDS_END] not in "Z+-" and _BEYOND_MICROSECONDS.search(value):
        return PreciseTime.parse(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return PreciseTime.parse(value)  # so that it is written as it came
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read(kind: type[D], text: str) -> D:
    """Return the time that a text in any form of RFC 3339 spells: with lower-case letters, and with a leap second.

    https://www.rfc-editor.org/rfc/rfc3339#section-5.6 and #section-5.7
    """
    regular, leaps = _LEAP_SECOND.subn(r"\1:59", text.upper())
    try:
        moment = kind.fromisoformat(regular)
    except ValueError:
        raise ValueError(f"expected an RFC 3339 time, got {shown(text)}") from None
    return moment + timedelta(seconds=1) if leaps else moment


def format_datetime(moment: datetime) -> str:
    """Return `moment` in RFC 3339, with the offset it has."""
    if isinstance(moment, PreciseTime) and moment.text:
        return moment.text
    if moment.utcoffset() == _NO_OFFSET:
        return moment.replace(tzinfo=None).isoformat() + "Z"
    return moment.isoformat()


def parse_local(value: object) -> datetime | None:
    """Return the datetime that `value` spells, without a zone unless it says one; None for null."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"expected a time, got {type(value).__name__}")
    return _read(datetime, value)


def in_zone(moment: datetime, zone: tzinfo) -> datetime | None:
    """Return an aware `moment` as the clocks of `zone` show it, without a zone; None where they show it twice."""
    local = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    return local if local.replace(tzinfo=zone) == moment.astimezone(UTC) else None


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """Return when the clocks of `zone` show `wall`, in UTC: the first time, if they show it twice.

    Where clocks go forward and never show it, it is when they would without that (RFC 5545, section 3.3.5).
    """
    at = wall.replace(fold=0) if wall.fold else wall
    return _EPOCH + (at - _LOCAL_EPOCH - (zone.utcoffset(at) or _NO_OFFSET))  # several times as fast as `astimezone`


def parse_time(value: object) -> time | str:
    """Return the time of day that `value` spells as HH:MM:SS; any other text stays what it is."""
    if not isinstance(value, str):
        raise TypeError(f"expected a time of day, got {type(value).__name__}")
    return time.fromisoformat(value) if _TIME_OF_DAY.fullmatch(value) else value


def spelt_out(value: Any) -> Any:  # noqa: ANN401 (any field's value)
    """Return a time of day in the one form in which it is compared: 9:00 and 09:00:00 are the same."""
    found = _SHORT_TIME.fullmatch(value) if isinstance(value, str) else None
    return parse_time(f"{found[1]:0>2}:{found[2]}:{found[3] or '00'}") if found else value


def to_seconds(length: float | timedelta | UnsetType | None) -> float | UnsetType | None:
    """Return a duration in seconds, whichever way it was given."""
    return length.total_seconds() if isinstance(length, timedelta) else length
