"""JSON:API documents as they come in and leave: what they include, and the ways in which they can be odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.drift import with_drift, without_drift
from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.json_api import JSON_API, bad_request, linked, ref
from aiooncall.simulator.http.routing import json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call

_BARE: Final = frozenset({"users", "schedules", "teams"})


def read_include(query: Mapping[str, str], allowed: Collection[str]) -> list[str]:
    """Return the paths of relationships that a request wants included.

    Raises:
        Refusal: it asks for one that the operation does not know.
    """
    paths = [path for path in query.get("include", "").split(",") if path]
    for path in paths:
        if path not in allowed:
            raise bad_request(f"include: {path!r} is not one of {', '.join(allowed) or 'none'}")
    return paths


class Envelope:
    """The document around resources: put on in answers, taken off in requests."""

    def __init__(
        self, find: Callable[[Json], Json | None], *, drift: bool = False, bare_included: bool = False
    ) -> None:
        """Prepare to answer.

        Args:
            find: Returns the resource behind an identifier, None if it is not to be had.
            drift: Whether answers hold what no client knows.
            bare_included: Whether included users, schedules and teams come without attributes, as in an example of
                https://docs.datadoghq.com/api/latest/on-call/get-on-call-escalation-policy/
        """
        self._find = find
        self._drift = drift
        self._bare_included = bare_included

    def data(self, call: Call) -> Fields:
        """Return the `data` of the document that a request brings."""
        return self._document(call).child("data")

    def rows(self, call: Call) -> list[Fields]:
        """Return the `data` of a document that brings a list, which must hold something."""
        document = self._document(call)
        rows = document.children("data")
        if not rows:
            raise document.refusal("data", "must not be empty")
        return rows

    def _document(self, call: Call) -> Fields:
        return Fields.parse(call.body, bad_request, without_drift if self._drift else None)

    def answer(
        self,
        status: int,
        data: Json | list[Json],
        include: Collection[str] = (),
        *,
        parts: Iterable[Json] = (),
        meta: Json | None = None,
    ) -> Answer:
        """Return an answer that includes what was asked for.

        Args:
            status: The HTTP status.
            data: The primary resource, or a list of them.
            include: Paths of relationships, as `read_include` returns them.
            parts: Resources that belong to the primary ones and are found nowhere else.
            meta: What a list says of itself.
        """
        document: Json = {"data": data}
        if include:
            document["included"] = self._gather(data if isinstance(data, list) else [data], include, parts)
        if meta is not None:
            document["meta"] = meta
        return self.send(status, document)

    def send(self, status: int, document: Json, content_type: str = JSON_API) -> Answer:
        """Return an answer that holds a whole document."""
        if self._bare_included and "included" in document:
            document = {**document, "included": list(map(_bare, document["included"]))}
        return json_answer(status, with_drift(document) if self._drift else document, content_type)

    def _gather(self, data: list[Json], include: Collection[str], parts: Iterable[Json]) -> list[Json]:
        """Walk each path from the primary resources on; what lies on the way comes along.

        Full linkage: https://jsonapi.org/format/#document-compound-documents
        """
        known = {(part["type"], part["id"]): part for part in parts}
        found: dict[tuple[str, str], Json] = {}
        for path in include:
            reached = data
            for relationship in path.split("."):
                near = [
                    known.get((one["type"], one["id"])) or self._find(one) for one in _around(reached, relationship)
                ]
                reached = [resource for resource in near if resource is not None]
                found.update({(resource["type"], resource["id"]): resource for resource in reached})
        return list(found.values())


def _around(resources: Iterable[Json], relationship: str) -> list[Json]:
    return [one for resource in resources for one in linked(resource, relationship)]


def _bare(resource: Json) -> Json:
    return ref(resource) if resource["type"] in _BARE else resource
