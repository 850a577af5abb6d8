"""The route of Datadog's events: an alert that mentions a team opens a page, by its key if it has one.

https://docs.datadoghq.com/incident_response/on-call/integrations/ says that no page is made while one of the key is
triggered, and that an event with the status ok ends it. What becomes of a key whose page is acknowledged is not
documented: here it pages again, as that is the worse case.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.event_requests import read_event
from aiooncall.simulator.datadog.page_store import NewPage, Target
from aiooncall.simulator.http.routing import json_answer

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.event_requests import Event
    from aiooncall.simulator.datadog.page_store import Page, PageStore
    from aiooncall.simulator.http.routing import Answer, Call, Moment, Router

EVENTS: Final = "/api/v2/events"
_MENTION: Final = re.compile(r"@oncall-([\w-]+(?:\.[\w-]+)*)")


class EventRoutes:
    """Takes events in, and makes and ends the pages that they ask for."""

    def __init__(self, store: PageStore) -> None:
        self._store = store
        self._by_key: dict[str, list[Page]] = {}
        self._taken = 0

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("POST", EVENTS, self._take)

    def _take(self, call: Call) -> Answer:
        event = read_event(call.body)
        if event.status == "error":
            self._trigger(event, call.now)
        elif event.status == "ok" and event.key:
            self._recover(event.key, call.now)
        self._taken += 1
        attributes = {"evt": {"uid": str(uuid.UUID(int=self._taken))}}
        return json_answer(202, {"data": {"type": "event", "attributes": {"attributes": attributes}}})

    def _trigger(self, event: Event, now: Moment) -> None:
        known = self._by_key.setdefault(event.key, []) if event.key else []
        if any(page.committed.status == "triggered" for page in known):
            return
        over = sum(page.committed.status == "resolved" for page in known)
        for team in dict.fromkeys(_MENTION.findall(event.message)):
            content = NewPage(event.title, Target("team_handle", team), description=event.message, tags=event.tags)
            twin = (event.key, over, team) if event.key else None
            known.append(self._store.create(content, now, twin))

    def _recover(self, key: str, now: Moment) -> None:
        for page in self._by_key.get(key, ()):
            self._store.resolve(page, now)
