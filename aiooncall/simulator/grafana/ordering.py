"""Positions among siblings: new ones go to the end, a move makes room, and a swap is for Terraform.

grafana/oncall, engine/common/ordered_model
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import flag, whole
from aiooncall.simulator.grafana.refusals import bad_request
from aiooncall.simulator.grafana.resource import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

ORDER_FIELDS: Final = (Field("position", whole()), Field("manual_order", flag, default=False))
"""Fields of requests that speak of the order; `manual_order` swaps."""

_LAST: Final = -1


class OrderedRoutes(CrudRoutes, ABC):
    """The routes of objects that have a position among their siblings."""

    @abstractmethod
    def siblings(self, record: Json) -> list[Json]:
        """Return all that stand in one list with an object, itself among them once it is stored."""

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check where the object wants to go; it goes there when it is stored."""
        del call
        swap = draft.pop("manual_order", False)
        least = 0 if swap else _LAST
        if sent.get("position", 0) < least:
            raise bad_request("Invalid value for position field")
        ends = [sibling["position"] for sibling in self.siblings(draft)]
        draft["position"] = max(ends, default=-1) + 1 if old is None else old["position"]

    def placed(self, record: Json, sent: Json) -> None:
        """Move the object to where the request wants it."""
        if "position" in sent:
            move(record, self.siblings(record), sent["position"], swap=sent.get("manual_order", False))


def move(record: Json, siblings: Sequence[Json], position: int, *, swap: bool = False) -> None:
    """Give an object a position.

    Args:
        record: The object.
        siblings: All in its list, itself among them.
        position: Where it goes, counted from 0; -1 is the end.
        swap: Whether it changes places with whatever is there, instead of pushing.
    """
    if position == _LAST:
        position = max(sibling["position"] for sibling in siblings)
    others = [sibling for sibling in siblings if sibling is not record]
    if any(other["position"] == position for other in others):
        _make_room(record["position"], others, position, swap=swap)
    record["position"] = position


def _make_room(old: int, others: Sequence[Json], new: int, *, swap: bool) -> None:
    if swap:
        next(other for other in others if other["position"] == new)["position"] = old
        return
    low, high, step = (new, old - 1, 1) if new < old else (old + 1, new, -1)
    for other in others:
        if low <= other["position"] <= high:
            other["position"] += step
