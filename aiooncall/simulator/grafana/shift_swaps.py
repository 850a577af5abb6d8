"""Shift swaps: somebody asks to be replaced for a while, somebody else takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import instant, one_of, text, write_exactly
from aiooncall.simulator.grafana.refusals import Invalid, bad_object, bad_request, not_found
from aiooncall.simulator.grafana.resource import ALWAYS, WHOLE, Field, Resource

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

SWAPS: Final = Resource(
    kind="shift_swaps",
    fields=(
        Field("schedule", one_of("schedules"), needed=WHOLE),
        Field("swap_start", instant, needed=WHOLE),
        Field("swap_end", instant, needed=WHOLE),
        Field("description", text(3000), nullable=ALWAYS),
    ),
    filters={"schedule_id": "schedule", "beneficiary": "beneficiary", "benefactor": "benefactor"},
)


class SwapRoutes(CrudRoutes):
    """Swaps; those that have begun are hidden unless the request looks back, also by their id."""

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        super().register(router)
        router.add("POST", f"{self.path}{{id}}/take/", self._take)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check the times, and enter who asks and when."""
        times = [name for name in ("swap_start", "swap_end") if name in sent]
        if len(times) == 1:
            raise bad_object(
                "when doing a partial update on time related fields, both start and end times must be specified"
            )
        now = _written(call)
        if times and draft["swap_start"] < now:
            raise bad_object("swap_start must be a datetime in the future")
        if draft["swap_start"] > draft["swap_end"]:
            raise bad_object("swap_end must occur after swap_start")
        if old is None:
            draft.update(created_at=now, beneficiary=self._user(call, "beneficiary"), benefactor=None)
        draft["updated_at"] = now

    def rows(self, call: Call) -> list[Json]:
        """Return the swaps that begin from an instant on, soonest first."""
        after = call.query.get("starting_after")
        try:
            since = instant(after, self.world) if after else _written(call)
        except Invalid as problem:
            raise bad_request(str(problem.problem)) from None
        found = [swap for swap in self.table if swap["swap_start"] >= since]
        if call.query.get("open_only") == "true":
            found = [swap for swap in found if _status(swap, call) == "open"]
        return sorted(found, key=lambda swap: str(swap["swap_start"]))

    def get(self, call: Call) -> Json:
        """Return the swap of a path, if it is not hidden."""
        for swap in self.rows(call):
            if swap["id"] == call.ids[0]:
                return swap
        raise not_found()

    def show(self, record: Json, call: Call) -> Json:
        """Return a swap with its state; only single ones list shifts, and here none."""
        return {**self.listed(record, call), "shifts": []}

    def listed(self, record: Json, call: Call) -> Json:
        """Return a swap with its state."""
        shown = {**super().show(record, call), "status": _status(record, call)}
        if call.query.get("expand_users") == "true":
            shown.update({role: self._expanded(record[role]) for role in ("beneficiary", "benefactor")})
        return shown

    def _take(self, call: Call) -> Answer:
        swap = self.get(call)
        benefactor = self._user(call, "benefactor")
        if _status(swap, call) != "open":
            raise bad_request("The shift swap request is not in a state which allows it to be taken")
        if benefactor == swap["beneficiary"]:
            raise bad_request("A shift swap request cannot be created and taken by the same user")
        swap.update(benefactor=benefactor, updated_at=_written(call))
        return self.answer(200, swap, call)

    def _user(self, call: Call, role: str) -> str:
        """Return the user that a request names in a role; the engine reads it apart from all other fields."""
        user_id = self.world.json.read(call).get(role)
        if not user_id:
            raise bad_request(f"{role} user ID is required")
        if not self.world["users"].find(user_id):
            raise bad_request(f"Invalid {role} user ID")
        return str(user_id)

    def _expanded(self, user_id: str | None) -> Json | None:
        if user_id is None:
            return None
        user = self.world["users"].get(user_id)
        return {
            "display_name": user["username"],
            "email": user["email"],
            "pk": user["id"],
            "avatar_full": f"{self.world.options.stack_url}/avatar/{user['id']}",
        }


def _written(call: Call) -> str:
    """Return when a call came."""
    return write_exactly(call.now.utc)


def _status(swap: Json, call: Call) -> str:
    if swap["benefactor"] is not None:
        return "taken"
    return "past_due" if swap["swap_start"] <= _written(call) else "open"
