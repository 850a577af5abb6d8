"""The state of the fake Datadog but for pages: tables of resources, each kept in the form that requests have."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.json_api import refused
from aiooncall.simulator.datadog.override_layers import with_overrides
from aiooncall.simulator.http.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.http.json_values import Json

# How recorded errors name resources.
_NAMES: Final = {
    "notification_channels": "notification_channel",
    "notification_rules": "notification_rule",
    "overrides": "override",
    "policies": "escalation_policy",
    "schedules": "schedule",
    "teams": "team",
    "users": "user",
}

# How recorded 404s word it; those of other types name the resource.
_NOT_FOUND: Final = {
    "notification_channels": "notification channel not found",
    "notification_rules": "notification rule not found",
}

_IN_USE: Final = 409
_FORBIDDEN: Final = 403


class ResourceTable(Table):
    """The resources of one type, and when each was made.

    Attributes:
        name: How errors name one of them.
    """

    def __init__(self, kind: str) -> None:
        self.name: str = _NAMES[kind]
        self._made: dict[str, float] = {}
        super().__init__(kind, lambda one: refused(404, _NOT_FOUND.get(kind, f"{self.name}[{one}] not found")))

    def named(self, fields: Fields, field: str) -> str:
        """Return the id that a field of a request holds, or refuse with 400 if it names nothing."""
        resource_id = fields.text(field)
        if self.find(resource_id) is None:
            raise fields.refusal(field, f"{self.name}[{resource_id}] not found")
        return resource_id

    def add(self, resource: Json, now: float) -> Json:
        """Keep a new resource, which is made at an instant of the wall clock, and return it."""
        self._made[resource["id"]] = now
        return self.put(resource)

    def made_at(self, resource_id: str) -> float:
        """Return when a resource was made."""
        return self._made[resource_id]


class World:
    """All tables, and what connects them."""

    def __init__(self, *, seed: int = 1) -> None:
        self.users: ResourceTable = ResourceTable("users")
        self.teams: ResourceTable = ResourceTable("teams")
        self.policies: ResourceTable = ResourceTable("policies")
        self.schedules: ResourceTable = ResourceTable("schedules")
        self._routing: dict[str, Json] = {}
        self._channels: dict[str, ResourceTable] = {}
        self._rules: dict[str, ResourceTable] = {}
        self._overrides: dict[str, ResourceTable] = {}
        self._private: set[str] = set()
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def new_id(self) -> str:
        """Return an id that nothing has yet."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def keep_private(self, user_ids: Iterable[str]) -> None:
        """Let nobody see from now on how some users are notified."""
        self._private.update(user_ids)

    def check_private(self, user_id: str) -> None:
        """Refuse with 403 if nobody may see how a user is notified."""
        if user_id in self._private:
            raise refused(_FORBIDDEN, "Forbidden")

    def channels(self, user_id: str) -> ResourceTable:
        """Return the notification channels of a user, or refuse with 404."""
        return self._channels.setdefault(self.users.get(user_id)["id"], ResourceTable("notification_channels"))

    def rules(self, user_id: str) -> ResourceTable:
        """Return the notification rules of a user, or refuse with 404."""
        return self._rules.setdefault(self.users.get(user_id)["id"], ResourceTable("notification_rules"))

    def overrides(self, schedule_id: str) -> ResourceTable:
        """Return the overrides of a schedule, or refuse with 404."""
        return self._overrides.setdefault(self.schedules.get(schedule_id)["id"], ResourceTable("overrides"))

    def rota(self, schedule_id: str) -> Json:
        """Return a schedule in which people stand in, or refuse with 404."""
        schedule, overrides = self.schedules.get(schedule_id), self.overrides(schedule_id)
        return {**schedule, "attributes": with_overrides(schedule["attributes"], overrides)}

    def routing(self, team_id: str) -> Json:
        """Return the routing rules of a team, none if they were never set, or refuse with 404."""
        none: Json = {"id": team_id, "type": "team_routing_rules", "attributes": {"rules": []}}
        return self._routing.get(self.teams.get(team_id)["id"], none)

    def set_routing(self, record: Json) -> Json:
        """Keep the routing rules of a team and return them."""
        self._routing[record["id"]] = record
        return record

    def users_of_policy(self, policy_id: str) -> list[str]:
        """Return whose routing rules lead to a policy."""
        return [
            f"team[{team_id}] in its routing rule[{rule['id']}]"
            for team_id, record in self._routing.items()
            for rule in record["attributes"]["rules"]
            if any(action.get("policy_id") == policy_id for action in rule["actions"])
        ]

    def users_of_schedule(self, schedule_id: str) -> list[str]:
        """Return which policies call a schedule."""
        return [
            f"escalation_policy[{policy['id']}] in its step[{step['id']}]"
            for policy in self.policies
            for step in policy["attributes"]["steps"]
            if any((target["type"], target["id"]) == ("schedules", schedule_id) for target in step["targets"])
        ]

    def stored(self, kind: str, resource_id: str) -> Json | None:
        """Return a resource of any type, or a team's routing rules by the team's id; None if there is none."""
        match kind:
            case "team_routing_rules":
                return self.routing(resource_id) if self.teams.find(resource_id) else None
            case "notification_channels":
                tables = [*self._channels.values()]
            case "notification_rules":
                tables = [*self._rules.values()]
            case "overrides":
                tables = [*self._overrides.values()]
            case _:
                tables = [self.policies, self.schedules, self.teams, self.users]
        found = (table.find(resource_id) for table in tables if table.kind == kind)
        return next((one for one in found if one is not None), None)


def not_in_use(name: str, users: list[str]) -> None:
    """Refuse the removal of something that others use.

    The vendor's reference lists no status for it, and no recording shows one: this one is a guess.
    """
    if users:
        raise refused(_IN_USE, f"{name} is in use by {', '.join(users)}")
