"""Routes (https://grafana.com/docs/oncall/latest/oncall-api-reference/routes/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import at_most, needs, number
from aiooncall.client.composite import composite
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.integration import Route, RoutingType
from aiooncall.grafana.resources.base import LARGEST_PAGE, Collection, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall._base.json import Json
    from aiooncall.transport.endpoint import Endpoint

ROUTES = crud("/api/v1/routes/", "route_id")
LONGEST_EXPRESSION: Final = 1024
_KEPT: Final = {
    "escalation_chain_id": "the id of a chain: a route cannot lose its chain",
    "routing_regex": "an expression: a route cannot lose its own",
}
"""Fields that a route can lack, but that cannot be cleared."""


class Routes(Collection[Route]):
    """The routes of all integrations."""

    _kind = Route
    _endpoints = ROUTES

    def list(
        self, *, integration_id: str | None = None, routing_regex: str | None = None, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[Route]:
        """Yield routes as they are read, those of one integration in their order.

        Args:
            integration_id: only those of an integration.
            routing_regex: only those with exactly this expression.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(integration_id=integration_id, routing_regex=routing_regex), page_size=page_size)

    @composite
    async def _change(self, endpoint: Endpoint, resource: Route) -> Route:
        """Write a route; it may say that it has no chain, or no expression, where that is so.

        The engine refuses null for both in any write, and shows them for routes without a chain and for last ones
        (grafana/oncall, engine/apps/public_api/serializers/routes.py).
        """
        self._check(self._checked(resource), new=False)
        return await super()._change(endpoint, await self._without_nothing(resource, _KEPT))

    def _check(self, resource: Route, *, new: bool) -> None:
        if new:
            needs(resource, "integration_id", "routing_regex")
        if resource.routing_type == RoutingType.LABELS:
            raise OptionsError("routing_type", resource.routing_type, "regex or jinja2: labels can only be read")
        at_most("routing_regex", resource.routing_regex, LONGEST_EXPRESSION)
        number("position", resource.position, 0)

    def _body(self, resource: Route, *, new: bool) -> Json:
        body = super()._body(resource, new=new)
        if new:  # a new route has to say that it has no chain
            body.setdefault("escalation_chain_id", None)
            return body
        body.pop("integration_id", None)
        return body
