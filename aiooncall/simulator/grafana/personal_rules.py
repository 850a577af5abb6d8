"""Personal notification rules: in what order a user is called, in the default and in the important way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.field_types import choice, flag, span
from aiooncall.simulator.grafana.ordering import ORDER_FIELDS, OrderedRoutes
from aiooncall.simulator.grafana.refusals import bad_request, field_errors
from aiooncall.simulator.grafana.resource import Field, Resource

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

_WAIT: Final = "wait"
_WAITS: Final = (60, 300, 900, 1800, 3600)
_USUAL_WAIT: Final = 300
_TYPES: Final = (
    _WAIT,
    *(
        f"notify_by_{channel}"
        for channel in (
            *("slack", "sms", "phone_call", "telegram", "email", "mobile_app"),
            *("mobile_app_critical", "webhook", "mattermost", "msteams"),
        )
    ),
)


def _user(value: object, world: World) -> str:
    if not world["users"].find(value):
        raise bad_request("User does not exist")
    return str(value)


PERSONAL_RULES: Final = Resource(
    kind="personal_notification_rules",
    fields=(
        Field("user_id", _user, needed={"POST"}, once=True),
        Field("type", choice(*_TYPES, refusal=lambda: field_errors({"type": "Invalid type"}))),
        Field("duration", span(_WAITS.__contains__)),
        Field("important", flag, default=False, once=True),
        *ORDER_FIELDS,
    ),
)


class PersonalRuleRoutes(OrderedRoutes):
    """Rules of users; only waiting has a duration."""

    def siblings(self, record: Json) -> list[Json]:
        """Return the rules of the same user and importance."""
        return self.table.where(user_id=record["user_id"], important=record["important"])

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Give a wait its usual duration, and let nothing else have one."""
        super().prepare(draft, old, sent, call)
        if draft["type"] is None:
            raise field_errors({"type": "Type is required"})
        if draft["type"] == _WAIT:
            draft["duration"] = draft["duration"] or _USUAL_WAIT
        elif "duration" in sent:
            raise field_errors({"duration": "Duration can't be set"})
        else:
            draft["duration"] = None

    def rows(self, call: Call) -> list[Json]:
        """Return the rules by user, importance and position."""
        user, important = call.query.get("user_id"), call.query.get("important")
        if user is not None and not self.world["users"].find(user):
            raise bad_request("User not found.")
        if important not in {None, "true", "false"}:
            raise bad_request("Important is not bool")
        users = {user["id"]: number for number, user in enumerate(self.world["users"])}
        found = [
            rule
            for rule in self.table
            if user in {None, rule["user_id"]} and (important is None or rule["important"] == (important == "true"))
        ]
        return sorted(found, key=lambda rule: (users[rule["user_id"]], rule["important"], rule["position"]))

    def show(self, record: Json, call: Call) -> Json:
        """Return a rule, with a duration only if it has one."""
        shown = super().show(record, call)
        return {name: value for name, value in shown.items() if name != "duration" or record["type"] == _WAIT}
