"""Reading, on request, what an answer only refers to."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeVar

from aiooncall.client.composite import Bounds
from aiooncall.client.gather import read_all
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.models.routing import RoutingRules
from aiooncall.datadog.models.schedule import Schedule
from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
from aiooncall.datadog.resources.includes import PolicyInclude, RoutingInclude, ScheduleInclude
from aiooncall.datadog.resources.routing_rules import TeamRoutingRules
from aiooncall.datadog.resources.schedules import Schedules
from aiooncall.jsonapi import Resource, merge, missing_references

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiooncall.client.core import ApiCore

R = TypeVar("R", bound=Resource)
Source = tuple[type[Resource], str]


async def hydrate(core: ApiCore, resource: R) -> R:
    """Return a copy of `resource` with what it refers to filled in; what is gone stays a reference."""
    readers = _readers(core)
    filled = copy.deepcopy(resource)
    asked: set[Source] = set()

    async def read(source: Source) -> Resource:
        kind, name = source
        return await readers[kind](name)

    bounds = Bounds("hydrate")
    with core.one_deadline():
        while wanted := [source for source in missing_references(filled, readers, KINDS) if source not in asked]:
            bounds.go_deeper(len(wanted))
            asked.update(wanted)
            found = await read_all(wanted, read, skip_missing=True)
            merge(filled, found.values(), KINDS)
    return filled


def _readers(core: ApiCore) -> Mapping[type[Resource], Callable[[str], Awaitable[Resource]]]:
    return {
        EscalationPolicy: lambda name: EscalationPolicies(core).get(name, include=PolicyInclude),
        Schedule: lambda name: Schedules(core).get(name, include=ScheduleInclude),
        RoutingRules: lambda name: TeamRoutingRules(core).get(name, include=RoutingInclude),
    }
