"""Events: an alert that mentions a team opens a page, by its key if it has one.

https://docs.datadoghq.com/api/latest/events/#post-an-event says what an event holds.
https://docs.datadoghq.com/incident_response/on-call/integrations/ says that no page is made while one of the key is
triggered, and that an event with the status ok ends it. What becomes of a key whose page is acknowledged is not
documented: here it pages again, as that is the worse case.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.json_api import plain_bad_request
from aiooncall.simulator.datadog.page_store import NewPage, Target
from aiooncall.simulator.datadog.tags import normalise_tag
from aiooncall.simulator.http.routing import json_answer

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.page_store import Page, PageStore
    from aiooncall.simulator.http.routing import Answer, Call, Moment, Router

_EVENTS: Final = "/api/v2/events"
_MENTION: Final = re.compile(r"@oncall-([\w-]+(?:\.[\w-]+)*)")
_CATEGORIES: Final = ("alert", "change")
_STATUSES: Final = ("warn", "error", "ok")
_PRIORITIES: Final = ("1", "2", "3", "4", "5")
_LINKS: Final = ("runbook", "dashboard")
_MOST_TAGS: Final = 100
_MOST_LINKS: Final = 20


class Event(NamedTuple):
    """The part of an event that matters to pages; its tags are normalised, and only an alert has a status."""

    title: str
    message: str
    key: str
    tags: tuple[str, ...]
    status: str = ""


def read_event(body: bytes) -> Event:
    """Return the event that a request brings."""
    data = Fields.parse(body, plain_bad_request).child("data")
    data.choice("type", ("event",))
    event = data.child("attributes")
    event.text("title")
    _text(event, "host", 255)
    read = Event(
        _text(event, "title", 500), _text(event, "message", 4000), _text(event, "aggregation_key", 100), _tags(event)
    )
    details = event.child("attributes")
    return read._replace(status=_status(details)) if event.choice("category", _CATEGORIES) == "alert" else read


def _text(fields: Fields, name: str, most: int) -> str:
    """Return a text, empty if it was left out."""
    text = fields.text(name) if fields.has(name) else ""
    if len(text) > most:
        raise fields.refusal(name, f"must have at most {most} characters")
    return text


def _tags(event: Fields) -> tuple[str, ...]:
    tags = event.texts("tags")
    if event.has("tags") and not 1 <= len(tags) <= _MOST_TAGS:
        raise event.refusal("tags", f"must hold 1 to {_MOST_TAGS} of them")
    return tuple(map(normalise_tag, tags))


def _status(details: Fields) -> str:
    """Check what an alert says beside its text, and return its status."""
    if details.has("priority"):
        details.choice("priority", _PRIORITIES)
    links = details.optional_children("links")
    if details.has("links") and not 1 <= len(links) <= _MOST_LINKS:
        raise details.refusal("links", f"must hold 1 to {_MOST_LINKS} of them")
    for link in links:
        link.text("url")
        link.choice("category", _LINKS)
        _text(link, "url", 2048)
        _text(link, "title", 300)
    return details.choice("status", _STATUSES)


class EventRoutes:
    """The route of events, which makes and ends the pages that they ask for."""

    def __init__(self, store: PageStore) -> None:
        self._store = store
        self._by_key: dict[str, list[Page]] = {}
        self._taken = 0

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("POST", _EVENTS, self._take)

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
