"""The simulator: stateful fakes of both vendors' APIs, each on a loopback port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, get_args

from aiohttp import web

from aiooncall._base.clock import SYSTEM_CLOCK, Clock
from aiooncall.simulator.checks import check_arguments, check_choice
from aiooncall.simulator.datadog.app import Datadog, DatadogOptions
from aiooncall.simulator.datadog.auth import DatadogAuth
from aiooncall.simulator.datadog.error_answers import DatadogErrors
from aiooncall.simulator.datadog.pages import SearchMode
from aiooncall.simulator.grafana.app import Grafana
from aiooncall.simulator.grafana.error_answers import GrafanaErrors
from aiooncall.simulator.grafana.options import GrafanaOptions
from aiooncall.simulator.http.faults import FaultPlan
from aiooncall.simulator.http.ledger import Ledger, RequestRecord
from aiooncall.simulator.http.pipeline import Pipeline
from aiooncall.simulator.http.rate_rules import Limiter
from aiooncall.simulator.http.routing import Moment
from aiooncall.simulator.http.server import HttpServer
from aiooncall.simulator.loop_thread import LoopThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from aiooncall.simulator.http.error_answers import ErrorAnswers
    from aiooncall.simulator.http.pipeline import Authenticator
    from aiooncall.simulator.http.rate_rules import Limits, RateRule
    from aiooncall.simulator.http.routing import Router
    from aiooncall.simulator.http.server import Handler


class Simulator:
    """A fake Datadog On-Call and a fake Grafana OnCall that keep state, count requests and fail on demand.

    Both listen once started: `async with` serves them on the running loop, `with` in a thread of their own.

    Args:
        host: The address to listen on.
        port: The port of the fake Datadog, 0 for any free one.
        grafana_port: The port of the fake Grafana OnCall, 0 for any free one.
        clock: The time that the server lives in.
        clock_skew: Seconds that its wall clock is ahead of the clock's.
        rate_rules: The limits; the first that covers a request counts, and without one there is no limit.
        faults: What goes wrong.
        slow: How long a change takes, from and to so many seconds at random. Its effect comes at some moment
            of that, also if whoever asked for it is gone by then.
        settle_delay: Seconds from a 202 until the change is visible.
        search_lag: Seconds until the list shows what a read by id shows.
        search_mode: How the list treats queries: "empty_body" answers without a body, "ignores_tags" finds nothing
            by tag.
        credentials: API keys and their application keys; None accepts any pair or bearer token that isn't empty.
        drift: Whether answers hold fields and values that no client knows.
        bare_included: Whether included users, schedules and teams come without attributes.
        hide_empty_slots: Whether the empty slots of a rotation are referred to but never included, as recorded.
        pagerduty_answers_put: Whether changing a PagerDuty service answers with its name, as recorded, or with nothing,
            as documented.
        keep_requests: Whether the ledger lists each event or only counts, for long runs.
        grafana: How the fake Grafana OnCall behaves, its limits included; None takes the usual way.

    Raises:
        ValueError: an argument is wrong; its name, its value and what would be right are told.

    Attributes:
        ledger: What really happened, at either.
        faults: The plan of what goes wrong, at either.
        grafana: Puts things into the fake Grafana OnCall; what the methods here put in is Datadog's.
        elsewhere: The requests that the target of redirects saw, one more origin, which no client should ever call.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        grafana_port: int = 0,
        clock: Clock = SYSTEM_CLOCK,
        clock_skew: float = 0.0,
        rate_rules: Iterable[RateRule] = (),
        faults: FaultPlan | None = None,
        slow: tuple[float, float] | None = None,
        settle_delay: float = 0.05,
        search_lag: float = 0.2,
        search_mode: SearchMode = "normal",
        credentials: Mapping[str, str] | None = None,
        drift: bool = False,
        bare_included: bool = False,
        hide_empty_slots: bool = True,
        pagerduty_answers_put: bool = True,
        keep_requests: bool = True,
        grafana: GrafanaOptions | None = None,
    ) -> None:
        check_arguments(locals(), clock=Clock, faults=FaultPlan, credentials=Mapping, grafana=GrafanaOptions)
        check_choice("search_mode", search_mode, get_args(SearchMode))
        self.ledger: Ledger = Ledger(keep_requests=keep_requests)
        self.faults: FaultPlan = FaultPlan() if faults is None else faults
        self.elsewhere: list[RequestRecord] = []
        self._host, self._ports = host, (port, grafana_port)
        self._clock = clock
        self._clock_skew = clock_skew
        self._slow = slow
        options = DatadogOptions(
            settle_delay=settle_delay,
            search_lag=search_lag,
            search_mode=search_mode,
            drift=drift,
            bare_included=bare_included,
            hide_empty_slots=hide_empty_slots,
            pagerduty_answers_put=pagerduty_answers_put,
        )
        self._world = Datadog(self.ledger, options)
        self._limiter = Limiter(rate_rules)
        grafana = GrafanaOptions() if grafana is None else grafana
        self.grafana: Grafana = Grafana(grafana, self.ledger, self._link_base(grafana), self._now)
        self._thread = LoopThread(self)
        self._redirect_target = HttpServer(self._record_redirected)
        datadog = self._pipeline(DatadogAuth(credentials), self._limiter, self._world.router, DatadogErrors())
        fake_grafana = self._pipeline(self.grafana.auth, self.grafana.limits, self.grafana.router, GrafanaErrors())
        self._datadog, self._grafana = HttpServer(datadog), HttpServer(fake_grafana)

    def _pipeline(self, authenticator: Authenticator, limiter: Limits, router: Router, errors: ErrorAnswers) -> Handler:
        return Pipeline(
            clock=self._clock,
            clock_skew=self._clock_skew,
            authenticator=authenticator,
            limiter=limiter,
            faults=self.faults,
            router=router,
            ledger=self.ledger,
            redirect_target=self._redirect_target,
            errors=errors,
            slow=self._slow,
        ).handle

    def _link_base(self, options: GrafanaOptions) -> Callable[[], str]:
        return lambda: self.elsewhere_url if options.links_elsewhere else self.grafana_url

    def _now(self) -> Moment:
        return Moment(self._clock.monotonic(), self._clock.time() + self._clock_skew)

    @property
    def datadog_url(self) -> str:
        """The base URL, for the API host and the paging host alike."""
        return self._datadog.url

    @property
    def events_url(self) -> str:
        """The base URL of the host that takes events in; here it is the same server."""
        return self._datadog.url

    @property
    def grafana_url(self) -> str:
        """The base URL of the fake Grafana OnCall; the API's paths follow it."""
        return self._grafana.url

    @property
    def elsewhere_url(self) -> str:
        """The base URL of the target of redirects, one more origin, which no client should ever call."""
        return self._redirect_target.url

    async def start(self) -> None:
        """Listen on all ports."""
        host, (port, grafana_port) = self._host, self._ports
        try:
            await self._redirect_target.start(host, 0)
            await self._grafana.start(host, grafana_port)
            await self._datadog.start(host, port)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop at once, whatever is under way."""
        await self._datadog.close()
        await self._grafana.close()
        await self._redirect_target.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    def add_page(
        self,
        *,
        title: str,
        status: str = "triggered",
        tags: Iterable[str] = (),
        created_at: float | None = None,
        urgency: str = "high",
    ) -> str:
        """Put a page in as if it had long been there, and return its id; nobody is notified.

        Args:
            title: The headline.
            status: The state it is in.
            tags: Tags, normalised as on create.
            created_at: Seconds since the Unix epoch; None takes the server's now.
            urgency: How urgent it is.
        """
        wall = self._now().wall if created_at is None else created_at
        return self._world.add_page(title, status, tags, wall, urgency)

    def add_user(self, name: str = "", email: str | None = None, status: str = "active") -> str:
        """Put a user in and return the id.

        Args:
            name: The display name; recorded answers have none for users who never signed in.
            email: The address; None makes one up.
            status: The state of the account, in an answer of On-Call "active", "deactivated" or "pending".
        """
        return self._world.add_user(name, email, status)

    def add_team(self, handle: str, name: str | None = None, *, members: Iterable[str] = (), mine: bool = False) -> str:
        """Put a team in, without routing rules, and return the id.

        Args:
            handle: The short name.
            name: The display name; None takes the handle.
            members: Ids of users in it.
            mine: Whether the owner of the keys is in it, whoever that is.
        """
        return self._world.add_team(handle, name, members, mine=mine)

    def add_channel(self, user_id: str, config: dict[str, Any], *, active: bool = True) -> str:
        """Put a notification channel in as if the user had, and return the id; a push channel comes no other way.

        Args:
            user_id: Whose channel it is.
            config: The kind and its settings, just as answers show them.
            active: Whether it can be used.

        Raises:
            Refusal: there is no such user.
        """
        return self._world.add_channel(user_id, config, active=active)

    def add_routing_rule(
        self, team_id: str, policy_id: str | None = None, *, query: str = "", urgency: str = "high"
    ) -> str:
        """Put a routing rule in after those that a team has, and return its id.

        It is as if it had been set before a last rule had to match everything.

        Args:
            team_id: Whose rule it is.
            policy_id: The policy that it leads to; None for a rule that pages nobody.
            query: What it matches; empty for everything.
            urgency: How urgent its pages are: "high", "low" or "dynamic".

        Raises:
            Refusal: there is no such team.
        """
        return self._world.add_routing_rule(team_id, policy_id, query, urgency)

    def keep_private(self, *user_ids: str) -> None:
        """Refuse from now on to show the notification channels and rules of users.

        It is what keys without the permission `on_call_admin` get for other people's.

        Args:
            user_ids: Whose.
        """
        self._world.keep_private(user_ids)

    def stored(self, kind: str, resource_id: str) -> dict[str, Any]:
        """Return a copy of what is stored, in the form of a request that would store it again.

        Texts that mean the same are stored as the same: instants in UTC, times of day with seconds, the policy of a
        routing rule as an action, and what means nothing, such as the current position, not at all.

        Args:
            kind: The type that answers have: "policies", "schedules", "notification_rules" and so on. For
                "team_routing_rules" the id is the team's, for "pagerduty_services" it is the name.
            resource_id: Which one.

        Raises:
            KeyError: no resource of that kind has that id, or the kind is another one.
        """
        return self._world.stored(kind, resource_id)

    async def _record_redirected(self, request: web.BaseRequest) -> web.StreamResponse:
        self.elsewhere.append(RequestRecord(self._clock.monotonic(), request.method, request.path, status=200))
        return web.json_response({})
