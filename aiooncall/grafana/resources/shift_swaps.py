"""Shift swaps (https://grafana.com/docs/oncall/latest/oncall-api-reference/shift_swaps/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import at_most, aware, needs
from aiooncall.client.composite import composite
from aiooncall.client.reconcile import or_done_before
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.models.swap import ShiftSwap
from aiooncall.grafana.resources.base import LARGEST_PAGE, Collection, pairs
from aiooncall.transport.endpoint import Idempotency

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime


SWAPS = crud("/api/v1/shift_swaps/", "swap_id")
TAKE: Final = endpoint("POST", f"{SWAPS.get.template}take/", Idempotency.IDEMPOTENT)
LONGEST_DESCRIPTION: Final = 3000


class ShiftSwaps(Collection[ShiftSwap]):
    """The requests to swap shifts. The server hides those that have begun, unless it is told how far to look back."""

    _kind = ShiftSwap
    _endpoints = SWAPS
    _fixed = frozenset({"beneficiary"})

    def list(
        self,
        *,
        starting_after: datetime | None = None,
        schedule_id: str | None = None,
        beneficiary: str | None = None,
        benefactor: str | None = None,
        open_only: bool | None = None,
        expand_users: bool | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[ShiftSwap]:
        """Yield swaps as they are read, the first to begin first.

        Args:
            starting_after: an aware datetime; swaps that began before it are left out; now unless given.
            schedule_id: only those of a schedule.
            beneficiary: only those that this user asked for.
            benefactor: only those that this user took.
            open_only: whether those that were taken are left out.
            expand_users: whether users come as mappings instead of ids.
            page_size: rows in one request, at most 100.
        """
        filters = pairs(
            starting_after=_written("starting_after", starting_after),
            schedule_id=schedule_id,
            beneficiary=beneficiary,
            benefactor=benefactor,
            open_only=open_only,
            expand_users=expand_users,
        )
        return self._rows(filters, page_size=page_size)

    async def get(self, swap_id: str, /, *, starting_after: datetime | None = None) -> ShiftSwap:
        """Return one swap.

        Args:
            swap_id: the swap.
            starting_after: an aware datetime before it begins, for one that has begun.

        Raises:
            NotFound: there is no such swap, or it has begun.
        """
        query = pairs(starting_after=_written("starting_after", starting_after))
        return await self._call(SWAPS.get, swap_id, query=query)

    @composite
    async def take(self, swap_id: str, *, benefactor: str) -> ShiftSwap:
        """Take over the shifts of a swap.

        Args:
            swap_id: the swap.
            benefactor: the id of the user who takes them.

        Raises:
            BadRequest: it was taken before, or has begun.
        """
        if not isinstance(benefactor, str) or not benefactor:
            raise OptionsError("benefactor", benefactor, "the id of a user")
        return await or_done_before(
            self._call(TAKE, swap_id, body={"benefactor": benefactor}),
            partial(self.get, swap_id),
            lambda found: found.benefactor == benefactor,
        )

    def _check(self, resource: ShiftSwap, *, new: bool) -> None:
        if new:
            needs(resource, "schedule", "swap_start", "swap_end", "beneficiary")
        times = [resource.swap_start, resource.swap_end]
        if UNSET in times:
            if times != [UNSET, UNSET]:
                raise OptionsError("swap_start, swap_end", tuple(times), "both, or neither")
        elif aware("swap_end", times[1]) < aware("swap_start", times[0]):
            raise OptionsError("swap_end", times[1], "a time that is not before swap_start")
        at_most("description", resource.description, LONGEST_DESCRIPTION)


def _written(field: str, moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(aware(field, moment))
