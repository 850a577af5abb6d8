"""Grafana OnCall: the client, and what its answers and requests consist of."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.grafana.client import GrafanaOnCall as GrafanaOnCall
    from aiooncall.grafana.models.alert_group import Alert as Alert
    from aiooncall.grafana.models.alert_group import AlertGroup as AlertGroup
    from aiooncall.grafana.models.alert_group import AlertGroupState as AlertGroupState
    from aiooncall.grafana.models.alert_group import DeleteMode as DeleteMode
    from aiooncall.grafana.models.alert_group import Label as Label
    from aiooncall.grafana.models.alert_group import LabelPart as LabelPart
    from aiooncall.grafana.models.alert_group import Permalinks as Permalinks
    from aiooncall.grafana.models.chain import ChainWithSteps as ChainWithSteps
    from aiooncall.grafana.models.escalation import ContinueAtTimeStep as ContinueAtTimeStep
    from aiooncall.grafana.models.escalation import ContinueOnAlertsStep as ContinueOnAlertsStep
    from aiooncall.grafana.models.escalation import DeclareIncidentStep as DeclareIncidentStep
    from aiooncall.grafana.models.escalation import EscalationChain as EscalationChain
    from aiooncall.grafana.models.escalation import EscalationPolicy as EscalationPolicy
    from aiooncall.grafana.models.escalation import NotifyChannelStep as NotifyChannelStep
    from aiooncall.grafana.models.escalation import NotifyNextPersonStep as NotifyNextPersonStep
    from aiooncall.grafana.models.escalation import NotifyPersonsStep as NotifyPersonsStep
    from aiooncall.grafana.models.escalation import NotifyScheduleStep as NotifyScheduleStep
    from aiooncall.grafana.models.escalation import NotifyTeamStep as NotifyTeamStep
    from aiooncall.grafana.models.escalation import NotifyUserGroupStep as NotifyUserGroupStep
    from aiooncall.grafana.models.escalation import RepeatStep as RepeatStep
    from aiooncall.grafana.models.escalation import ResolveStep as ResolveStep
    from aiooncall.grafana.models.escalation import TriggerWebhookStep as TriggerWebhookStep
    from aiooncall.grafana.models.escalation import UnknownStep as UnknownStep
    from aiooncall.grafana.models.escalation import WaitStep as WaitStep
    from aiooncall.grafana.models.integration import BackendRouting as BackendRouting
    from aiooncall.grafana.models.integration import DefaultRoute as DefaultRoute
    from aiooncall.grafana.models.integration import Heartbeat as Heartbeat
    from aiooncall.grafana.models.integration import Integration as Integration
    from aiooncall.grafana.models.integration import MaintenanceMode as MaintenanceMode
    from aiooncall.grafana.models.integration import Route as Route
    from aiooncall.grafana.models.integration import RoutingType as RoutingType
    from aiooncall.grafana.models.integration import SlackRouting as SlackRouting
    from aiooncall.grafana.models.integration import Template as Template
    from aiooncall.grafana.models.integration import Templates as Templates
    from aiooncall.grafana.models.notification import PersonalNotificationRule as PersonalNotificationRule
    from aiooncall.grafana.models.notification import ResolutionNote as ResolutionNote
    from aiooncall.grafana.models.notification import RuleType as RuleType
    from aiooncall.grafana.models.on_call_shift import Frequency as Frequency
    from aiooncall.grafana.models.on_call_shift import OnCallShift as OnCallShift
    from aiooncall.grafana.models.on_call_shift import ShiftType as ShiftType
    from aiooncall.grafana.models.on_call_shift import WeekDay as WeekDay
    from aiooncall.grafana.models.paging import PagedGroup as PagedGroup
    from aiooncall.grafana.models.paging import PagedUser as PagedUser
    from aiooncall.grafana.models.people import Info as Info
    from aiooncall.grafana.models.people import Organization as Organization
    from aiooncall.grafana.models.people import SlackChannel as SlackChannel
    from aiooncall.grafana.models.people import SlackGroup as SlackGroup
    from aiooncall.grafana.models.people import SlackIdentity as SlackIdentity
    from aiooncall.grafana.models.people import Team as Team
    from aiooncall.grafana.models.people import User as User
    from aiooncall.grafana.models.people import UserGroup as UserGroup
    from aiooncall.grafana.models.people import UserRole as UserRole
    from aiooncall.grafana.models.schedule import CalendarSchedule as CalendarSchedule
    from aiooncall.grafana.models.schedule import FinalShift as FinalShift
    from aiooncall.grafana.models.schedule import ICalSchedule as ICalSchedule
    from aiooncall.grafana.models.schedule import Schedule as Schedule
    from aiooncall.grafana.models.schedule import SlackSettings as SlackSettings
    from aiooncall.grafana.models.schedule import UnknownSchedule as UnknownSchedule
    from aiooncall.grafana.models.schedule import WebSchedule as WebSchedule
    from aiooncall.grafana.models.swap import ShiftSwap as ShiftSwap
    from aiooncall.grafana.models.swap import SwapStatus as SwapStatus
    from aiooncall.grafana.models.webhook import Action as Action
    from aiooncall.grafana.models.webhook import TriggerType as TriggerType
    from aiooncall.grafana.models.webhook import Webhook as Webhook
    from aiooncall.grafana.models.webhook import WebhookResponse as WebhookResponse
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
