"""Outgoing webhooks, and the same things under their old name, actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import choice, column, flag, items, one_of, team, text
from aiooncall.simulator.grafana.pagination import page_of
from aiooncall.simulator.grafana.refusals import Invalid, bad_request, field_errors
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

_ASTERISKS: Final = "*" * 16
_SECRETS: Final = ("password", "authorization_header")
_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_TRIGGERS: Final = (
    "escalation",
    "alert group created",
    "acknowledge",
    "resolve",
    "silence",
    "unsilence",
    "unresolve",
    "unacknowledge",
    "status change",
    "personal notification",
)
_trigger: Final = choice(*_TRIGGERS, refusal=lambda: bad_request(f"trigger_type must one of {list(_TRIGGERS)}"))


def _integrations(value: object, world: World) -> list[str] | None:
    sent = items(value)
    try:
        return [one_of("integrations")(one, world) for one in sent] or None
    except Invalid:
        raise Invalid(["Integration does not exist"]) from None


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, text(), nullable=ALWAYS) for name in names)


_SHARED: Final = (
    Field("is_webhook_enabled", flag, nullable=CREATE, default=True),
    *_texts("data", *_SECRETS, "trigger_template", "headers"),
    Field("integration_filter", _integrations, nullable=ALWAYS),
)
WEBHOOKS: Final = Resource(
    kind="webhooks",
    fields=(
        Field("name", text(100), needed=CREATE),
        Field("team", team, nullable=ALWAYS),
        Field("url", text(), needed=CREATE),
        Field("http_method", choice(*_METHODS), needed=CREATE),
        Field("trigger_type", _trigger, needed=CREATE),
        Field("forward_all", flag, default=True),
        Field("username", text(100), nullable=ALWAYS),
        *_SHARED,
    ),
    filters={"name": "name"},
    team_filter=True,
    team_field="team",
    unique="name",
)
ACTIONS: Final = Resource(
    kind="actions",
    fields=(
        Field("name", text(100), needed=CREATE),
        Field("team_id", team, nullable=ALWAYS),
        Field("url", text(), needed=CREATE),
        Field("http_method", choice(*_METHODS), default="POST"),
        Field("trigger_type", _trigger, default="escalation"),
        Field("forward_whole_payload", flag, default=True),
        Field("user", column(100), nullable=ALWAYS),
        *_SHARED,
    ),
    filters={"name": "name"},
    team_filter=True,
    unique="name",
)


class WebhookRoutes(CrudRoutes):
    """Webhooks; secrets never leave, and whoever writes without a filter clears it."""

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        super().register(router)
        if self.resource is WEBHOOKS:
            router.add("GET", f"{self.path}{{id}}/responses/", self._responses)

    def sent(self, call: Call, method: str) -> Json:
        """Return the known fields of a request; the preset can't be written."""
        if "preset" in self.world.json.read(call):
            raise field_errors({"preset": ["Preset webhooks must be modified through web UI"]})
        return super().sent(call, method)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Put secrets back that came as asterisks, and clear the filter if none was sent."""
        team_field = self.resource.team_field
        if old is None and team_field not in sent:
            draft[team_field] = self.world.team_of_caller(call)
        for name in _SECRETS:
            if draft[name] == _ASTERISKS:
                draft[name] = None if old is None else old[name]
        draft["integration_filter"] = sent.get("integration_filter")
        if self.resource is WEBHOOKS:
            draft.setdefault("preset", None)

    def show(self, record: Json, call: Call) -> Json:
        """Return a webhook with asterisks for secrets."""
        hidden = {name: _ASTERISKS for name in _SECRETS if record[name]}
        return {**super().show(record, call), **hidden}

    def _responses(self, call: Call) -> Answer:
        """Return the deliveries: none, as nothing is ever sent."""
        deliveries = self.get(call).get("_responses", [])
        return self.world.json.send(200, page_of(call, deliveries, dict, self.world.base_url))
