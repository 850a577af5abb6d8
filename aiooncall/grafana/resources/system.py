"""Organizations, and what the engine says of itself.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.grafana import limits as buckets
from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.models.people import Info, Organization
from aiooncall.grafana.resources.base import LARGEST_PAGE, Readable, Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ORGANIZATIONS = crud("/api/v1/organizations/", "organization_id")
INFO: Final = endpoint("GET", "/api/v1/info/", bucket=buckets.INFO)


class Organizations(Readable[Organization]):
    """The organizations of one Grafana."""

    _kind = Organization
    _endpoints = ORGANIZATIONS

    def list(self, *, page_size: int = LARGEST_PAGE) -> AsyncIterator[Organization]:
        """Yield organizations as they are read. Engines up to 1.16.8 break down on this.

        Args:
            page_size: rows in one request, at most 100.
        """
        return self._rows(page_size=page_size)


class InfoService(Service[Info]):
    """What the engine says of itself."""

    _kind = Info

    async def get(self) -> Info:
        """Return the address of the Grafana that the engine belongs to; also a way to see whether an API token is good.

        Raises:
            Forbidden: the token is one of a service account, good or not.
        """
        return await self._call(INFO)
