"""Reads the events that clients send, as strictly as the vendor documents them."""

from __future__ import annotations

from typing import Final, NamedTuple

from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.tags import normalise_tag
from aiooncall.simulator.http.routing import Refusal, error_answer

CATEGORIES: Final = ("alert", "change")
STATUSES: Final = ("warn", "error", "ok")
PRIORITIES: Final = ("1", "2", "3", "4", "5")
LINKS: Final = ("runbook", "dashboard")
MOST_TAGS: Final = 100
MOST_LINKS: Final = 20


class Event(NamedTuple):
    """What of an event matters to pages; its tags are normalised, and only an alert has a status."""

    title: str
    message: str
    key: str
    tags: tuple[str, ...]
    status: str = ""


def read_event(body: bytes) -> Event:
    """Return the event that a request brings (https://docs.datadoghq.com/api/latest/events/#post-an-event)."""
    data = Fields.parse(body, _refused).child("data")
    data.choice("type", ("event",))
    event = data.child("attributes")
    event.text("title")
    _text(event, "host", 255)
    read = Event(
        _text(event, "title", 500), _text(event, "message", 4000), _text(event, "aggregation_key", 100), _tags(event)
    )
    details = event.child("attributes")
    return read._replace(status=_status(details)) if event.choice("category", CATEGORIES) == "alert" else read


def _text(fields: Fields, name: str, most: int) -> str:
    """Return a text, empty if it was left out."""
    text = fields.text(name) if fields.has(name) else ""
    if len(text) > most:
        raise fields.refusal(name, f"must have at most {most} characters")
    return text


def _tags(event: Fields) -> tuple[str, ...]:
    tags = event.texts("tags")
    if event.has("tags") and not 1 <= len(tags) <= MOST_TAGS:
        raise event.refusal("tags", f"must hold 1 to {MOST_TAGS} of them")
    return tuple(map(normalise_tag, tags))


def _status(details: Fields) -> str:
    """Check what an alert says beside its text, and return its status."""
    if details.has("priority"):
        details.choice("priority", PRIORITIES)
    links = details.optional_children("links")
    if details.has("links") and not 1 <= len(links) <= MOST_LINKS:
        raise details.refusal("links", f"must hold 1 to {MOST_LINKS} of them")
    for link in links:
        link.text("url")
        link.choice("category", LINKS)
        _text(link, "url", 2048)
        _text(link, "title", 300)
    return details.choice("status", STATUSES)


def _refused(error: str) -> Refusal:
    return Refusal(error_answer(400, error))
