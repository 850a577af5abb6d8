"""The services of the Grafana client; each is imported when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from aiooncall.client.base import BaseClient

if TYPE_CHECKING:
    from aiooncall.grafana.resources.alert_groups import AlertGroups
    from aiooncall.grafana.resources.alerts import Alerts
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
    from aiooncall.grafana.resources.system import InfoService, Organizations
    from aiooncall.grafana.resources.webhooks import Actions, Webhooks


class Services(BaseClient):
    """What a client of Grafana OnCall can do."""

    @cached_property
    def alert_groups(self) -> AlertGroups:
        """The alert groups, and what can be done to them."""
        from aiooncall.grafana.resources.alert_groups import AlertGroups

        return AlertGroups(self)

    @cached_property
    def alerts(self) -> Alerts:
        """The alerts."""
        from aiooncall.grafana.resources.alerts import Alerts

        return Alerts(self)

    @cached_property
    def paging(self) -> Paging:
        """Paging people directly."""
        from aiooncall.grafana.resources.paging import Paging

        return Paging(self, self.alert_groups)

    @cached_property
    def users(self) -> Users:
        """The users."""
        from aiooncall.grafana.resources.people import Users

        return Users(self)

    @cached_property
    def teams(self) -> Teams:
        """The teams."""
        from aiooncall.grafana.resources.people import Teams

        return Teams(self)

    @cached_property
    def schedules(self) -> Schedules:
        """The schedules."""
        from aiooncall.grafana.resources.schedules import Schedules

        return Schedules(self)

    @cached_property
    def on_call_shifts(self) -> OnCallShifts:
        """The on-call shifts."""
        from aiooncall.grafana.resources.on_call_shifts import OnCallShifts

        return OnCallShifts(self)

    @cached_property
    def escalation_chains(self) -> EscalationChains:
        """The escalation chains."""
        from aiooncall.grafana.resources.escalation import EscalationChains

        return EscalationChains(self)

    @cached_property
    def escalation_policies(self) -> EscalationPolicies:
        """The steps of escalation chains."""
        from aiooncall.grafana.resources.escalation import EscalationPolicies

        return EscalationPolicies(self)

    @cached_property
    def personal_notification_rules(self) -> PersonalNotificationRules:
        """How users are told."""
        from aiooncall.grafana.resources.notification import PersonalNotificationRules

        return PersonalNotificationRules(self)

    @cached_property
    def resolution_notes(self) -> ResolutionNotes:
        """What people wrote about alert groups."""
        from aiooncall.grafana.resources.resolution_notes import ResolutionNotes

        return ResolutionNotes(self)

    @cached_property
    def integrations(self) -> Integrations:
        """The integrations."""
        from aiooncall.grafana.resources.integrations import Integrations

        return Integrations(self)

    @cached_property
    def routes(self) -> Routes:
        """The routes of integrations."""
        from aiooncall.grafana.resources.routes import Routes

        return Routes(self)

    @cached_property
    def shift_swaps(self) -> ShiftSwaps:
        """The requests to swap shifts."""
        from aiooncall.grafana.resources.shift_swaps import ShiftSwaps

        return ShiftSwaps(self)

    @cached_property
    def user_groups(self) -> UserGroups:
        """The user groups of Slack."""
        from aiooncall.grafana.resources.chatops import UserGroups

        return UserGroups(self)

    @cached_property
    def slack_channels(self) -> SlackChannels:
        """The channels of Slack."""
        from aiooncall.grafana.resources.chatops import SlackChannels

        return SlackChannels(self)

    @cached_property
    def webhooks(self) -> Webhooks:
        """The outgoing webhooks."""
        from aiooncall.grafana.resources.webhooks import Webhooks

        return Webhooks(self)

    @cached_property
    def actions(self) -> Actions:
        """Webhooks in their old form."""
        from aiooncall.grafana.resources.webhooks import Actions

        return Actions(self)

    @cached_property
    def organizations(self) -> Organizations:
        """The organizations."""
        from aiooncall.grafana.resources.system import Organizations

        return Organizations(self)

    @cached_property
    def info(self) -> InfoService:
        """What the engine says of itself."""
        from aiooncall.grafana.resources.system import InfoService

        return InfoService(self)

    @cached_property
    def phone(self) -> Phone:
        """Calls and text messages."""
        from aiooncall.grafana.resources.phone import Phone

        return Phone(self)
