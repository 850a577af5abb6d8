"""An engine that grew since the client was written: fields and values nobody knew; requests that bring them work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator.http.drift import grown

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json

_MARK: Final = "robot_score"
_UNKNOWN: Final = {
    ("state", "firing"): "snoozed_by_robot",
    ("role", "editor"): "robot_operator",
    ("type", "notify_persons"): "call_robot",
    ("type", "notify_by_email"): "notify_by_robot",
    ("frequency", "daily"): "every_robot_day",
    ("routing_type", "regex"): "robot_regex",
    ("status", "open"): "robot_wanted",
    ("trigger_type", "acknowledge"): "robot_woke_up",
    ("source", "Web"): "Robot",
}
"""Unknown values, by field and the known value that they stand in for."""
_KNOWN: Final = {(field, unknown): known for (field, known), unknown in _UNKNOWN.items()}
_OPAQUE: Final = frozenset({"payload", "templates"})
"""Objects that are the users' own."""


def with_drift(value: object) -> Any:  # noqa: ANN401 (any JSON)
    """Return an answer with a field added to every object, and unknown values in place of known ones."""
    return grown(value, lambda name, text: _UNKNOWN.get((name, text), text), {_MARK: 0.5}, _OPAQUE)


def without_drift(values: Json) -> Json:
    """Return what a client sent with the values that `with_drift` had changed."""
    return {
        name: _KNOWN.get((name, value), value) if isinstance(value, str) else value
        for name, value in values.items()
        if name != _MARK
    }
