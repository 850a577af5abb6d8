"""The operations of Grafana OnCall's API, by the method of the client that stands for each."""

from __future__ import annotations

from typing import Final

from tests.support.grafana_calls import CALLS, KINDS

_V1: Final = "/api/v1"
_CRUD: Final = {"create": "POST", "list": "GET", "get": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


def _crud(kind: str) -> dict[str, str]:
    one = {"create": "", "list": ""}
    return {f"{kind}.{name}": f"{method} {_V1}/{kind}/{one.get(name, '{id}/')}" for name, method in _CRUD.items()}


_GROUP: Final = f"{_V1}/alert_groups/{{id}}/"
API: Final = {
    **{name: route for kind in KINDS for name, route in _crud(kind).items()},
    "paging.page": f"POST {_V1}/escalation/",
    "paging.page, newer": f"POST {_V1}/direct_paging/",
    "alert_groups.list": f"GET {_V1}/alert_groups/",
    "alert_groups.get": f"GET {_GROUP}",
    "alert_groups.delete": f"DELETE {_GROUP}",
    "alert_groups.acknowledge": f"POST {_GROUP}acknowledge/",
    "alert_groups.unacknowledge": f"POST {_GROUP}unacknowledge/",
    "alert_groups.resolve": f"POST {_GROUP}resolve/",
    "alert_groups.unresolve": f"POST {_GROUP}unresolve/",
    "alert_groups.silence": f"POST {_GROUP}silence/",
    "alert_groups.unsilence": f"POST {_GROUP}unsilence/",
    "alerts.list": f"GET {_V1}/alerts/",
    "users.list": f"GET {_V1}/users/",
    "users.get": f"GET {_V1}/users/{{id}}/",
    "users.export": f"GET {_V1}/users/{{id}}/schedule_export/",
    "teams.list": f"GET {_V1}/teams/",
    "teams.get": f"GET {_V1}/teams/{{id}}/",
    "schedules.final_shifts": f"GET {_V1}/schedules/{{id}}/final_shifts/",
    "schedules.export": f"GET {_V1}/schedules/{{id}}/export/",
    "integrations.start_maintenance": f"POST {_V1}/integrations/{{id}}/maintenance_start/",
    "integrations.stop_maintenance": f"POST {_V1}/integrations/{{id}}/maintenance_stop/",
    "shift_swaps.take": f"POST {_V1}/shift_swaps/{{id}}/take/",
    "user_groups.list": f"GET {_V1}/user_groups/",
    "slack_channels.list": f"GET {_V1}/slack_channels/",
    "webhooks.responses": f"GET {_V1}/webhooks/{{id}}/responses/",
    "organizations.list": f"GET {_V1}/organizations/",
    "organizations.get": f"GET {_V1}/organizations/{{id}}/",
    "info.get": f"GET {_V1}/info/",
    "phone.make_call": f"POST {_V1}/make_call/",
    "phone.send_sms": f"POST {_V1}/send_sms/",
}
"""The 96 operations of the API, by the method that stands for each.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""
CREATES: Final = [f"{kind}.create" for kind in KINDS]
DELETES: Final = [f"{kind}.delete" for kind in KINDS]
ACTIONS: Final = [name for name in API if name.startswith("alert_groups.") and API[name].startswith("POST")]
PHONE: Final = ["phone.make_call", "phone.send_sms"]
ONCE: Final = {*CREATES, *ACTIONS, *PHONE, "paging.page", "paging.page, newer"}
"""What must not be done twice by mistake."""
TWINS: Final = {"paging.add_responders": "paging.page", "alert_groups.act": "alert_groups.acknowledge"}
"""Methods that make the same operation as another one."""
BROKEN: Final = "organizations.list"
"""It breaks down in every engine that was released."""
REPEATED: Final = [name for name in CALLS if name in API and name not in ONCE and name != BROKEN]
CALLED: Final = [*REPEATED, *CREATES, *PHONE]
"""Everything but what is done to alert groups, which is another story."""
