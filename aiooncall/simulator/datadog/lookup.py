"""Resources that others refer to, found for inclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.policies import policy_resources
from aiooncall.simulator.datadog.schedules import schedule_resources

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json


def find_resource(world: World, identifier: Json) -> Json | None:
    """Return the resource behind an identifier, None if it is not to be had."""
    match identifier["type"]:
        case "users":
            return world.users.find(identifier["id"])
        case "teams":
            return world.teams.find(identifier["id"])
        case "schedules":
            schedule = world.schedules.find(identifier["id"])
            return schedule and schedule_resources(schedule)[0]
        case "policies":
            policy = world.policies.find(identifier["id"])
            return policy and policy_resources(policy)[0]
        case _:
            return None
