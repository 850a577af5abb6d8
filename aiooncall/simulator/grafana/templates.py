"""The templates of an integration: null is the default, for one text as for all of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from aiooncall.simulator.grafana.refusals import bad_request

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json

_PLAIN: Final = ("grouping_key", "resolve_signal", "acknowledge_signal", "source_link")
_FULL: Final = ("title", "message", "image_url")
_BACKENDS: Final = {"mobile_app": ("title", "message"), "email": ("title", "message"), "webhook": _FULL}
"""Messaging backends, which ignore the parts that they don't have."""
_CHANNELS: Final = {
    "slack": _FULL,
    "web": _FULL,
    "sms": ("title",),
    "phone_call": ("title",),
    "telegram": _FULL,
    **_BACKENDS,
}


def no_templates() -> Json:
    """Return the templates of an integration that has set none."""
    return {**dict.fromkeys(_PLAIN), **{name: dict.fromkeys(parts) for name, parts in _CHANNELS.items()}}


def with_templates(old: Json, sent: Json) -> Json:
    """Return templates as a request changes them; what it does not name stays, what nobody knows is ignored.

    Raises:
        Refusal: a template is not text.
    """
    plain: Json = {name: _text(name, sent[name]) for name in _PLAIN if name in sent}
    channels = {name: _channel(name, old[name], sent[name]) for name in _CHANNELS if name in sent}
    return {**old, **plain, **channels}


def _channel(name: str, old: Json, sent: object) -> Json:
    if sent is None:
        return dict.fromkeys(_CHANNELS[name])
    if not isinstance(sent, dict):
        raise bad_request(f"Invalid {name} template data")
    parts = cast("Json", sent)
    if name not in _BACKENDS and not set(parts) <= set(_CHANNELS[name]):
        raise bad_request("Invalid template data")
    return {**old, **{part: _text(name, value) for part, value in parts.items() if part in old}}


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise bad_request(f"Invalid {name} template data")
    return value
