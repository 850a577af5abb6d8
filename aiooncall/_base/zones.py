"""Time zones as arguments. They are apart from other checks, as the standard library's zones take time to import."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import text
from aiooncall.errors import OptionsError

_LIKE_A_ZONE = re.compile(r"[A-Za-z][\w+-]*(/[\w+-]+){0,3}", re.ASCII).fullmatch


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(field: str, value: object, *, stored: bool, may_be_empty: bool = False) -> None:
    """Check the name of a time zone; where the machine has no list of them, the server decides.

    So it does for what it has stored: a machine may lack the old names, and those that are newer than itself.

    Args:
        field: its name, for the error.
        value: the name of the zone.
        stored: whether it belongs to something that the server has.
        may_be_empty: whether an empty text is fine.
    """
    if value is UNSET or value is None or (may_be_empty and value == ""):
        return
    known = isinstance(value, str) and (value in _zones() or ((stored or not _zones()) and _LIKE_A_ZONE(value)))
    if not known:
        raise OptionsError(field, value, "the IANA name of a time zone, such as 'Europe/Paris'")


def zone_info(field: str, value: object) -> ZoneInfo:
    """Return the time zone of an IANA name, or raise OptionsError if this machine does not know it."""
    try:
        return ZoneInfo(text(field, value))
    except (KeyError, ValueError, OSError):  # no such zone; no name of one; the name of a folder of them
        raise OptionsError(
            field, value, "the name of a time zone that this machine has, such as 'Europe/Paris'"
        ) from None
