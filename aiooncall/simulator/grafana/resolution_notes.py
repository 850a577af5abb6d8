"""Resolution notes: what was written down of an alert group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import one_of, text
from aiooncall.simulator.grafana.refusals import bad_request
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource
from aiooncall.simulator.grafana.world import written

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

_WRITTEN_HERE: Final = "Web"

NOTES: Final = Resource(
    kind="resolution_notes",
    fields=(
        Field("alert_group_id", one_of("alert_groups"), needed=CREATE, once=True),
        Field("text", text(), needed=ALWAYS),
    ),
    filters={"alert_group_id": "alert_group_id"},
)


class NoteRoutes(CrudRoutes):
    """Notes; those from elsewhere, such as a chat, can't be changed."""

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Say who wrote a note and when."""
        del sent
        if old is not None:
            if old["source"] != _WRITTEN_HERE:
                raise bad_request("Cannot update message with this source type")
            return
        author = self.world.caller(call)
        draft.update(
            author=None if author is None else author["id"],
            source=_WRITTEN_HERE,
            created_at=written(call.now.wall),
        )
