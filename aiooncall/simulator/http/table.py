"""The objects of one kind that a fake server keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Refusal


class Table:
    """The objects of one kind, oldest first.

    Attributes:
        kind: What their kind is called, in answers or paths.
    """

    def __init__(self, kind: str, missing: Callable[[str], Refusal]) -> None:
        """Start empty; `missing` makes the vendor's 404 for an id that names nothing."""
        self.kind = kind
        self._missing = missing
        self._objects: dict[str, Json] = {}

    def __iter__(self) -> Iterator[Json]:
        return iter(list(self._objects.values()))

    def find(self, object_id: object) -> Json | None:
        """Return an object, None if there is none."""
        return self._objects.get(object_id) if isinstance(object_id, str) else None

    def get(self, object_id: str) -> Json:
        """Return the object that a path names, or refuse with 404."""
        found = self._objects.get(object_id)
        if found is None:
            raise self._missing(object_id)
        return found

    def put(self, record: Json) -> Json:
        """Keep an object, in place of one with the same id, and return it."""
        self._objects[record["id"]] = record
        return record

    def remove(self, object_id: str) -> None:
        """Forget an object."""
        del self._objects[object_id]

    def where(self, **wanted: object) -> list[Json]:
        """Return the objects that have these values."""
        return [record for record in self if all(record[name] == value for name, value in wanted.items())]
