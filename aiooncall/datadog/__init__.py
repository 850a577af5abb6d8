"""Datadog On-Call: the client, and what its answers and requests consist of."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.datadog.client import DatadogOnCall as DatadogOnCall
    from aiooncall.datadog.models.alert import AlertLink as AlertLink
    from aiooncall.datadog.models.alert import AlertLinkCategory as AlertLinkCategory
    from aiooncall.datadog.models.notification import ChannelConfig as ChannelConfig
    from aiooncall.datadog.models.notification import EmailConfig as EmailConfig
    from aiooncall.datadog.models.notification import EmailFormat as EmailFormat
    from aiooncall.datadog.models.notification import NotificationCategory as NotificationCategory
    from aiooncall.datadog.models.notification import NotificationChannel as NotificationChannel
    from aiooncall.datadog.models.notification import NotificationRule as NotificationRule
    from aiooncall.datadog.models.notification import PhoneConfig as PhoneConfig
    from aiooncall.datadog.models.notification import PhoneMethod as PhoneMethod
    from aiooncall.datadog.models.notification import PhoneSettings as PhoneSettings
    from aiooncall.datadog.models.notification import PushConfig as PushConfig
    from aiooncall.datadog.models.on_call import Escalation as Escalation
    from aiooncall.datadog.models.on_call import ScheduleResponder as ScheduleResponder
    from aiooncall.datadog.models.on_call import ScheduleResponders as ScheduleResponders
    from aiooncall.datadog.models.on_call import Shift as Shift
    from aiooncall.datadog.models.on_call import TeamOnCall as TeamOnCall
    from aiooncall.datadog.models.override import Override as Override
    from aiooncall.datadog.models.page import CreatedPage as CreatedPage
    from aiooncall.datadog.models.page import Page as Page
    from aiooncall.datadog.models.page import PageSort as PageSort
    from aiooncall.datadog.models.page import PageStatus as PageStatus
    from aiooncall.datadog.models.page import ReleaseOrigin as ReleaseOrigin
    from aiooncall.datadog.models.page import Target as Target
    from aiooncall.datadog.models.page import TeamHandle as TeamHandle
    from aiooncall.datadog.models.page import TeamId as TeamId
    from aiooncall.datadog.models.page import Urgency as Urgency
    from aiooncall.datadog.models.page import UserId as UserId
    from aiooncall.datadog.models.pagerduty import PagerDutyService as PagerDutyService
    from aiooncall.datadog.models.people import Team as Team
    from aiooncall.datadog.models.people import User as User
    from aiooncall.datadog.models.people import UserStatus as UserStatus
    from aiooncall.datadog.models.policy import Assignment as Assignment
    from aiooncall.datadog.models.policy import EscalationPolicy as EscalationPolicy
    from aiooncall.datadog.models.policy import EscalationStep as EscalationStep
    from aiooncall.datadog.models.policy import StepTarget as StepTarget
    from aiooncall.datadog.models.restriction import TimeRestriction as TimeRestriction
    from aiooncall.datadog.models.restriction import TimeRestrictions as TimeRestrictions
    from aiooncall.datadog.models.restriction import Weekday as Weekday
    from aiooncall.datadog.models.routing import EscalationPolicyAction as EscalationPolicyAction
    from aiooncall.datadog.models.routing import RerouteToTeamAction as RerouteToTeamAction
    from aiooncall.datadog.models.routing import RoutingAction as RoutingAction
    from aiooncall.datadog.models.routing import RoutingRule as RoutingRule
    from aiooncall.datadog.models.routing import RoutingRules as RoutingRules
    from aiooncall.datadog.models.routing import RoutingUrgency as RoutingUrgency
    from aiooncall.datadog.models.routing import SlackMessageAction as SlackMessageAction
    from aiooncall.datadog.models.routing import TeamsMessageAction as TeamsMessageAction
    from aiooncall.datadog.models.routing import WorkflowAction as WorkflowAction
    from aiooncall.datadog.models.schedule import Interval as Interval
    from aiooncall.datadog.models.schedule import Layer as Layer
    from aiooncall.datadog.models.schedule import Member as Member
    from aiooncall.datadog.models.schedule import Schedule as Schedule
    from aiooncall.datadog.models.schedule import SchedulePosition as SchedulePosition
    from aiooncall.datadog.models.schedule import ScheduleTarget as ScheduleTarget
    from aiooncall.datadog.models.variant import UnknownVariant as UnknownVariant
    from aiooncall.datadog.previews.moves import RotationMove as RotationMove
    from aiooncall.datadog.previews.policies import EscalationChange as EscalationChange
    from aiooncall.datadog.previews.policies import PolicyPreview as PolicyPreview
    from aiooncall.datadog.previews.rules import RoutingPreview as RoutingPreview
    from aiooncall.datadog.previews.rules import RuleTimeline as RuleTimeline
    from aiooncall.datadog.previews.schedules import SchedulePreview as SchedulePreview
    from aiooncall.datadog.previews.timelines import EscalationTimeline as EscalationTimeline
    from aiooncall.datadog.previews.timelines import ReachedTarget as ReachedTarget
    from aiooncall.datadog.previews.timelines import TimelineStep as TimelineStep
    from aiooncall.datadog.resources.includes import NotificationRuleInclude as NotificationRuleInclude
    from aiooncall.datadog.resources.includes import OverrideInclude as OverrideInclude
    from aiooncall.datadog.resources.includes import PolicyInclude as PolicyInclude
    from aiooncall.datadog.resources.includes import RespondersInclude as RespondersInclude
    from aiooncall.datadog.resources.includes import RoutingInclude as RoutingInclude
    from aiooncall.datadog.resources.includes import ScheduleInclude as ScheduleInclude
    from aiooncall.datadog.resources.includes import ShiftInclude as ShiftInclude
    from aiooncall.datadog.resources.includes import TeamOnCallInclude as TeamOnCallInclude
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
