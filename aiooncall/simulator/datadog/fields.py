"""A request's JSON object, read field by field: what is missing or of the wrong kind is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Refusal

_LARGEST: Final = 2**63 - 1


class Fields:
    """One object of a request; a field that is null counts as left out."""

    def __init__(self, values: Mapping[str, object], refuse: Callable[[str], Refusal], path: str = "") -> None:
        """Read `values`, which stand at `path` in the request.

        Args:
            values: The object's members.
            refuse: Makes a refusal of a sentence that names the field and what is wrong with it.
            path: What to put before a field's name.
        """
        self._values = values
        self._refuse = refuse
        self._path = path

    @classmethod
    def parse(
        cls, body: bytes, refuse: Callable[[str], Refusal], clean: Callable[[object], object] | None = None
    ) -> Fields:
        """Return the object that a body holds.

        Args:
            body: The request's body.
            refuse: Makes a refusal of a sentence.
            clean: Rewrites the document before it is read.
        """
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise refuse("the body is not JSON") from None
        read: object = clean(document) if clean else document
        if not isinstance(read, dict):
            raise refuse("the body must be an object")
        return cls(cast("Json", read), refuse)

    def refusal(self, name: str, problem: str) -> Refusal:
        """Return the refusal of a field."""
        return self._refuse(f"{self._path}{name}: {problem}")

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return self._values.get(name) is not None

    def with_known(self, **known: object) -> Json:
        """Return the object with its known fields in normal form, None to leave one out, and all others as sent."""
        return {
            name: value for name, value in {**self._values, **known}.items() if value is not None or name not in known
        }

    def text(self, name: str) -> str:
        """Return a text that must not be empty."""
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise self.refusal(name, "must be text and not empty")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, which may be empty; None if it was left out."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.refusal(name, "must be text")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """Return one of the allowed texts; without a default the field is required."""
        value = default if default is not None and not self.has(name) else self.text(name)
        if value not in allowed:
            raise self.refusal(name, f"must be one of {', '.join(allowed)}")
        return value

    def integer(self, name: str, least: int, most: int = _LARGEST) -> int | None:
        """Return a whole number within bounds, None if it was left out."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.refusal(name, f"must be a whole number from {least} to {most}")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false, false if it was left out."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refusal(name, "must be true or false")
        return bool(value)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, empty if it was left out."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self.refusal(name, "must hold text only")
        return cast("list[str]", values)

    def child(self, name: str) -> Fields:
        """Return an object that must be there."""
        return self._child(name, self._values.get(name))

    def optional_child(self, name: str) -> Fields | None:
        """Return an object, None if it was left out."""
        return self.child(name) if self.has(name) else None

    def children(self, name: str) -> list[Fields]:
        """Return a list of objects that must be there."""
        if not self.has(name):
            raise self.refusal(name, "must be there")
        return self.optional_children(name)

    def optional_children(self, name: str) -> list[Fields]:
        """Return a list of objects, empty if it was left out."""
        return [self._child(f"{name}[{at}]", value) for at, value in enumerate(self._list(name))]

    def _list(self, name: str) -> list[object]:
        value = self._values.get(name)
        if value is not None and not isinstance(value, list):
            raise self.refusal(name, "must be a list")
        return cast("list[object]", value or [])

    def _child(self, name: str, value: object) -> Fields:
        if not isinstance(value, dict):
            raise self.refusal(name, "must be an object")
        return Fields(cast("Json", value), self._refuse, f"{self._path}{name}.")
