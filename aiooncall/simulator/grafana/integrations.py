"""Integrations: where alerts come in, and the one for each team that pages go through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import column, plain_object, team, text
from aiooncall.simulator.grafana.refusals import bad_request, field_errors
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource
from aiooncall.simulator.grafana.routes import change_default_route, new_default_route, shown_default_route
from aiooncall.simulator.grafana.templates import no_templates, with_templates
from aiooncall.simulator.grafana.world import written

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router
    from aiooncall.simulator.http.table import Table

_PAGING: Final = "direct_paging"
_MODES: Final = ("debug", "maintenance")
_DURATION: Final = re.compile(r"\s*[+-]?\d{1,9}\s*", re.ASCII)


# Of the engine: grafana/oncall, engine/config_integrations; of Grafana Cloud alone:
# https://grafana.com/docs/grafana-cloud/alerting-and-irm/oncall/configure/integrations/references
_TYPES: Final = frozenset(
    {
        *("alertmanager", "direct_paging", "elastalert", "formatted_webhook", "grafana", "grafana_alerting"),
        *("heartbeat", "inbound_email", "kapacitor", "legacy_alertmanager", "legacy_grafana_alerting", "maintenance"),
        *("manual", "slack_channel", "webhook", "zabbix"),
        *("amazon_sns", "appdynamics", "curler", "datadog", "demo", "fabric", "jira", "newrelic", "pagerduty"),
        *("pingdom", "prtg", "sentry", "sentry_platform", "servicenow", "stackdriver", "uptimerobot", "zendesk"),
    }
)


def _type(value: object, world: World) -> str:
    taken: str = text()(value, world)
    if taken not in _TYPES:
        raise bad_request("Invalid integration type")
    if taken == _PAGING:
        raise bad_request("Direct paging integrations can't be created")
    if taken.startswith("legacy_"):
        raise bad_request("This integration type is deprecated")
    return taken


INTEGRATIONS: Final = Resource(
    kind="integrations",
    fields=(
        Field("type", _type, needed=CREATE, once=True),
        Field("name", column(150)),
        Field("description_short", text(250), nullable=ALWAYS),
        Field("team_id", team, nullable=ALWAYS),
        Field("templates", plain_object, default={}),
        Field("default_route", plain_object, default={}),
    ),
    filters={"name": "name"},
    team_filter=True,
)


class Integrations:
    """All integrations, with the secrets in their links."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.table: Table = world["integrations"]

    def add(self, kind: str, name: str, team_id: str | None) -> Json:
        """Put an integration in and return it."""
        draft = {
            "id": self.world.new_id("integrations"),
            "type": kind,
            "name": name,
            "description_short": None,
            "team_id": team_id,
        }
        return self.table.put(self.completed(draft))

    def completed(self, draft: Json) -> Json:
        """Give a new integration what no request brings."""
        secret = self.world.new_id("integrations").lower()
        link = None
        if draft["type"] != _PAGING:
            link = f"{self.world.base_url}/integrations/v1/{draft['type']}/{secret}/"
        route = new_default_route(draft["id"], self.world)
        draft.update(
            link=link,
            inbound_email=None,
            heartbeat=None if link is None else {"link": f"{link}heartbeat/"},
            templates=no_templates(),
            maintenance_mode=None,
            maintenance_started_at=None,
            maintenance_end_at=None,
            _default_route=route["id"],
        )
        return draft

    def for_team(self, kind: str, name: str, team_id: str | None) -> Json:
        """Return a team's integration of a kind; it is put in when it is first wanted."""
        found = self.table.where(type=kind, team_id=team_id)
        return found[0] if found else self.add(kind, name, team_id)

    def for_paging(self, team_id: str | None) -> Json:
        """Return the integration that pages of a team go through."""
        name = self.world["teams"].get(team_id)["name"] if team_id else "No"
        return self.for_team(_PAGING, f"Direct paging ({name} team)", team_id)


class IntegrationRoutes(CrudRoutes):
    """The routes of integrations, maintenance included."""

    def __init__(self, integrations: Integrations) -> None:
        super().__init__(integrations.world, INTEGRATIONS)
        self._integrations = integrations

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        super().register(router)
        router.add("POST", f"{self.path}{{id}}/maintenance_start/", self._start_maintenance)
        router.add("POST", f"{self.path}{{id}}/maintenance_stop/", self._stop_maintenance)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check the name, and apply templates and the default route."""
        del call
        twins = [] if draft["name"] is None else self.table.where(team_id=draft["team_id"], name=draft["name"])
        if any(twin["id"] != draft["id"] for twin in twins):
            raise bad_request("An integration with this name already exists for this team")
        templates = with_templates(no_templates() if old is None else old["templates"], sent.get("templates", {}))
        if old is None:
            self._integrations.completed(draft)
            draft["name"] = draft["name"] or draft["type"].replace("_", " ").capitalize()
        draft["templates"] = templates
        draft.pop("default_route", None)
        change_default_route(self._default_route(draft), sent.get("default_route", {}), self.world)

    def removing(self, record: Json) -> None:
        """Take the routes away, and keep what pages go through."""
        if record["type"] == _PAGING:
            raise bad_request("Direct paging integrations can't be deleted")
        for route in self.world["routes"].where(integration_id=record["id"]):
            self.world["routes"].remove(route["id"])

    def show(self, record: Json, call: Call) -> Json:
        """Return an integration with its default route."""
        return {**super().show(record, call), "default_route": shown_default_route(self._default_route(record))}

    def _default_route(self, record: Json) -> Json:
        return self.world["routes"].get(record["_default_route"])

    def _start_maintenance(self, call: Call) -> Answer:
        record, sent = self.get(call), self.world.json.read(call)
        mode = str(sent.get("mode")).lower()
        if mode not in _MODES:
            raise field_errors({"mode": ["Unknown mode"]})
        if isinstance(sent.get("duration"), bool) or not _DURATION.fullmatch(str(sent.get("duration"))):
            raise field_errors({"duration": ["Invalid duration"]})
        if record["maintenance_mode"] is not None:
            raise bad_request("Already on maintenance")
        start = int(call.now.wall)
        end = start + int(sent["duration"])
        record.update(maintenance_mode=mode, maintenance_started_at=written(start), maintenance_end_at=written(end))
        return self.answer(200, record, call)

    def _stop_maintenance(self, call: Call) -> Answer:
        record = self.get(call)
        record.update(maintenance_mode=None, maintenance_started_at=None, maintenance_end_at=None)
        return self.answer(200, record, call)
