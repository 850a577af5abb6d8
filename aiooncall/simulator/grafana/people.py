"""Users, teams, the stack as a whole, and calls and texts to phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.grafana.calendar import calendar_answer
from aiooncall.simulator.grafana.field_types import email, text
from aiooncall.simulator.grafana.json_io import parameters
from aiooncall.simulator.grafana.pagination import page_of
from aiooncall.simulator.grafana.refusals import field_errors, server_error
from aiooncall.simulator.grafana.resource import CREATE, Field, read_fields
from aiooncall.simulator.grafana.router import ROOT
from aiooncall.simulator.grafana.world import equal, shown
from aiooncall.simulator.http.json_values import without

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

_ROLES: Final = ("admin", "editor", "viewer", "none")
_LONG_ONLY: Final = ("slack", "timezone", "teams")
_USERS_ON_A_PAGE: Final = 100
_PHONE: Final = (Field("email", email, needed=CREATE), Field("message", text(1024), needed=CREATE))


@attrs.frozen
class PeopleRoutes:
    """The routes of all of these."""

    world: World

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", f"{ROOT}/users/", self._users)
        router.add("GET", f"{ROOT}/users/{{id}}/", self._user)
        router.add("GET", f"{ROOT}/users/{{id}}/schedule_export/", self._calendar)
        router.add("GET", f"{ROOT}/teams/", self._teams)
        router.add("GET", f"{ROOT}/teams/{{id}}/", self._team)
        router.add("GET", f"{ROOT}/organizations/", self._organizations)
        router.add("GET", f"{ROOT}/organizations/{{id}}/", self._organization)
        router.add("GET", f"{ROOT}/info/", self._info)
        router.add("POST", f"{ROOT}/make_call/", self._relay)
        router.add("POST", f"{ROOT}/send_sms/", self._relay)

    def _users(self, call: Call) -> Answer:
        _check_roles(parameters(call.query, "roles"))
        rows = [user for user in self.world["users"] if _wanted(user, call)]
        short = call.query.get("short") == "true"
        page = page_of(
            call,
            rows,
            lambda user: without(shown(user), *_LONG_ONLY) if short else shown(user),
            self.world.base_url,
            _USERS_ON_A_PAGE,
        )
        return self.world.json.send(200, page)

    def _user(self, call: Call) -> Answer:
        current = self.world.caller(call) if call.ids[0] == "current" else self.world["users"].get(call.ids[0])
        if current is None:  # a service account is no user, and the engine does not expect one here
            raise server_error()
        return self.world.json.send(200, shown(current))

    def _calendar(self, call: Call) -> Answer:
        return calendar_answer(self.world, call, self.world["schedules"], user_id=call.ids[0])

    def _teams(self, call: Call) -> Answer:
        name = call.query.get("name")
        rows = [team for team in self.world["teams"] if name is None or team["name"] == name]
        return self.world.json.send(200, page_of(call, rows, shown, self.world.base_url))

    def _team(self, call: Call) -> Answer:
        return self.world.json.send(200, shown(self.world["teams"].get(call.ids[0])))

    def _organizations(self, call: Call) -> Answer:
        """Fail: the engine's view declares no permission for its list."""
        del call
        raise server_error()

    def _organization(self, call: Call) -> Answer:
        """Return the caller's own one, whatever id is asked for."""
        del call
        return self.world.json.send(200, {"id": self.world.organization_id})

    def _info(self, call: Call) -> Answer:
        del call
        return self.world.json.send(200, {"url": self.world.options.stack_url})

    def _relay(self, call: Call) -> Answer:
        """Check a call or text as if it were to be relayed; there is no telephone.

        The engine looks for whom to send a text among those who have a verified number.
        """
        sent = read_fields(_PHONE, self.world.json.read(call), self.world, "POST")
        users = self.world["users"].where(email=sent["email"])
        if not users:
            return self.world.json.send(404, {"error": "user-not-found"})
        if not any(user["is_phone_number_verified"] for user in users):
            known = (404, "user-not-found") if "send_sms" in call.path else (400, "number-not-verified")
            return self.world.json.send(known[0], {"error": known[1]})
        return self.world.json.send(200, {})


def _check_roles(roles: list[str]) -> None:
    """Refuse roles that are not by their numbers."""
    for role in roles:
        if role not in map(str, range(len(_ROLES))):
            raise field_errors({"roles": [f"Select a valid choice. {role} is not one of the available choices."]})


def _wanted(user: Json, call: Call) -> bool:
    roles = parameters(call.query, "roles")
    return all(
        [
            *(equal(user, name, call.query[name]) for name in ("username", "email") if name in call.query),
            not roles or str(_ROLES.index(user["role"])) in roles,
        ]
    )
