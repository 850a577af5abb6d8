"""Escalation chains, and their steps, which Grafana calls escalation policies.

https://grafana.com/docs/oncall/latest/oncall-api-reference/escalation_policies/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import at_most, ids_of, needs, number, whole_units
from aiooncall.client.composite import composite
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.chain import ChainWithSteps
from aiooncall.grafana.models.escalation import (
    ContinueAtTimeStep,
    DeclareIncidentStep,
    EscalationChain,
    EscalationPolicy,
    NotifyNextPersonStep,
    NotifyPersonsStep,
    NotifyScheduleStep,
    NotifyTeamStep,
    NotifyUserGroupStep,
    WaitStep,
)
from aiooncall.grafana.resources.base import LARGEST_PAGE, Collection, TeamCollection, pairs
from aiooncall.grafana.resources.chain_names import names_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall._base.json import Json
    from aiooncall._base.unset import Omittable
    from aiooncall.transport.endpoint import Endpoint

CHAINS = crud("/api/v1/escalation_chains/", "chain_id")
POLICIES = crud("/api/v1/escalation_policies/", "policy_id")

LONGEST_NAME: Final = 100
LONGEST_SEVERITY: Final = 512
SHORTEST_WAIT: Final = 60
LONGEST_WAIT: Final = 86_400
"""Bounds of grafana/oncall, engine/apps/public_api/serializers/escalation_policies.py; waits in seconds."""
NEVER_IMPORTANT: Final = "False: the engine hides an important step of this kind, and notifies by it all the same"
_KEPT: Final[dict[str, str]] = dict.fromkeys(
    (
        "duration", "notify_on_call_from_schedule", "group_to_notify", "team_to_notify", "webhook_id",
        "notify_if_time_from", "notify_if_time_to",
    ),
    "a value: a step cannot lose what it has here",
)  # fmt: skip
"""Fields that a step can lack, but that cannot be cleared."""
_WRITTEN: Final = frozenset({*_KEPT, "action_to_trigger"})
"""The same by their names on the wire."""
_WITH_IMPORTANT: Final = (NotifyPersonsStep, NotifyScheduleStep, NotifyUserGroupStep, NotifyTeamStep)
"""Kinds of steps that the engine has an important kind of, too."""
_is_time_of_day = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII).fullmatch


class EscalationChains(TeamCollection[EscalationChain]):
    """The escalation chains of one Grafana OnCall."""

    _kind = EscalationChain
    _endpoints = CHAINS

    @composite
    async def with_steps(self, chain_id: str) -> ChainWithSteps:
        """Return a chain with its steps, and what those whom they tell are called; it can be drawn.

        It takes a request for the chain, one for each hundred steps, and one for each user, schedule, team and webhook
        in them, all at once; then one for each hundred user groups, if a step tells one.

        Args:
            chain_id: the chain.

        Raises:
            NotFound: there is no such chain.
        """
        chain = await self.get(chain_id)
        found = EscalationPolicies(self._core).list(escalation_chain_id=chain.id)
        steps = tuple([step async for step in found])
        return ChainWithSteps(chain=chain, steps=steps, names=await names_of(self._core, chain, steps))

    def _check(self, resource: EscalationChain, *, new: bool) -> None:
        if new:
            needs(resource, "name")
        at_most("name", resource.name, LONGEST_NAME)


class EscalationPolicies(Collection[EscalationPolicy]):
    """The steps of all escalation chains of one Grafana OnCall."""

    _kind = EscalationPolicy
    _endpoints = POLICIES

    def list(
        self, *, escalation_chain_id: str | None = None, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[EscalationPolicy]:
        """Yield steps as they are read, those of one chain in their order.

        Args:
            escalation_chain_id: only those of a chain.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(escalation_chain_id=escalation_chain_id), page_size=page_size)

    @composite
    async def _change(self, endpoint: Endpoint, resource: EscalationPolicy) -> EscalationPolicy:
        self._check(self._checked(resource), new=False)
        resource = await self._without_nothing(resource, _KEPT)
        if isinstance(resource, _WITH_IMPORTANT) and resource.important is UNSET and resource.id:
            # The server takes a kind of step without `important` for the one that is not.
            known = await self.get(resource.id)
            unnamed = known.extra.get("important", UNSET)
            resource = attrs.evolve(resource, important=getattr(known, "important", unnamed))
        return await super()._change(endpoint, resource)

    def _body(self, resource: EscalationPolicy, *, new: bool) -> Json:
        body = super()._body(resource, new=new)
        if new:  # the engine shows null for what a step lacks, and takes a new one only without it
            return {name: value for name, value in body.items() if value is not None or name not in _WRITTEN}
        return body

    def _check(self, resource: EscalationPolicy, *, new: bool) -> None:
        if new:
            needs(resource, "escalation_chain_id")
        number("position", resource.position, 0)
        match resource:
            case WaitStep(duration=length) if length is not UNSET and length is not None:
                whole_units("duration", length, 1, SHORTEST_WAIT, LONGEST_WAIT)
            case NotifyPersonsStep():
                ids_of("persons_to_notify", resource.persons_to_notify)
            case NotifyNextPersonStep():
                if resource.important is not UNSET and resource.important is not False:
                    raise OptionsError("important", resource.important, NEVER_IMPORTANT)
                ids_of("persons_to_notify_next_each_time", resource.persons_to_notify_next_each_time)
            case ContinueAtTimeStep():
                _time_of_day("notify_if_time_from", resource.notify_if_time_from)
                _time_of_day("notify_if_time_to", resource.notify_if_time_to)
            case DeclareIncidentStep():
                at_most("severity", resource.severity, LONGEST_SEVERITY)
            case _:
                pass


def _time_of_day(field: str, value: Omittable[str]) -> None:
    if value is UNSET or value is None:
        return
    if not isinstance(value, str) or not _is_time_of_day(value):
        raise OptionsError(field, value, "a time of day in UTC, such as '09:00:00Z', or a datetime.time")
