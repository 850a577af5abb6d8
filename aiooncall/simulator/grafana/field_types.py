"""Kinds of values for the fields of requests: each turns a sent value into the stored one, or raises Invalid."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from aiooncall.simulator.grafana.refusals import NO_OBJECT, Invalid, bad_request, server_error
from aiooncall.simulator.http.times import is_time_zone, read_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.routing import Refusal

Kind: TypeAlias = "Callable[[Any, World], Any]"

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"(?:https?|ftps?)://[^\s/?#]+\S*", re.IGNORECASE)
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_TIME_OF_DAY: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)
_SPAN: Final = re.compile(r"(\d\d?):([0-5]\d):([0-5]\d)", re.ASCII)
_DIGITS: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_LARGEST: Final = 2**31 - 1
_YEARS: Final = range(1970, 3000)


def text(longest: int | None = None) -> Kind:
    """Return the kind of texts up to a length, trimmed and not blank; numbers are taken as they are written."""

    def read(value: object, world: World) -> str:
        del world
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Invalid(["Not a valid string."])
        taken = str(value).strip()
        if not taken:
            raise Invalid(["This field may not be blank."])
        if longest is not None and len(taken) > longest:
            raise Invalid([f"Ensure this field has no more than {longest} characters."])
        return taken

    return read


def column(longest: int) -> Kind:
    """Return the kind of texts whose length only the engine's database knows: a longer one breaks the engine down."""
    any_length = text()

    def read(value: object, world: World) -> str:
        taken: str = any_length(value, world)
        if len(taken) > longest:
            raise server_error()
        return taken

    return read


def flag(value: object, world: World) -> bool:
    """Read true or false."""
    del world
    if not isinstance(value, bool):
        raise Invalid(["Must be a valid boolean."])
    return value


def whole(least: int = -_LARGEST, most: int = _LARGEST) -> Kind:
    """Return the kind of whole numbers within bounds, as numbers or texts."""

    def read(value: object, world: World) -> int:
        del world
        if isinstance(value, bool) or not _DIGITS.fullmatch(str(value)):
            raise Invalid(["A valid integer is required."])
        taken = int(str(value))
        if taken < least:
            raise Invalid([f"Ensure this value is greater than or equal to {least}."])
        if taken > most:
            raise Invalid([f"Ensure this value is less than or equal to {most}."])
        return taken

    return read


def choice(*allowed: object, refusal: Callable[[], Refusal] | None = None) -> Kind:
    """Return the kind of some fixed values; `refusal` makes the engine's own word on all others."""

    def read(value: object, world: World) -> Any:  # noqa: ANN401 (any JSON)
        del world
        if isinstance(value, bool) or value not in allowed:
            raise refusal() if refusal else Invalid([f'"{value}" is not a valid choice.'])
        return value

    return read


def one_of(*kinds: str) -> Kind:
    """Return the kind of ids of objects that are there."""

    def read(value: object, world: World) -> str:
        if not any(world[kind].find(value) for kind in kinds):
            raise Invalid([NO_OBJECT])
        return str(value)

    return read


def team(value: object, world: World) -> str | None:
    """Read a team's id; the text "null" means none."""
    return None if value == "null" else one_of("teams")(value, world)


def known(kind: str) -> Kind:
    """Return the kind of lists of ids; those that name nothing are dropped without a word."""

    def read(value: object, world: World) -> list[str]:
        return [one for one in dict.fromkeys(_texts(value)) if world[kind].find(one)]

    return read


def groups_of_known(kind: str) -> Kind:
    """Return the kind of lists of such lists."""

    def read(value: object, world: World) -> list[list[str]]:
        return [known(kind)(group, world) for group in items(value)]

    return read


def list_of(inside: Callable[[object], bool], problem: str) -> Kind:
    """Return the kind of lists whose items pass a test; an empty list is stored as none at all."""

    def read(value: object, world: World) -> list[Any] | None:
        del world
        sent = items(value)
        if not all(map(inside, sent)):
            raise bad_request(problem)
        return sent or None

    return read


def plain_object(value: object, world: World) -> dict[str, Any]:
    """Read an object of any members."""
    del world
    if not isinstance(value, dict):
        raise Invalid([f'Expected a dictionary of items but got type "{type(value).__name__}".'])
    return cast("dict[str, Any]", value)


def email(value: object, world: World) -> str:
    """Read a mail address."""
    taken: str = text()(value, world)
    if not _EMAIL.fullmatch(taken):
        raise Invalid(["Enter a valid email address."])
    return taken


def url(value: object, world: World) -> str:
    """Read a web address."""
    taken: str = text()(value, world)
    if not _URL.fullmatch(taken):
        raise Invalid(["Enter a valid URL."])
    return taken


def time_zone(value: object, world: World) -> str:
    """Read the name of a time zone."""
    taken: str = text()(value, world)
    if not is_time_zone(taken):
        raise Invalid(["Invalid timezone"])
    return taken


def local_time(value: object, world: World) -> str:
    """Read a date and time without zone."""
    del world
    if not isinstance(value, str) or not _NAIVE.fullmatch(value) or read_local(value) is None:
        raise bad_request("Invalid datetime format, should be \"yyyy-mm-dd'T'hh:mm:ss\"")
    return value


def instant(value: object, world: World) -> str:
    """Read a date and time with its zone, and keep it in UTC with microseconds."""
    del world
    found = read_instant(value) if isinstance(value, str) else None
    if found is None:
        raise Invalid(["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm:ss[.uuuuuu][Z]."])
    return write_exactly(found)


def write_exactly(at: datetime) -> str:
    """Return an instant in UTC with microseconds, so that texts compare as the instants do."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def time_of_day(value: object, world: World) -> str:
    """Read a time of day in UTC, such as 09:00:00Z."""
    del world
    if not isinstance(value, str) or not _TIME_OF_DAY.fullmatch(value):
        raise Invalid(["Time has wrong format. Use one of these formats instead: hh:mm:ssZ."])
    return value


def span(allowed: Callable[[int], bool]) -> Kind:
    """Return the kind of durations that pass a test, in seconds or as HH:MM:SS; zero is as good as none."""

    def read(value: object, world: World) -> int | None:
        del world
        seconds = _seconds(value)
        if seconds is None:
            raise bad_request("Invalid duration format")
        if seconds and not allowed(seconds):
            raise Invalid([f'"{timedelta(seconds=seconds)}" is not a valid choice.'])
        return seconds or None

    return read


def _seconds(value: object) -> int | None:
    if isinstance(value, str) and (parts := _SPAN.fullmatch(value)):
        hours, minutes, seconds = map(int, parts.groups())
        return (hours * 60 + minutes) * 60 + seconds
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    return None


def read_local(value: str) -> datetime | None:
    """Return a date and time without zone, None if it is none or so far off that nobody can reckon with it."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def items(value: object) -> list[object]:
    """Read a list of anything."""
    if not isinstance(value, list):
        raise Invalid([f'Expected a list of items but got type "{type(value).__name__}".'])
    return cast("list[object]", value)


def _texts(value: object) -> Iterable[str]:
    return (item for item in items(value) if isinstance(item, str))
