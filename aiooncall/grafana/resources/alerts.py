"""Alerts (https://grafana.com/docs/oncall/latest/oncall-api-reference/alerts/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.grafana.endpoints import endpoint
from aiooncall.grafana.models.alert_group import Alert
from aiooncall.grafana.resources.base import LARGEST_PAGE, Service, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIST: Final = endpoint("GET", "/api/v1/alerts/")


class Alerts(Service[Alert]):
    """The alerts of one Grafana OnCall."""

    _kind = Alert

    def list(
        self,
        *,
        alert_group_id: str | None = None,
        search: str | None = None,
        alert_id: str | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[Alert]:
        """Yield alerts as they are read, the newest first.

        Args:
            alert_group_id: only those of an alert group.
            search: only those whose payload has this text, whatever the case of its letters.
            alert_id: only that one.
            page_size: rows in one request, at most 100.
        """
        filters = pairs(id=alert_id, alert_group_id=alert_group_id, search=search)
        return self._rows(filters, endpoint=LIST, page_size=page_size)
