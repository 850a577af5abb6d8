"""Small documents of escalation policies, to be linked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.datadog import EscalationPolicy
from tests.support.graphs import Case

if TYPE_CHECKING:
    from aiooncall.jsonapi import Graph

Json = dict[str, Any]

USER: Final = {"type": "users", "id": "u"}
OTHER: Final = {"type": "users", "id": "v"}


def to(kind: str, *ids: str) -> Json:
    """Return a relationship to several resources of a kind."""
    return {"data": [{"type": kind, "id": name} for name in ids]}


def policy(*steps: str, **members: Any) -> Json:
    """Return a policy with references to steps."""
    links = {"steps": to("steps", *steps)}
    return {"type": "policies", "id": "p", "attributes": {"name": "Nights"}, "relationships": links, **members}


def step(name: str, *targets: Json, **attributes: Any) -> Json:
    """Return a step with references to targets."""
    links = {"targets": {"data": list(targets)}}
    return {"type": "steps", "id": name, "attributes": attributes, "relationships": links}


def linked(*included: Json, data: Json | list[Json] | None = None) -> Graph[Any]:
    """Return the graph of a policy, and of what came with it."""
    return Case(EscalationPolicy, {"data": data or policy("s"), "included": list(included)}).link()
