"""Hours of the week in which something holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from enum import StrEnum

import attrs

from aiooncall._base.datetimes import spelt_out
from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import listed, required, spelt
from aiooncall.codec.model import Model


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@attrs.define(kw_only=True)
class TimeRestriction(Model):
    """One window of the week; it may reach over the week's end.

    Attributes:
        start_day: the day on which it opens.
        start_time: the time at which it opens. A text that is not HH:MM:SS stays a text.
        end_day: the day on which it closes.
        end_time: the time at which it closes.
        extra: what the class has no name for.
    """

    start_day: Omittable[Weekday | str] = UNSET
    start_time: Omittable[time | str] = spelt(spelt_out)
    end_day: Omittable[Weekday | str] = UNSET
    end_time: Omittable[time | str] = spelt(spelt_out)


@attrs.define(kw_only=True)
class TimeRestrictions(Model):
    """Windows of the week in one time zone; together they are a union.

    Attributes:
        time_zone: an IANA name, such as `Europe/Paris`. Answers can leave it empty.
        restrictions: the windows.
        extra: what the class has no name for.
    """

    time_zone: Omittable[str] = required()
    restrictions: Omittable[Sequence[TimeRestriction]] = listed()
