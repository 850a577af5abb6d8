"""Escalation policies: create, get, list, update, delete (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.resources.base import Collection
from aiooncall.datadog.resources.includes import PolicyInclude, include_query
from aiooncall.datadog.resources.listing import numbered
from aiooncall.datadog.writing.policy import policy_request
from aiooncall.transport.crud import crud

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

ENDPOINTS = crud("/api/v2/on-call/escalation-policies", "policy_id")

LARGEST_PAGE: Final = 100
"""Rows in one request at most. The bound of this list is not documented; other lists of On-Call have this one."""


class EscalationPolicies(Collection[EscalationPolicy]):
    """The escalation policies of one Datadog account."""

    _kind = EscalationPolicy
    _endpoints = ENDPOINTS
    _includes = PolicyInclude
    _request = staticmethod(policy_request)

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
