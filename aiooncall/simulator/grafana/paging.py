"""Paging people: a new alert group, or more responders for one that is there.

grafana/oncall, engine/apps/alerts/paging.py and engine/apps/api/serializers/direct_paging.py;
https://grafana.com/docs/oncall/latest/oncall-api-reference/direct_paging/
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final, cast

from aiooncall.simulator.grafana.field_types import flag, team, text, url
from aiooncall.simulator.grafana.final_shifts import ON_CALL_ROLES
from aiooncall.simulator.grafana.refusals import Invalid, bad_object, bad_request
from aiooncall.simulator.grafana.resource import CREATE, Field, read_fields, take_fields
from aiooncall.simulator.grafana.router import ROOT
from aiooncall.simulator.http.json_values import without

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.simulator.grafana.alert_groups import AlertGroups
    from aiooncall.simulator.grafana.integrations import Integrations
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.ledger import Action
    from aiooncall.simulator.http.routing import Answer, Call, Router

_CONTENT: Final = ("title", "message", "source_url")


def _escaped(value: object, world: World) -> str:
    return html.escape(text()(value, world).strip(), quote=False)


def _responders(value: object, world: World) -> list[Json]:
    if not isinstance(value, list):
        raise Invalid({"non_field_errors": [f'Expected a list of items but got type "{type(value).__name__}".']})
    found = [_responder(item, world) for item in cast("list[object]", value)]
    if any(errors for _, errors in found):
        raise Invalid([errors for _, errors in found])
    return [read for read, _ in found]


def _responder(item: object, world: World) -> tuple[Json, Json]:
    """Return a responder, and what is wrong with it."""
    if not isinstance(item, dict):
        return {}, {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(item).__name__}."]}
    read, errors = take_fields(_RESPONDER, cast("Json", item), world, "POST")
    if not errors and not world["users"].find(read["id"]):
        errors = {"non_field_errors": [f"User {read['id']} does not exist"]}
    return read, errors


_RESPONDER: Final = (Field("id", text(), needed=CREATE), Field("important", flag, needed=CREATE))
_FIELDS: Final = (
    Field("users", _responders),
    Field("team", team, nullable=CREATE),
    Field("alert_group_id", text()),
    Field("title", _escaped),
    Field("message", _escaped, nullable=CREATE),
    Field("source_url", url, nullable=CREATE),
    Field("important_team_escalation", flag),
)


class PagingRoutes:
    """The path that pages, under either of its names."""

    def __init__(self, groups: AlertGroups, integrations: Integrations) -> None:
        self._groups = groups
        self._integrations = integrations
        self._world = groups.world

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        answers: dict[str, Callable[[Json], Json]] = {
            "escalation": self._groups.show,
            "direct_paging": lambda group: {"alert_group_id": group["id"]},
        }
        for name, show in answers.items():
            if self._world.options.paging in {name, "both"}:
                router.add("POST", f"{ROOT}/{name}/", self._handler(show))

    def _handler(self, show: Callable[[Json], Json]) -> Callable[[Call], Answer]:
        return lambda call: self._world.json.send(200, show(self._page(call)))

    def _page(self, call: Call) -> Json:
        read = read_fields(_FIELDS, self._world.json.read(call), self._world, "POST")
        team_id = self._world.team_of_caller(call)
        sent: Json = {"users": [], "team": team_id, "important_team_escalation": False, **read}
        group = self._checked(sent)
        if group is None:
            return self._new_group(sent, call)
        if sent["users"]:
            self._tell(group, "add_responders", sent, call)
        return group

    def _checked(self, sent: Json) -> Json | None:
        """Return the alert group that a request names, or refuse what does not go together."""
        named = sent.get("alert_group_id")
        if named and any(sent.get(name) for name in _CONTENT):
            raise bad_object("alert_group_id and (title, message, source_url) are mutually exclusive")
        if sent["users"] and sent["team"]:
            raise bad_object("users and team are mutually exclusive")
        group = self._groups.table.find(named)
        if named and group is None:
            raise bad_object(f"Alert group {named} does not exist")
        if not sent["users"] and sent["team"] is None:
            raise bad_request("No team or user(s) specified")
        if group is not None and group["resolved_at"] is not None:
            raise bad_request("Cannot add responders for a resolved alert group")
        return group

    def _new_group(self, sent: Json, call: Call) -> Json:
        title = sent.get("title") or self._title(sent, call)
        payload = {
            "oncall": {
                "title": title,
                "message": sent.get("message"),
                "uid": self._world.new_id("alerts"),
                "author_username": self._author(call),
                "permalink": sent.get("source_url"),
                "important": sent["important_team_escalation"],
            }
        }
        integration = self._integrations.for_paging(sent["team"])
        group = self._groups.add(title, integration, sent["team"], created_at=call.now.wall, payload=payload)
        self._world.ledger.record_page(group["id"], title, unfinished=True)
        self._tell(group, "page", sent, call)
        return group

    def _tell(self, group: Json, action: Action, sent: Json, call: Call) -> None:
        """Enter who is paged: the users, or the members of the team; viewers are never called."""
        content = repr(sorted(without(sent, "alert_group_id").items())) + (sent.get("alert_group_id") or "")
        self._world.ledger.record_content(group["id"], content)
        self._groups.record(group, action, call.now)
        for user_id, important in self._targets(sent):
            user = self._world["users"].get(user_id)
            if user["role"] in ON_CALL_ROLES:
                self._world.ledger.record_notification(
                    call.now.monotonic, group["id"], action, user_id, important=important
                )

    def _targets(self, sent: Json) -> list[tuple[str, bool]]:
        if sent["team"] is None:
            return [(user["id"], user["important"]) for user in sent["users"]]
        members = [user["id"] for user in self._world["users"] if sent["team"] in user["teams"]]
        return [(user_id, sent["important_team_escalation"]) for user_id in members]

    def _title(self, sent: Json, call: Call) -> str:
        """Return the title of a page that brought none."""
        names = [self._world["teams"].get(sent["team"])["name"]] if sent["team"] else []
        names += [self._world["users"].get(user["id"])["username"] for user in sent["users"]]
        *others, last = names
        listed = f"{', '.join(others)} and {last}" if others else last
        return f"{self._author(call)} is paging {listed} to join escalation"

    def _author(self, call: Call) -> str:
        user = self._world.caller(call)
        return "" if user is None else str(user["username"])
