"""The fake Grafana OnCall as a whole: its state, its routes, and the ways to put things in beforehand."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from aiooncall.simulator.grafana.alert_group_routes import AlertGroupRoutes
from aiooncall.simulator.grafana.alert_groups import AlertGroups
from aiooncall.simulator.grafana.auth import SERVICE_ACCOUNT, GrafanaAuth
from aiooncall.simulator.grafana.chatops import ChatopsRoutes
from aiooncall.simulator.grafana.escalation_chains import CHAINS, POLICIES, ChainRoutes, PolicyRoutes
from aiooncall.simulator.grafana.integrations import IntegrationRoutes, Integrations
from aiooncall.simulator.grafana.on_call_shifts import SHIFTS, ShiftRoutes
from aiooncall.simulator.grafana.options import OWNER
from aiooncall.simulator.grafana.paging import PagingRoutes
from aiooncall.simulator.grafana.people import PeopleRoutes
from aiooncall.simulator.grafana.personal_rules import PERSONAL_RULES, PersonalRuleRoutes
from aiooncall.simulator.grafana.resolution_notes import NOTES, NoteRoutes
from aiooncall.simulator.grafana.router import GrafanaRouter
from aiooncall.simulator.grafana.routes import ROUTES, RouteRoutes
from aiooncall.simulator.grafana.schedules import SCHEDULES, ScheduleRoutes
from aiooncall.simulator.grafana.shift_swaps import SWAPS, SwapRoutes
from aiooncall.simulator.grafana.throttle import Limits
from aiooncall.simulator.grafana.webhooks import ACTIONS, WEBHOOKS, WebhookRoutes
from aiooncall.simulator.grafana.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiooncall.simulator.grafana.alert_groups import State
    from aiooncall.simulator.grafana.crud import CrudRoutes
    from aiooncall.simulator.grafana.options import GrafanaOptions
    from aiooncall.simulator.grafana.resource import Resource
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.ledger import Ledger
    from aiooncall.simulator.http.routing import Moment

_CRUD: list[tuple[Resource, Callable[[World, Resource], CrudRoutes]]] = [
    (CHAINS, ChainRoutes),
    (POLICIES, PolicyRoutes),
    (PERSONAL_RULES, PersonalRuleRoutes),
    (NOTES, NoteRoutes),
    (ROUTES, RouteRoutes),
    (SCHEDULES, ScheduleRoutes),
    (SHIFTS, ShiftRoutes),
    (SWAPS, SwapRoutes),
    (WEBHOOKS, WebhookRoutes),
    (ACTIONS, WebhookRoutes),
]


class Grafana:
    """Grafana OnCall behind one router.

    Attributes:
        router: Leads to everything.
        auth: Knows who may come in.
        limits: Knows who came too often.
    """

    def __init__(
        self, options: GrafanaOptions, ledger: Ledger, base_url: Callable[[], str], now: Callable[[], Moment]
    ) -> None:
        """Prepare a world.

        Args:
            options: How it behaves.
            ledger: Where what really happens is entered.
            base_url: Returns the URL that links lead to unless the options name one.
            now: Reads the server's clocks.
        """
        self._world = World(options, ledger, base_url)
        self._now = now
        self._user_ids: dict[str, str] = {}
        self.router: GrafanaRouter = GrafanaRouter(optional_slashes=options.optional_slashes, settle=self._world.settle)
        self.auth: GrafanaAuth = GrafanaAuth(options, self.router, self.user_id, self._role)
        self.limits: Limits = Limits(options)
        self._groups = AlertGroups(self._world)
        self._integrations = Integrations(self._world)
        self._register()
        tokens = {"": OWNER} if options.tokens is None else options.tokens
        for token, username in tokens.items():
            if not token.startswith(SERVICE_ACCOUNT):
                self.add_user(username, role="admin")

    def _register(self) -> None:
        for resource, routes in _CRUD:
            routes(self._world, resource).register(self.router)
        IntegrationRoutes(self._integrations).register(self.router)
        AlertGroupRoutes(self._groups).register(self.router)
        PagingRoutes(self._groups, self._integrations).register(self.router)
        PeopleRoutes(self._world).register(self.router)
        ChatopsRoutes(self._world).register(self.router)

    def user_id(self, username: str) -> str:
        """Return the id of a user.

        Raises:
            KeyError: nobody has that name.
        """
        return self._user_ids[username]

    def add_user(
        self,
        username: str,
        email: str | None = None,
        role: str = "editor",
        teams: Iterable[str] = (),
        *,
        current_team: str | None = None,
        phone: bool = False,
    ) -> str:
        """Put a user in and return the id; somebody who owns a token is there already, and becomes as given here.

        Args:
            username: The login name.
            email: The address; None makes one up.
            role: "admin", "editor", "viewer" or "none"; the last two are never called, viewers only read, and editors
                set nothing up.
            teams: The ids of the user's teams.
            current_team: The id of the team that the user has chosen, which counts where a request names none.
            phone: Whether there is a verified phone number.
        """
        user_id = self._user_ids.setdefault(username, self._world.new_id("users"))
        user = {
            "id": user_id,
            "grafana_id": list(self._user_ids).index(username) + 1,
            "email": f"{username}@example.com" if email is None else email,
            "username": username,
            "role": role,
            "is_phone_number_verified": phone,
            "slack": None,
            "timezone": None,
            "teams": list(teams),
            "_current_team": current_team,
        }
        self._world["users"].put(user)
        return user_id

    def add_team(self, name: str) -> str:
        """Put a team in and return the id."""
        table = self._world["teams"]
        team = {
            "id": self._world.new_id("teams"),
            "grafana_id": len(list(table)) + 1,
            "name": name,
            "email": None,
            "avatar_url": f"/avatar/{name}",
        }
        return str(table.put(team)["id"])

    def add_alert_group(
        self,
        title: str | None,
        *,
        state: State = "firing",
        team: str | None = None,
        integration: str | None = None,
        created_at: float | None = None,
        labels: Iterable[tuple[str, str]] = (),
    ) -> str:
        """Put an alert group with one alert in as if it had long been there, and return its id; nobody is notified.

        Args:
            title: The headline; None for one that is not rendered yet.
            state: The state it is in, into which the first user has put it.
            team: The id of its team.
            integration: The id of its integration; None takes a webhook integration of the team's.
            created_at: Seconds since the Unix epoch; None takes the server's now.
            labels: Keys and values.

        Raises:
            KeyError: there is no such integration.
        """
        wall = self._now().wall if created_at is None else created_at
        if integration is None:
            source = self._integrations.for_team("webhook", "Alerts", team)
        else:
            source = self._found("integrations", integration)
        group = self._groups.add(title, source, team, created_at=wall, payload={"title": title}, labels=labels)
        if state != "firing":
            self._groups.mark(group, state, (), wall, next((user["id"] for user in self._world["users"]), None))
        self._world.ledger.record_page(group["id"], title or "", unfinished=state != "resolved")
        return str(group["id"])

    def add_user_group(self, handle: str) -> str:
        """Put a Slack user group in and return the id."""
        group_id = self._world.new_id("user_groups")
        slack = {"id": f"S{group_id[1:]}", "name": handle, "handle": handle}
        self._world["user_groups"].put({"id": group_id, "type": "slack_based", "slack": slack})
        return group_id

    def add_slack_channel(self, name: str) -> str:
        """Put a Slack channel in and return its id in Slack."""
        slack_id = self._world.new_id("slack_channels")
        self._world["slack_channels"].put({"id": slack_id, "name": name, "slack_id": slack_id})
        return slack_id

    def stored(self, kind: str, object_id: str) -> dict[str, Any]:
        """Return a copy of what is stored; names that begin with `_` are never shown to clients.

        Args:
            kind: The kind as paths have it: "users", "alert_groups", "schedules" and so on.
            object_id: Which one.

        Raises:
            KeyError: no object of that kind has that id, or there is no such kind.
        """
        self._world.settle(self._now().monotonic)
        return copy.deepcopy(self._found(kind, object_id))

    def _role(self, caller: str) -> str:
        """Return the role of a caller; what service accounts may do is not told apart."""
        user = self._world["users"].find(caller)
        return "admin" if user is None else str(user["role"])

    def _found(self, kind: str, object_id: str) -> Json:
        found = self._world[kind].find(object_id)
        if found is None:
            raise KeyError(f"{kind}[{object_id}]")
        return found
