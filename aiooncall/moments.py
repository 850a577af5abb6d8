"""Points in time and times of day, between their texts on the wire and Python's types."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import tzinfo
    from typing import Self

    from aiooncall._unset import UnsetType

_BEYOND_MICROSECONDS = re.compile(r"[.,]\d{6}(\d*[1-9])")
_FRACTION = re.compile(r"[.,](\d{1,9})")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_NO_OFFSET: Final = timedelta(0)
_MICROSECONDS_END: Final = len("2000-01-01T00:00:00.000000")


class PreciseTime(datetime):
    """A datetime that came with digits beyond microseconds; it compares as a datetime and keeps its text.

    Attributes:
        text: what the server sent; empty if it was computed from another.
    """

    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the datetime that `text` spells."""
        moment = cls.fromisoformat(text)
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
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


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
    return datetime.fromisoformat(value)


def in_zone(moment: datetime, zone: tzinfo) -> datetime | None:
    """Return an aware `moment` as the clocks of `zone` show it, without a zone; None where they show it twice."""
    local = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    return local if local.replace(tzinfo=zone) == moment.astimezone(UTC) else None


def parse_time(value: object) -> time | str:
    """Return the time of day that `value` spells as HH:MM:SS; any other text stays what it is."""
    if not isinstance(value, str):
        raise TypeError(f"expected a time of day, got {type(value).__name__}")
    return time.fromisoformat(value) if _TIME_OF_DAY.fullmatch(value) else value


def to_seconds(length: float | timedelta | UnsetType | None) -> float | UnsetType | None:
    """Return a duration in seconds, whichever way it was given."""
    return length.total_seconds() if isinstance(length, timedelta) else length
