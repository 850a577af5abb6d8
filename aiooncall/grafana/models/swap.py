"""Shift swaps (https://grafana.com/docs/oncall/latest/oncall-api-reference/shift_swaps/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import read_only
from aiooncall.codec.model import Model


class SwapStatus(StrEnum):
    """What became of a request to swap."""

    OPEN = "open"
    TAKEN = "taken"
    PAST_DUE = "past_due"
    DELETED = "deleted"


@attrs.define(kw_only=True)
class ShiftSwap(Model):
    """A user asks that somebody else takes their shifts of a schedule for a time.

    Attributes:
        schedule: the schedule's id.
        swap_start: aware; when it begins.
        swap_end: aware; when it ends.
        beneficiary: the id of the user who asks; a mapping where users were asked to be expanded.
        benefactor: the id of the user who takes over, or a mapping; None while nobody does.
        shifts: the shifts that it is about, as mappings; lists do not tell them.
    """

    id: str = read_only(required=True)
    schedule: Omittable[str] = UNSET
    swap_start: Omittable[datetime] = UNSET
    swap_end: Omittable[datetime] = UNSET
    description: Omittable[str] = UNSET
    beneficiary: Any = UNSET
    benefactor: Any = read_only()
    status: Omittable[SwapStatus | str] = read_only()
    created_at: Omittable[datetime] = read_only()
    updated_at: Omittable[datetime] = read_only()
    shifts: Omittable[Sequence[Any]] = read_only(several=True)
