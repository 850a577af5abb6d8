"""Requests and answers as plain values, and the table that leads from one to the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs
import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"


class Moment(NamedTuple):
    """One reading of the server's clocks."""

    monotonic: float
    wall: float

    @property
    def utc(self) -> datetime:
        """Return the wall time as a datetime."""
        return datetime.fromtimestamp(self.wall, UTC)


@attrs.define
class Call:
    """A request that got past the gatekeepers.

    Attributes:
        method: The HTTP method.
        path: The path, decoded as a whole.
        segments: The path's parts, decoded one by one: a slash within one doesn't divide it.
        query: The parameters.
        body: The body.
        now: When it came.
        ids: The variable parts of the path.
        caller: The key that the authenticator let in.
    """

    method: str
    path: str
    segments: Sequence[str]
    query: Mapping[str, str]
    body: bytes
    now: Moment
    ids: tuple[str, ...] = ()
    caller: str = ""


@attrs.define
class Answer:
    """An answer to send; without a content type no header names one."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = attrs.field(factory=dict[str, str])


class Refusal(Exception):
    """An error answer that ends a call."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Handler: TypeAlias = "Callable[[Call], Answer]"


def json_answer(status: int, content: object, content_type: str = JSON_TYPE) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, orjson.dumps(content), content_type)


def error_answer(status: int, *errors: object) -> Answer:
    """Return an error in the vendor's envelope; each error is a text or an object."""
    return json_answer(status, {"errors": errors})


def html_answer(status: int, title: str) -> Answer:
    """Return an error page such as a proxy in front of the API would send."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(status, page.encode(), HTML_TYPE)


class Router:
    """The table of handlers by method and path; `{id}` in a template stands for any one segment."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], Handler]]] = {}

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Serve a method and path with a handler."""
        segments = template.split("/")
        self._routes.setdefault((method, len(segments)), []).append((segments, handler))

    def methods(self, segments: Sequence[str]) -> set[str]:
        """Return the methods that a path can be asked with, none if it leads nowhere."""
        return {
            method
            for (method, length), routes in self._routes.items()
            if length == len(segments) and any(_match(template, segments) is not None for template, _ in routes)
        }

    def answer(self, call: Call) -> Answer:
        """Answer a call, with an HTML 404 when no route fits."""
        for template, handler in self._routes.get((call.method, len(call.segments)), ()):
            ids = _match(template, call.segments)
            if ids is not None:
                call.ids = ids
                return _handled(handler, call)
        return html_answer(404, "Not Found")


def _match(template: list[str], segments: Sequence[str]) -> tuple[str, ...] | None:
    ids: list[str] = []
    for expected, segment in zip(template, segments, strict=True):
        if expected == "{id}":
            ids.append(segment)
        elif expected != segment:
            return None
    return tuple(ids)


def _handled(handler: Handler, call: Call) -> Answer:
    try:
        return handler(call)
    except Refusal as refusal:
        return refusal.answer
