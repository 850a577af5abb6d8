"""The fake Datadog as a whole: its state, its routes, and the ways to put things in beforehand."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from aiooncall.simulator.datadog.envelope import Envelope
from aiooncall.simulator.datadog.events import EventRoutes
from aiooncall.simulator.datadog.lookup import find_resource
from aiooncall.simulator.datadog.notifications import ChannelRoutes, RuleRoutes
from aiooncall.simulator.datadog.overrides import OverrideRoutes
from aiooncall.simulator.datadog.page_store import NewPage, PageStore, Target
from aiooncall.simulator.datadog.pagerduty import PagerDutyRoutes
from aiooncall.simulator.datadog.pages import PageRoutes
from aiooncall.simulator.datadog.people import PeopleRoutes
from aiooncall.simulator.datadog.policies import PolicyList, policy_routes
from aiooncall.simulator.datadog.responders import ResponderRoutes
from aiooncall.simulator.datadog.routing_rules import RoutingRoutes, old_rule
from aiooncall.simulator.datadog.schedules import ScheduleList, schedule_routes
from aiooncall.simulator.datadog.tags import normalise_tag
from aiooncall.simulator.datadog.world import World
from aiooncall.simulator.http.routing import Router

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.datadog.pages import SearchMode
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.ledger import Ledger


@attrs.frozen(kw_only=True)
class DatadogOptions:
    """Options of the fake Datadog; those of `Simulator` by the same names say what each means."""

    settle_delay: float
    search_lag: float
    search_mode: SearchMode
    drift: bool
    bare_included: bool
    hide_empty_slots: bool
    pagerduty_answers_put: bool


class Datadog:
    """Pages, events, On-Call configuration and PagerDuty services behind one router.

    Attributes:
        router: Leads to everything.
    """

    def __init__(self, ledger: Ledger, options: DatadogOptions) -> None:
        self.router: Router = Router()
        self._pages = PageStore(ledger, settle_delay=options.settle_delay)
        self._world = World()
        find = partial(find_resource, self._world)
        envelope = Envelope(find, drift=options.drift, bare_included=options.bare_included)
        page_routes = PageRoutes(self._pages, envelope, search_lag=options.search_lag, search_mode=options.search_mode)
        page_routes.register(self.router)
        EventRoutes(self._pages).register(self.router)
        self._pagerduty = PagerDutyRoutes(answers_put=options.pagerduty_answers_put)
        self._pagerduty.register(self.router)
        self._people = PeopleRoutes(self._world, envelope)
        self._people.register(self.router)
        self._configuration(envelope, hide_empty_slots=options.hide_empty_slots)

    def _configuration(self, envelope: Envelope, *, hide_empty_slots: bool) -> None:
        policy_routes(self._world, envelope).register(self.router)
        schedule_routes(self._world, envelope, hide_empty_slots=hide_empty_slots).register(self.router)
        for routes in (
            PolicyList,
            ScheduleList,
            OverrideRoutes,
            RoutingRoutes,
            ChannelRoutes,
            RuleRoutes,
            ResponderRoutes,
        ):
            routes(self._world, envelope).register(self.router)

    def add_page(self, title: str, status: str, tags: Iterable[str], created_at: float, urgency: str) -> str:
        """Put a page in and return its id."""
        normal = tuple(normalise_tag(tag) for tag in tags)
        content = NewPage(title, Target("team_handle", "my-team"), urgency, tags=normal)
        return self._pages.seed(content, status, created_at).id

    def add_user(self, name: str, email: str | None, status: str) -> str:
        """Put a user in and return the id."""
        user_id = self._world.new_id()
        attributes = {"email": email or f"{user_id[:8]}@example.com", "name": name, "status": status}
        self._world.users.put({"id": user_id, "type": "users", "attributes": attributes})
        return user_id

    def add_team(self, handle: str, name: str | None, members: Iterable[str] = (), *, mine: bool = False) -> str:
        """Put a team in and return the id."""
        team_id = self._world.new_id()
        attributes = {"avatar": "", "description": "", "handle": handle, "name": handle if name is None else name}
        self._world.teams.put({"id": team_id, "type": "teams", "attributes": attributes})
        self._people.join(team_id, tuple(members), mine=mine)
        return team_id

    def add_channel(self, user_id: str, config: dict[str, Any], *, active: bool) -> str:
        """Put a notification channel in, of whatever kind, and return the id."""
        attributes = {"active": active, "config": config}
        channel = {"id": self._world.new_id(), "type": "notification_channels", "attributes": attributes}
        return str(self._world.channels(user_id).put(channel)["id"])

    def add_routing_rule(self, team_id: str, policy_id: str | None, query: str, urgency: str) -> str:
        """Put a routing rule in after those that a team has, and return its id."""
        old = self._world.routing(team_id)
        rule = old_rule(self._world.new_id(), policy_id, query, urgency)
        rules = [*old["attributes"]["rules"], rule]
        self._world.set_routing({**old, "attributes": {**old["attributes"], "rules": rules}})
        return str(rule["id"])

    def keep_private(self, user_ids: Iterable[str]) -> None:
        """Let nobody see how some users are notified."""
        self._world.keep_private(user_ids)

    def stored(self, kind: str, resource_id: str) -> Json:
        """Return a copy of what is stored."""
        pagerduty = kind == "pagerduty_services"
        found = self._pagerduty.find(resource_id) if pagerduty else self._world.stored(kind, resource_id)
        if found is None:
            raise KeyError(f"{kind}[{resource_id}]")
        return copy.deepcopy(found)
