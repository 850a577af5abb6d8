"""Escalation policies: create, get, update, delete (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from aiooncall.datadog.includes import PolicyInclude
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.requests.policy import policy_request
from aiooncall.datadog.service import Collection
from aiooncall.endpoints import crud

ENDPOINTS = crud("/api/v2/on-call/escalation-policies", "policy_id")


class EscalationPolicies(Collection[EscalationPolicy]):
    """The escalation policies of one Datadog account. Datadog has no list of them."""

    _kind = EscalationPolicy
    _endpoints = ENDPOINTS
    _includes = PolicyInclude
    _request = staticmethod(policy_request)
