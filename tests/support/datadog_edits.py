"""The kinds of resource that are read, edited and written back, each with how that is done in the tests' world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall import evolve
from aiooncall.datadog import PolicyInclude, RoutingInclude, ScheduleInclude
from tests.support.datadog_http import POLICIES, SCHEDULES
from tests.support.datadog_world import routing_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.datadog_world import Json, World


@attrs.frozen
class Kind:
    """A kind of resource that can be edited: how the world's one is read and written."""

    stored_as: str
    path: str
    includes: tuple[str, ...]
    least: tuple[str, ...]
    """What has to be included at least to write it back."""
    id_of: Callable[[World], str]
    get: Callable[[World], Callable[..., Awaitable[Any]]]
    write: Callable[[World, Any], Awaitable[Any]]

    async def read(self, w: World, include: tuple[str, ...] | None = None) -> Any:
        """Return the world's one, with everything unless said otherwise."""
        return await self.get(w)(self.id_of(w), include=self.includes if include is None else include)

    def stored(self, w: World) -> Json:
        """Return what the server has."""
        return w.sim.stored(self.stored_as, self.id_of(w))

    async def put(self, w: World, data: Json) -> Json:
        """Store something by a bare client, and return what the server made of it."""
        await w.caller.ask("PUT", self.path.format(self.id_of(w)), {"data": data})
        w.sent()
        return self.stored(w)


POLICY: Final = Kind(
    "policies",
    f"{POLICIES}/{{}}",
    tuple(PolicyInclude),
    ("steps.targets",),
    lambda w: w.policy,
    lambda w: w.client.escalation_policies.get,
    lambda w, policy: w.client.escalation_policies.update(policy),
)
SCHEDULE: Final = Kind(
    "schedules",
    f"{SCHEDULES}/{{}}",
    tuple(ScheduleInclude),
    ("layers.members",),
    lambda w: w.schedule,
    lambda w: w.client.schedules.get,
    lambda w, schedule: w.client.schedules.update(schedule),
)
RULES: Final = Kind(
    "team_routing_rules",
    routing_path("{}"),
    tuple(RoutingInclude),
    ("rules",),
    lambda w: w.payments,
    lambda w: w.client.routing_rules.get,
    lambda w, rules: w.client.routing_rules.set(w.payments, rules),
)


def edited(parts: Any, number: int, **changes: Any) -> list[Any]:
    """Return parts of which one was edited."""
    return [evolve(part, **changes) if place == number else part for place, part in enumerate(parts)]
