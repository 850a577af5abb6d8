"""The Datadog client."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from aiooncall._base.validation import required, secret
from aiooncall.client.base import BaseClient
from aiooncall.client.profile import ApiProfile, credential_key, url_missing
from aiooncall.client.services import ServiceOf
from aiooncall.datadog.sites import find_site
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Self

    from aiooncall.datadog.resources.alerts import Alerts
    from aiooncall.datadog.resources.auditing import DatadogAudit
    from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
    from aiooncall.datadog.resources.notifications import NotificationChannels, NotificationRules
    from aiooncall.datadog.resources.pagerduty_services import PagerDutyServices
    from aiooncall.datadog.resources.pages import Pages
    from aiooncall.datadog.resources.routing_rules import TeamRoutingRules
    from aiooncall.datadog.resources.schedules import Schedules
    from aiooncall.datadog.resources.shifts import Shifts
    from aiooncall.datadog.resources.teams import Teams
    from aiooncall.datadog.resources.users import Users
    from aiooncall.jsonapi import Resource
    from aiooncall.on_call import OnCall
    from aiooncall.options import ClientOptions
    from aiooncall.transport.endpoint import Endpoint
    from aiooncall.transport.session_pool import SessionPool

R = TypeVar("R", bound="Resource")
DEFAULT_SITE: Final = "datadoghq.com"


class DatadogOnCall(BaseClient):
    """Datadog On-Call.

    Args:
        api_key: sent as `DD-API-KEY`.
        app_key: sent as `DD-APPLICATION-KEY`.
        site: the account's Datadog site, such as `datadoghq.eu`.
        bearer_token: an OAuth access token, instead of the two keys.
        api_url: base URL for reading and configuration, instead of the site's.
        paging_url: base URL for creating and acting on pages, instead of the site's.
        events_url: base URL for alerts, instead of the site's. If `api_url` or `paging_url` is given and this is not,
            alerts are refused: a client that was pointed elsewhere must not page real people.
        gov_paging: on a government site, allow paging through `navy.oncall.datadoghq.com`, which is what Datadog
            serves those sites with; without it, or a `paging_url`, paging is refused there.
        options: timeouts, retries, limits, hooks.
        pool: connections to share with other clients.

    Raises:
        OptionsError: an argument is missing or wrong.
    """

    pages: ServiceOf[Pages] = ServiceOf("resources.pages:Pages")
    """The pages."""
    alerts: ServiceOf[Alerts] = ServiceOf("resources.alerts:Alerts")
    """The alerts that page teams by a key."""
    escalation_policies: ServiceOf[EscalationPolicies] = ServiceOf("resources.escalation_policies:EscalationPolicies")
    """The escalation policies."""
    schedules: ServiceOf[Schedules] = ServiceOf("resources.schedules:Schedules")
    """The schedules, and who is on call by them."""
    shifts: ServiceOf[Shifts] = ServiceOf("resources.shifts:Shifts")
    """Who is on call on a schedule over a time."""
    audit: ServiceOf[DatadogAudit] = ServiceOf("resources.auditing:DatadogAudit")
    """What is wrong with who is on call."""
    routing_rules: ServiceOf[TeamRoutingRules] = ServiceOf("resources.routing_rules:TeamRoutingRules")
    """The routing rules of teams."""
    teams: ServiceOf[Teams] = ServiceOf("resources.teams:Teams")
    """The teams, and who is on call for them."""
    users: ServiceOf[Users] = ServiceOf("resources.users:Users")
    """The users."""
    notification_channels: ServiceOf[NotificationChannels] = ServiceOf("resources.notifications:NotificationChannels")
    """The ways in which users can be reached."""
    notification_rules: ServiceOf[NotificationRules] = ServiceOf("resources.notifications:NotificationRules")
    """When users are told, and by which channel."""
    pagerduty_services: ServiceOf[PagerDutyServices] = ServiceOf("resources.pagerduty_services:PagerDutyServices")
    """The PagerDuty services."""

    def __init__(
        self,
        api_key: str | None = None,
        app_key: str | None = None,
        *,
        site: str = DEFAULT_SITE,
        bearer_token: str | None = None,
        api_url: str | None = None,
        paging_url: str | None = None,
        events_url: str | None = None,
        gov_paging: bool = False,
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> None:
        hosts = find_site(site)
        headers = _credentials(api_key, app_key, bearer_token)
        usable = gov_paging or not hosts.government
        elsewhere = api_url is not None or paging_url is not None
        secrets = tuple(value.removeprefix("Bearer ") for value in headers.values())
        profile = ApiProfile(
            provider="datadog",
            hosts={
                "api": _given(api_url, hosts.api),
                "paging": _given(paging_url, hosts.paging if usable else None),
                "events": _given(events_url, None if elsewhere else hosts.events),
            },
            headers={"Accept": "application/json", **headers},
            secrets=secrets,
            rate_limit_key=credential_key(*secrets),
            unavailable=partial(_unavailable, site=site),
        )
        super().__init__(profile, options=options, pool=pool)

    @classmethod
    def from_env(
        cls,
        env: Mapping[str, str] | None = None,
        *,
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> Self:
        """Return a client with the keys and site from `DD_API_KEY`, `DD_APP_KEY` and `DD_SITE`.

        If there is an `AIOONCALL_DATADOG_URL`, such as that of a simulator, all calls go there instead of to the site.

        Args:
            env: where to read them, instead of the process's environment.
            options: as for the class.
            pool: as for the class.

        Raises:
            OptionsError: a key is missing, the site is unknown, or the URL is wrong.
        """
        source = os.environ if env is None else env
        keys, site = required(source, "DD_API_KEY", "DD_APP_KEY"), source.get("DD_SITE") or DEFAULT_SITE
        url = source.get("AIOONCALL_DATADOG_URL") or None
        return cls(*keys, site=site, api_url=url, paging_url=url, events_url=url, options=options, pool=pool)

    async def hydrate(self, resource: R) -> R:
        """Return a copy of `resource` in which what it refers to is filled in.

        Schedules, policies and rules are read, all at once and each only once; users and teams come with them. What
        cannot be read, or is gone, stays a reference; what you edited stays edited.

        Raises:
            ApiError: something could not be read for another reason than that it is gone.
        """
        from aiooncall.datadog.hydration import hydrate

        return await hydrate(self._core, resource)

    async def who_is_on_call(
        self,
        *,
        team: str | None = None,
        schedule: str | None = None,
        at: datetime | None = None,
        shifts: bool = True,
    ) -> OnCall:
        """Return who is on call, who was before, and who comes next.

        For a team it is whom the first routing rule with a policy reaches; for now, as the server says.

        Args:
            team: the id of a team, or its handle, which is looked up first and then known for a minute.
            schedule: the id of a schedule, instead of a team.
            at: an aware datetime; now unless given.
            shifts: False for the people on call for a team now, in one request: without their shifts, without who was
                before and comes next, and without steps that reach nobody.

        Raises:
            OptionsError: not exactly one of team and schedule, a naive `at`, or no `shifts` for a schedule or an `at`.
            NotFound: there is no such team or schedule.
        """
        from aiooncall.datadog.who_is_on_call import who_is_on_call

        return await who_is_on_call(self._core, team=team, schedule=schedule, at=at, shifts=shifts)


def _given(url: str | None, usual: str | None) -> str | None:
    """Return a URL that was given, even an empty one, which is refused: it was meant to lead elsewhere."""
    return usual if url is None else url


def _unavailable(endpoint: Endpoint, *, site: str) -> OptionsError:
    """Return the error for a call to a host without a base URL: alerts have none, or paging is not allowed."""
    if endpoint.host == "events":
        return url_missing(endpoint)
    why = f"{site} pages through a host outside of the government cloud"
    return OptionsError("gov_paging", value=False, expected=f"True, or a paging_url, for {endpoint.route}: {why}")


def _credentials(api_key: str | None, app_key: str | None, bearer_token: str | None) -> dict[str, str]:
    if bearer_token is None:
        return {"DD-API-KEY": secret("api_key", api_key), "DD-APPLICATION-KEY": secret("app_key", app_key)}
    if api_key is not None or app_key is not None:
        raise OptionsError("bearer_token", "***", "either a bearer token or the two keys, not both")
    return {"Authorization": f"Bearer {secret('bearer_token', bearer_token)}"}
