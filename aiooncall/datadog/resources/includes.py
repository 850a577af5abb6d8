"""What can be asked for along with a resource, by what is asked (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from aiooncall.errors import OptionsError


class PolicyInclude(StrEnum):
    """What can come with an escalation policy."""

    TEAMS = "teams"
    STEPS = "steps"
    STEPS_TARGETS = "steps.targets"


class ScheduleInclude(StrEnum):
    """What can come with a schedule; with a list of schedules only the teams."""

    TEAMS = "teams"
    LAYERS = "layers"
    LAYERS_MEMBERS = "layers.members"
    LAYERS_MEMBERS_USER = "layers.members.user"


class OverrideInclude(StrEnum):
    """What can come with an override."""

    USER = "user"
    OVERRIDDEN_USER = "overridden_user"
    USER_COLOR = "user.color"


WITH_LAYERS: Final = (ScheduleInclude.LAYERS, ScheduleInclude.LAYERS_MEMBERS, ScheduleInclude.LAYERS_MEMBERS_USER)
"""What of a schedule says who is on call."""
WITH_PEOPLE: Final = (OverrideInclude.USER, OverrideInclude.OVERRIDDEN_USER)
"""What of an override says who is on call."""


class ShiftInclude(StrEnum):
    """What can come with a shift."""

    USER = "user"


class RespondersInclude(StrEnum):
    """What can come with a schedule's responders."""

    SCHEDULE = "schedule"
    RESPONDERS = "responders"
    RESPONDERS_SHIFTS = "responders.shifts"
    RESPONDERS_SHIFTS_USER = "responders.shifts.user"


class RoutingInclude(StrEnum):
    """What can come with a team's routing rules."""

    RULES = "rules"
    RULES_POLICY = "rules.policy"


class TeamOnCallInclude(StrEnum):
    """What can come with a team's on-call users."""

    RESPONDERS = "responders"
    ESCALATIONS = "escalations"
    ESCALATIONS_RESPONDERS = "escalations.responders"


class NotificationRuleInclude(StrEnum):
    """What can come with a notification rule."""

    CHANNEL = "channel"


def included(include: Iterable[str], allowed: Iterable[str]) -> tuple[str, ...]:
    """Return the values of `include`, each once.

    Raises:
        OptionsError: a value is not allowed there.
    """
    known = tuple(allowed)
    wanted = f"a tuple of {', '.join(map(repr, map(str, known)))}" if known else "nothing: there is nothing to include"
    if isinstance(include, str) or not isinstance(include, Iterable):
        raise OptionsError("include", include, wanted)
    values = tuple(include)
    for value in values:
        if value not in known:
            raise OptionsError("include", value, wanted)
    return tuple(dict.fromkeys(values))


def include_query(include: Iterable[str], allowed: Iterable[str]) -> dict[str, str]:
    """Return the query for `include`, each value once.

    Raises:
        OptionsError: a value is not allowed there.
    """
    values = included(include, allowed)
    return {"include": ",".join(values)} if values else {}
