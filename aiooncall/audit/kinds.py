"""What can be wrong, how bad each kind is, and what to do about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class FindingKind(StrEnum):
    """What can be wrong."""

    GAP = "gap"
    """Nobody is on call on a schedule."""
    PERSON_DISABLED = "person_disabled"
    """Somebody who left, or whose account or role is never notified, is on a schedule or in a step."""
    PERSON_PENDING = "person_pending"
    """Somebody who has never signed in is on a schedule or in a step."""
    NO_NOTIFICATION_RULE = "no_notification_rule"
    """Pages of an urgency reach somebody who has no notification rule for it."""
    STEP_REACHES_NOBODY = "step_reaches_nobody"
    """A step of an escalation policy reaches nobody at any time."""
    POLICY_NOT_ROUTED = "policy_not_routed"
    """No routing rule leads to an escalation policy."""
    NO_CATCH_ALL = "no_catch_all"
    """No routing rule of a team pages for whatever the others leave."""
    LONG_STRETCH = "long_stretch"
    """One person is on call on a schedule for too long without a break."""
    SCHEDULE_ENDS = "schedule_ends"
    """The last rotation of a schedule comes to an end, or has done so."""
    NOT_COMPUTED = "not_computed"
    """Who is on call on a schedule cannot be computed here."""
    NOT_ALLOWED = "not_allowed"
    """The credentials may not read what would have to be looked at."""


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    """A page can reach nobody."""
    WARNING = "warning"
    """A page reaches fewer people than it seems, or will reach nobody later."""
    INFO = "info"
    """Pages are not hindered, or nothing could be seen."""


class PlaceKind(StrEnum):
    """What a finding is about."""

    ACCOUNT = "account"
    TEAM = "team"
    INTEGRATION = "integration"
    POLICY = "escalation policy"
    STEP = "step"
    SCHEDULE = "schedule"
    PERSON = "person"


SEVERITIES: Final[Mapping[FindingKind, Severity]] = {
    FindingKind.GAP: Severity.CRITICAL,
    FindingKind.PERSON_DISABLED: Severity.CRITICAL,
    FindingKind.PERSON_PENDING: Severity.WARNING,
    FindingKind.NO_NOTIFICATION_RULE: Severity.CRITICAL,
    FindingKind.STEP_REACHES_NOBODY: Severity.CRITICAL,
    FindingKind.POLICY_NOT_ROUTED: Severity.WARNING,
    FindingKind.NO_CATCH_ALL: Severity.CRITICAL,
    FindingKind.LONG_STRETCH: Severity.INFO,
    FindingKind.SCHEDULE_ENDS: Severity.WARNING,
    FindingKind.NOT_COMPUTED: Severity.WARNING,
    FindingKind.NOT_ALLOWED: Severity.INFO,
}
"""How bad each kind is."""

ADVICE: Final[Mapping[FindingKind, str]] = {
    FindingKind.GAP: "Add a layer or an override for these times, or a later step that reaches somebody then.",
    FindingKind.PERSON_DISABLED: "Put somebody else in this place, on each schedule and in each step.",
    FindingKind.PERSON_PENDING: "Have them accept the invitation, or put somebody else in this place.",
    FindingKind.NO_NOTIFICATION_RULE: "Have them add a notification rule for this urgency, with a channel that works.",
    FindingKind.STEP_REACHES_NOBODY: "Give the step a target that reaches somebody, or take the step away.",
    FindingKind.POLICY_NOT_ROUTED: "Lead a routing rule to the policy, or delete it.",
    FindingKind.NO_CATCH_ALL: "Add a last routing rule without a query and without hours that leads to a policy.",
    FindingKind.LONG_STRETCH: "Let somebody else take a part of this time.",
    FindingKind.SCHEDULE_ENDS: "Add a layer that goes on from there, or delete the schedule if it has served its time.",
    FindingKind.NOT_COMPUTED: "Look at the schedule in the provider's own pages: who is on call is not known here.",
    FindingKind.NOT_ALLOWED: "Run the audit with credentials that may read it, or leave this kind out.",
}
"""What to do about each kind."""
