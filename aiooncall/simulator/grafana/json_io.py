"""JSON as it comes in and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import orjson

from aiooncall.simulator.grafana.drift import with_drift, without_drift
from aiooncall.simulator.grafana.refusals import bad_object, bad_request
from aiooncall.simulator.http.routing import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call


@attrs.frozen
class JsonIO:
    """The reader of requests and writer of answers."""

    drift: bool = False

    def send(self, status: int, content: object) -> Answer:
        """Return an answer."""
        return json_answer(status, with_drift(content) if self.drift else content)

    def read(self, call: Call) -> Json:
        """Return the object that a request brings, an empty one if it brings nothing."""
        content = self.read_any(call)
        if not isinstance(content, dict):
            raise bad_object(f"Invalid data. Expected a dictionary, but got {type(content).__name__}.")
        values = cast("Json", content)
        return without_drift(values) if self.drift else values

    def read_any(self, call: Call) -> object:
        """Return the JSON that a request brings."""
        if not call.body:
            return {}
        try:
            return orjson.loads(call.body)
        except orjson.JSONDecodeError as problem:
            raise bad_request(f"JSON parse error - {problem}") from None


def nothing(status: int) -> Answer:
    """Return an answer without a body, which says of no type that it is one."""
    return Answer(status, content_type="")


def parameters(query: Mapping[str, str], name: str) -> list[str]:
    """Return every value of a parameter that may be repeated."""
    every: Any = getattr(query, "getall", None)
    if every is None:
        return [query[name]] if name in query else []
    return list(every(name, []))
