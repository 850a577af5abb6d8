"""Resolution notes (https://grafana.com/docs/oncall/latest/oncall-api-reference/resolution_notes/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall._base.validation import needs, text
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.notification import ResolutionNote
from aiooncall.grafana.resources.base import LARGEST_PAGE, Collection, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOTES = crud("/api/v1/resolution_notes/", "note_id")


class ResolutionNotes(Collection[ResolutionNote]):
    """What people wrote about alert groups. Notes from chat systems can be read and not changed."""

    _kind = ResolutionNote
    _endpoints = NOTES

    def list(
        self, *, alert_group_id: str | None = None, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[ResolutionNote]:
        """Yield notes as they are read.

        Args:
            alert_group_id: only those of an alert group.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(alert_group_id=alert_group_id), page_size=page_size)

    def _check(self, resource: ResolutionNote, *, new: bool) -> None:
        if new:
            needs(resource, "alert_group_id")
        text("text", resource.text)
