"""The list of escalation policies, in slices.

https://docs.datadoghq.com/api/latest/on-call/list-on-call-escalation-policies/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.config_routes import POLICIES, POLICY_INCLUDES
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import meta_page
from aiooncall.simulator.datadog.policy_json import policy_resources
from aiooncall.simulator.datadog.slices import read_slice

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.routing import Answer, Call, Router

_MAX_SIZE: Final = 100  # undocumented; that of the list of schedules


class PolicyList:
    """Shows the policies by name."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._policies = world.policies
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("GET", POLICIES, self._list)

    def _list(self, call: Call) -> Answer:
        include = read_include(call.query, POLICY_INCLUDES)
        part = read_slice(call.query, _MAX_SIZE)
        known = sorted(self._policies, key=_name)
        shown = [policy_resources(policy) for policy in part.of(known)]
        rows, parts = [policy for policy, *_ in shown], [one for _, *parts in shown for one in parts]
        meta = {"page": meta_page(len(known), *part)}
        return self._envelope.answer(200, rows, include, parts=parts, meta=meta)


def _name(policy: Json) -> str:
    name: str = policy["attributes"]["name"]
    return name
