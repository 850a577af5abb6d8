"""Calendars to subscribe to: they take a token of their own, in the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.options import secret
from aiooncall.transport.messages import Endpoint, Safety

if TYPE_CHECKING:
    from aiooncall.client.base import BaseClient

USER_EXPORT: Final = Endpoint("GET", "/api/v1/users/{user_id}/schedule_export/", Safety.REPEATABLE)
SCHEDULE_EXPORT: Final = Endpoint("GET", "/api/v1/schedules/{schedule_id}/export/", Safety.REPEATABLE)


async def export(client: BaseClient, endpoint: Endpoint, object_id: str, export_token: str) -> str:
    """Return the text of a calendar."""
    client.hide(secret("export_token", export_token))
    attempt = await client.call(endpoint, object_id, query={"token": export_token})
    return attempt.body.decode("utf-8", "replace")
