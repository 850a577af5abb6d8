"""The Grafana OnCall client."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import base_url, count, required, secret
from aiooncall.client.base import BaseClient
from aiooncall.client.profile import ApiProfile, credential_key
from aiooncall.client.services import ServiceOf
from aiooncall.errors import Forbidden, OptionsError, Unauthorized
from aiooncall.grafana.limits import INFO, PHONE, USER
from aiooncall.options import CallRate
from aiooncall.transport.outcome import api_error_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Self

    from aiooncall.errors import ApiError
    from aiooncall.grafana.resources.alert_groups import AlertGroups
    from aiooncall.grafana.resources.alerts import Alerts
    from aiooncall.grafana.resources.auditing import GrafanaAudit
    from aiooncall.grafana.resources.chatops import SlackChannels, UserGroups
    from aiooncall.grafana.resources.escalation import EscalationChains, EscalationPolicies
    from aiooncall.grafana.resources.integrations import Integrations
    from aiooncall.grafana.resources.notification import PersonalNotificationRules
    from aiooncall.grafana.resources.on_call_shifts import OnCallShifts
    from aiooncall.grafana.resources.paging import Paging
    from aiooncall.grafana.resources.people import Teams, Users
    from aiooncall.grafana.resources.phone import Phone
    from aiooncall.grafana.resources.resolution_notes import ResolutionNotes
    from aiooncall.grafana.resources.routes import Routes
    from aiooncall.grafana.resources.schedules import Schedules
    from aiooncall.grafana.resources.shift_swaps import ShiftSwaps
    from aiooncall.grafana.resources.shifts import Shifts
    from aiooncall.grafana.resources.system import InfoService, Organizations
    from aiooncall.grafana.resources.webhooks import Actions, Webhooks
    from aiooncall.on_call import OnCall
    from aiooncall.options import ClientOptions
    from aiooncall.transport.endpoint import Endpoint
    from aiooncall.transport.session_pool import SessionPool

LIMITS: Final = {
    USER: CallRate(calls=300, per=60),
    INFO: CallRate(calls=100, per=60),
    PHONE: CallRate(calls=60, per=60),
}
"""Calls of one user in any minute: grafana/oncall, engine/apps/public_api/throttlers."""
SERVICE_ACCOUNT: Final = "glsa_"
BAD_TOKEN: Final = "Invalid token"  # noqa: S105 (the server's words, which may end in a full stop)
TOKENS_ONLY: Final = frozenset(
    {"escalation", "direct_paging", "info", "make_call", "send_sms", "actions", "personal_notification_rules"}
)
"""Views that know API tokens only: grafana/oncall, `authentication_classes` in engine/apps/public_api/views."""
NOT_FOR_SERVICE_ACCOUNTS: Final = "this view takes API tokens of OnCall only, none of a service account; or it is bad"


class GrafanaOnCall(BaseClient):
    """Grafana OnCall.

    Calls are kept to 300 in any minute, which is what the server allows a user; `options.rate_limit` replaces that by
    the limit of your organization, in any window of its `per`.

    Args:
        url: base URL of the engine, to which `/api/v1/` is added.
        token: an API token of Grafana OnCall, or a token of a service account.
        stack_url: URL of the Grafana stack, for tokens of service accounts.
        auth_scheme: a word before the token, such as `Bearer`; engines that are self-hosted take none.
        limit_group: a name for all tokens whose limit is one and the same, as those of one user; clients that share a
            pool and this name share the limit.
        reserve: calls of each window that bulk work leaves to people who wait. Without a reserve a bulk job can use up
            the whole window at once, and a person may have to wait for the next one.
        options: timeouts, retries, limits, hooks.
        pool: connections to share with other clients.

    Raises:
        OptionsError: an argument is missing or wrong.
    """

    alert_groups: ServiceOf[AlertGroups] = ServiceOf("resources.alert_groups:AlertGroups")
    """The alert groups, and what can be done to them."""
    alerts: ServiceOf[Alerts] = ServiceOf("resources.alerts:Alerts")
    """The alerts."""
    paging: ServiceOf[Paging] = ServiceOf("resources.paging:Paging")
    """Paging people directly."""
    users: ServiceOf[Users] = ServiceOf("resources.people:Users")
    """The users."""
    teams: ServiceOf[Teams] = ServiceOf("resources.people:Teams")
    """The teams."""
    schedules: ServiceOf[Schedules] = ServiceOf("resources.schedules:Schedules")
    """The schedules."""
    shifts: ServiceOf[Shifts] = ServiceOf("resources.shifts:Shifts")
    """Who is on call on a schedule over a time."""
    audit: ServiceOf[GrafanaAudit] = ServiceOf("resources.auditing:GrafanaAudit")
    """What is wrong with who is on call."""
    on_call_shifts: ServiceOf[OnCallShifts] = ServiceOf("resources.on_call_shifts:OnCallShifts")
    """The on-call shifts."""
    escalation_chains: ServiceOf[EscalationChains] = ServiceOf("resources.escalation:EscalationChains")
    """The escalation chains."""
    escalation_policies: ServiceOf[EscalationPolicies] = ServiceOf("resources.escalation:EscalationPolicies")
    """The steps of escalation chains."""
    personal_notification_rules: ServiceOf[PersonalNotificationRules] = ServiceOf(
        "resources.notification:PersonalNotificationRules"
    )
    """How users are told."""
    resolution_notes: ServiceOf[ResolutionNotes] = ServiceOf("resources.resolution_notes:ResolutionNotes")
    """What people wrote about alert groups."""
    integrations: ServiceOf[Integrations] = ServiceOf("resources.integrations:Integrations")
    """The integrations."""
    routes: ServiceOf[Routes] = ServiceOf("resources.routes:Routes")
    """The routes of integrations."""
    shift_swaps: ServiceOf[ShiftSwaps] = ServiceOf("resources.shift_swaps:ShiftSwaps")
    """The requests to swap shifts."""
    user_groups: ServiceOf[UserGroups] = ServiceOf("resources.chatops:UserGroups")
    """The user groups of Slack."""
    slack_channels: ServiceOf[SlackChannels] = ServiceOf("resources.chatops:SlackChannels")
    """The channels of Slack."""
    webhooks: ServiceOf[Webhooks] = ServiceOf("resources.webhooks:Webhooks")
    """The outgoing webhooks."""
    actions: ServiceOf[Actions] = ServiceOf("resources.webhooks:Actions")
    """Webhooks in their old form."""
    organizations: ServiceOf[Organizations] = ServiceOf("resources.system:Organizations")
    """The organizations."""
    info: ServiceOf[InfoService] = ServiceOf("resources.system:InfoService")
    """What the engine says of itself."""
    phone: ServiceOf[Phone] = ServiceOf("resources.phone:Phone")
    """Calls and text messages."""

    def __init__(
        self,
        url: str | None,
        token: str | None,
        *,
        stack_url: str | None = None,
        auth_scheme: str | None = None,
        limit_group: str | None = None,
        reserve: int = 0,
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> None:
        credential = secret("token", token)
        is_service_account = credential.startswith(SERVICE_ACCOUNT)
        if is_service_account and stack_url is None:
            raise OptionsError("stack_url", None, "the URL of the Grafana stack: a service account needs it")
        scheme = "" if auth_scheme is None else f"{secret('auth_scheme', auth_scheme)} "
        headers = {"Accept": "application/json", "Authorization": f"{scheme}{credential}"}
        if stack_url is not None:
            headers["X-Grafana-URL"] = base_url("stack_url", stack_url)
        profile = ApiProfile(
            provider="grafana",
            hosts={"api": base_url("url", url or "")},
            headers=headers,
            secrets=(credential,),
            rate_limit_key=credential_key(credential) if limit_group is None else f"group {limit_group}",
            classify=partial(_judged, is_service_account=is_service_account),
            known_limits=_limits,
            unhandled_500_retries=1,
            reserve=count("reserve", reserve, least=0, most=LIMITS[USER].calls),
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
        """Return a client from `GRAFANA_ONCALL_URL`, `GRAFANA_ONCALL_ACCESS_TOKEN` and, if it is set, `GRAFANA_URL`.

        Args:
            env: where to read them, instead of the process's environment.
            options: as for the class.
            pool: as for the class.

        Raises:
            OptionsError: the URL or the token is missing or wrong.
        """
        source = os.environ if env is None else env
        url, token = required(source, "GRAFANA_ONCALL_URL", "GRAFANA_ONCALL_ACCESS_TOKEN")
        return cls(url, token, stack_url=source.get("GRAFANA_URL") or None, options=options, pool=pool)

    async def who_is_on_call(
        self, *, team: str | None = None, schedule: str | None = None, at: datetime | None = None
    ) -> OnCall:
        """Return who is on call, who was before, and who comes next; within 31 days.

        For a team it is whoever is on call by any of its schedules.

        Args:
            team: the id of a team.
            schedule: the id of a schedule, instead of a team.
            at: an aware datetime; now unless given.

        Raises:
            OptionsError: not exactly one of team and schedule, or a naive `at`.
            NotFound: there is no such team or schedule.
        """
        from aiooncall.grafana.who_is_on_call import who_is_on_call

        return await who_is_on_call(self._core, team=team, schedule=schedule, at=at)


def _limits(rate: CallRate | None) -> Mapping[str, CallRate]:
    """Return the limits by bucket, with the user's own in place of the usual one."""
    return {**LIMITS, USER: rate or LIMITS[USER]}


def _judged(
    endpoint: Endpoint, status: int, reasons: tuple[str, ...], *, is_service_account: bool
) -> tuple[type[ApiError], tuple[str, ...]]:
    """Return the class of an error and its reasons: here bad credentials are a 403, as missing permissions are.

    A view that knows no service accounts calls their tokens bad, even good ones.
    """
    kind = api_error_class(status)
    if kind is not Forbidden or BAD_TOKEN not in {reason.rstrip(".") for reason in reasons}:
        return kind, reasons
    if is_service_account and endpoint.template.split("/")[3] in TOKENS_ONLY:
        return Forbidden, (*reasons, NOT_FOR_SERVICE_ACCOUNTS)
    return Unauthorized, reasons
