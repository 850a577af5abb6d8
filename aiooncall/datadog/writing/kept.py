"""What the answer to a write lacks of what was sent: pure, and it never raises, as the write has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.codec.fields import EXTRA, READ_ONLY, meant
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.models.routing import RoutingRule
from aiooncall.datadog.models.schedule import Schedule, ScheduleTarget
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.jsonapi import Resource, ResourceRef, has_content, plain, relations

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_EDITED: Final = "tags"
"""What the server makes, but people know how to edit: they are told that the edit is not kept."""


def not_kept(sent: Resource, got: Resource) -> tuple[str, ...]:
    """Return where the answer to a write lacks what was sent; what it only refers to is taken for kept.

    Args:
        sent: what was written.
        got: what the server answered, of the same class.
    """
    return tuple(_in_fields("", sent, got))


def _in_fields(path: str, sent: object, got: object) -> Iterator[str]:
    """Compare two models of one class."""
    kind: Any = type(sent)
    unread = {field.name for field in relations(kind) if getattr(got, field.name) is UNSET}
    for field in attrs.fields(kind):
        if field.name in {"id", EXTRA, *unread} or (field.metadata.get(READ_ONLY, False) and field.name != _EDITED):
            continue
        yield from _in_value(_join(path, field.name), meant(field, sent), meant(field, got))
    there = _unknown(got)  # what it holds may be the server's
    yield from (_join(path, name) for name in _unknown(sent) if name not in there)


def _unknown(model: Any) -> Mapping[str, Any]:  # noqa: ANN401 (any model)
    extra: Any = model.extra.get("attributes") if isinstance(model, Resource) else model.extra
    return extra if isinstance(extra, Mapping) else {}  # pyright: ignore[reportUnknownVariableType] (of whatever)


def _in_value(path: str, sent: Any, got: Any) -> Iterator[str]:  # noqa: ANN401 (any two values)
    if sent is UNSET or sent is None or sent == "" or _is_unread(sent, got):
        return
    if isinstance(sent, (tuple, list)):
        yield from _in_list(path, _as_list(sent), _as_list(got))
    elif _subject(sent) != _subject(got):
        yield path
    elif isinstance(sent, RoutingRule):
        yield from _in_fields(path, *_as_sent(sent, got))
    elif _has_own_fields(sent):
        yield from _in_fields(path, sent, got)
    elif _subject(sent) is None and sent != got:
        yield path


def _is_unread(sent: object, got: object) -> bool:
    """Return whether a part is in the answer by its id alone."""
    if not isinstance(sent, Resource) or not sent.is_part or not isinstance(got, (Resource, ResourceRef)):
        return False
    return got.type == sent.type and (isinstance(got, ResourceRef) or not has_content(got))


def _in_list(path: str, sent: list[Any], got: list[Any]) -> Iterator[str]:
    if sent and not got:
        yield path
    elif _are_parts(sent or got):
        yield from _in_order(path, sent, got)
    elif got and not sent:
        yield path
    else:
        yield from _anywhere(path, sent, got)


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 (any value)
    return list(value) if isinstance(value, (tuple, list)) else []  # pyright: ignore[reportUnknownArgumentType] (of whatever)


def _are_parts(values: list[Any]) -> bool:
    """Return whether values are parts such as rules, of which the order matters."""
    return all(isinstance(one, Resource) and one.is_part and not isinstance(one, ScheduleTarget) for one in values)


def _in_order(path: str, sent: list[Any], got: list[Any]) -> Iterator[str]:
    if len(got) > len(sent):
        got = list({id(one): one for one in got}.values())  # an answer can name a rule twice
    for number, one in enumerate(sent):
        place = f"{path}[{number}]"
        yield from _in_value(place, one, got[number]) if number < len(got) else (place,)


def _anywhere(path: str, sent: list[Any], got: list[Any]) -> Iterator[str]:
    """Compare lists in any order: first what is the same, then what is like it."""
    left, other = list(got), dict(enumerate(sent))
    for most in (0, None):
        for number, one in list(other.items()):
            place = f"{path}[{number}]"
            lost = _taken(left, one, place, most)
            if lost is not None or most is None:
                del other[number]
                yield from [place] if lost is None else lost


def _taken(left: list[Any], one: object, place: str, most: int | None) -> list[str] | None:
    """Take the item most like `one` out of `left`, and return what it lacks of `one`, if at most `most` things."""
    found = {number: list(_in_value(place, one, near)) for number, near in enumerate(left) if _is_like(one, near)}
    nearest = min(found, key=lambda number: len(found[number]), default=None)
    if nearest is None or (most is not None and len(found[nearest]) > most):
        return None
    del left[nearest]
    return found[nearest]


def _is_like(one: object, near: object) -> bool:
    return _subject(one) == _subject(near) or _is_unread(one, near)


def _subject(value: object) -> Hashable:
    """Return what two values have to have in common to be compared further: of a reference, what it leads to."""
    value = plain(value)
    if isinstance(value, ScheduleTarget):
        return Schedule.type, getattr(value.schedule, "id", ""), str(value.position)
    if isinstance(value, ResourceRef) or (isinstance(value, Resource) and not value.is_part):
        return value.type, value.id
    if isinstance(value, UnknownVariant):
        return UnknownVariant, value.kind
    kind: type = type(value)
    return kind if attrs.has(kind) else None


def _has_own_fields(value: object) -> bool:
    """Return whether a value is written with its content, and not by what it leads to."""
    return isinstance(_subject(value), type) or isinstance(value, UnknownVariant)


def _as_sent(sent: RoutingRule, got: RoutingRule) -> tuple[RoutingRule, RoutingRule]:
    """Return two rules with urgency and policy where they were sent: in the action that pages, or on the rule."""
    if sent.paging is not None:
        return sent.plain, got.plain
    policy = ResourceRef(EscalationPolicy.type, got.policy_id or "")
    others = [one for one in got.actions or () if one is not got.paging]
    return sent, attrs.evolve(got, urgency=got.page_urgency or UNSET, policy=policy, actions=others)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
