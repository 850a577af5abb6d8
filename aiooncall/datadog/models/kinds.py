"""Which class stands for which type of resource in Datadog's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.datadog.models.notification import NotificationChannel, NotificationRule
from aiooncall.datadog.models.on_call import Escalation, ScheduleResponder, Shift
from aiooncall.datadog.models.override import Override
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationPolicy, EscalationStep
from aiooncall.datadog.models.routing import RoutingRule
from aiooncall.datadog.models.schedule import Layer, Member, Schedule, ScheduleTarget

if TYPE_CHECKING:
    from aiooncall.jsonapi import Resource

_CLASSES: Final[tuple[type[Resource], ...]] = (
    Escalation,
    EscalationPolicy,
    EscalationStep,
    Layer,
    Member,
    NotificationChannel,
    NotificationRule,
    Override,
    RoutingRule,
    Schedule,
    ScheduleResponder,
    ScheduleTarget,
    Shift,
    Team,
    User,
)
KINDS: Final[dict[str, type[Resource]]] = {kind.type: kind for kind in _CLASSES}
"""The classes of what can be included. The type of a team's routing rules is that of each rule, too."""
