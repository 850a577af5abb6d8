"""Calendars to subscribe to: they take a token of their own, in the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import secret
from aiooncall.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from aiooncall.client.core import ApiCore

CALENDAR: Final = "text/calendar"
"""The only format that the engine exports (grafana/oncall, engine/apps/public_api/custom_renderers.py)."""


def _calendar(path: str) -> Endpoint:
    return Endpoint("GET", path, accept=CALENDAR)


USER_EXPORT: Final = _calendar("/api/v1/users/{user_id}/schedule_export/")
SCHEDULE_EXPORT: Final = _calendar("/api/v1/schedules/{schedule_id}/export/")


async def export(core: ApiCore, endpoint: Endpoint, resource_id: str, export_token: str) -> str:
    """Return the text of a calendar."""
    core.hide(secret("export_token", export_token))
    attempt = await core.call(endpoint, resource_id, query={"token": export_token})
    return attempt.body.decode("utf-8", "replace")
