"""All that is known of one thing, as names and texts for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.cli.records import plain
from aiooncall.cli.tables import age
from aiooncall.codec.model import Model
from aiooncall.jsonapi import Resource, ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FIRST: Final = ("id", "key", "title", "status", "state", "urgency")
"""What is told first."""
LAST: Final = "description"
"""What is told last, as it can have many lines."""
APART: Final = frozenset({"extra"})
"""What is told to programs only: what is not known can be a secret."""


def facts_of(thing: object, now: datetime) -> dict[str, str]:
    """Return what is known of a thing: names of its fields in words, and their values; the rest is left out.

    Args:
        thing: a resource of Datadog, or a model of Grafana.
        now: what ages count from.
    """
    kind: Any = type(thing)
    fields = attrs.fields(kind)
    values = {field.name: getattr(thing, field.name) for field in fields if field.name not in APART}
    texts = {name: text for name, value in values.items() if (text := _text(value, now))}
    return {name.replace("_", " "): texts[name] for name in _in_order(texts)}


def moment_in_words(moment: datetime, now: datetime) -> str:
    """Return an instant in UTC with how long ago it was; a time without a zone as it is."""
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    when = moment.astimezone(UTC)
    ago = f" ({age(when, now)} ago)" if when <= now else ""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC{ago}"


def _in_order(names: Iterable[str]) -> list[str]:
    known = list(names)
    ends = [name for name in known if name == LAST]
    return [
        *(name for name in FIRST if name in known),
        *(name for name in known if name not in FIRST and name != LAST),
        *ends,
    ]


def _text(value: Any, now: datetime) -> str:  # noqa: ANN401 (whatever a field can hold)
    """Return a value as text; empty if it says nothing."""
    if value is UNSET or value in (None, "", (), []):
        return ""
    match value:
        case datetime():
            return moment_in_words(value, now)
        case str() | bool() | int() | float():
            return str(value)
        case list() | tuple():
            listed = cast("Sequence[Any]", value)
            return ", ".join(_text(one, now) for one in listed)
        case _:
            return _inside(value, now)


def _inside(value: object, now: datetime) -> str:
    """Return a thing inside another as text."""
    match value:
        case Resource() | ResourceRef():
            return _called(value)
        case Model():
            return ", ".join(f"{name}: {text}" for name, text in facts_of(value, now).items())
        case _:
            return json.dumps(plain(value), ensure_ascii=False, default=str)


def _called(thing: Resource | ResourceRef) -> str:
    """Return what a thing is called, with its id; a reference has only that."""
    name = getattr(thing, "label", None) if isinstance(thing, Resource) else None
    return f"{name} ({thing.id})" if name and name != thing.id else thing.id
