"""Escalation policies: create, get, list, update, delete (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall.client.composite import composite
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.previews.policies import PolicyPreview
from aiooncall.datadog.previews.timelines import timelines
from aiooncall.datadog.resources.base import Collection
from aiooncall.datadog.resources.includes import PolicyInclude, include_query
from aiooncall.datadog.resources.listing import numbered
from aiooncall.datadog.walking import Walk
from aiooncall.datadog.writing.policy import policy_request
from aiooncall.transport.crud import crud

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

ENDPOINTS = crud("/api/v2/on-call/escalation-policies", "policy_id")

LARGEST_PAGE: Final = 100
"""Rows in one request at most. The bound of this list is not documented; other lists of On-Call have this one."""


class EscalationPolicies(Collection[EscalationPolicy]):
    """The escalation policies of one Datadog account."""

    _kind = EscalationPolicy
    _endpoints = ENDPOINTS
    _includes = PolicyInclude
    _request = staticmethod(policy_request)

    @composite
    async def preview(self, edited: EscalationPolicy, *, at: datetime | None = None) -> PolicyPreview:
        """Return whom a page would reach by an edited policy, and whom by the present one; nothing is written.

        It takes one request for the policy as it is, two for each team among the targets, and one for each schedule,
        and one more each time that its shift ends meanwhile. Names of users that neither the policy nor the edit tells
        are looked for in the list of users.

        Args:
            edited: the policy as `update` would take it, with its id.
            at: when the page begins, an aware datetime; now unless given.

        Raises:
            OptionsError: `at` is naive, or something about the policy is wrong; nothing was sent.
            LinkError: a step was not included when it was read.
            NotFound: there is no such policy.
        """
        begins = self._core.instant("at", at)
        self._written(edited)
        read = partial(self.get, include=PolicyInclude)
        both = (await read(edited.id), edited)
        before, after = await timelines(self._core, Walk(self._core, read, "preview"), both, begins)
        return PolicyPreview(at=begins, before=before, after=after)

    def list(self, *, page_size: int = LARGEST_PAGE, include: Iterable[str] = ()) -> AsyncIterator[EscalationPolicy]:
        """Yield policies by name as they are read, request by request.

        Args:
            page_size: rows in one request, at most 100.
            include: what the answers bring along, as for one policy.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
        """
        query = include_query(include, PolicyInclude)
        return numbered(
            self._core, ENDPOINTS.list, kind=EscalationPolicy, query=query, size=page_size, most=LARGEST_PAGE
        )
