"""What differs between two versions of the same thing, for people to read before it is written."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall._json import as_object
from aiooncall._unset import UNSET
from aiooncall.codec.fields import UNIT
from aiooncall.jsonapi import Resource, ResourceRef, related

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_MARKS: Final = {(True, False): "+", (False, True): "-"}


@attrs.frozen
class Change:
    """One difference.

    Attributes:
        path: where, such as `steps[1].escalate_after`.
        before: what was there; UNSET if nothing was.
        after: what is there; UNSET if nothing is.
    """

    path: str
    before: Any
    after: Any
    unit: str = attrs.field(default="", repr=False)

    def __str__(self) -> str:
        before, after = (_show(value, self.unit) for value in (self.before, self.after))
        mark = _MARKS.get((self.before is UNSET, self.after is UNSET), "~")
        shown = {"+": after, "-": before}.get(mark, f"{before} -> {after}")
        return f"{mark} {self.path}: {shown}"


@attrs.frozen
class Diff:
    """All differences, in the order of the fields; false if there are none. As a text it has one line for each."""

    changes: tuple[Change, ...]

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no changes"


def diff(before: object, after: object) -> Diff:
    """Return what differs between two versions of a resource.

    Parts with an id are compared with the part of the same id, wherever it stands; others are there or not. What does
    not belong to the resource, such as the users and schedules that a step reaches, counts by its id only.

    Args:
        before: the version that counts as old.
        after: the version that counts as new.
    """
    if _same_thing(before, after):
        return Diff(tuple(_compare_fields("", before, after, set())))
    return Diff(tuple(_compare("", before, after, "", set())))


def _compare(path: str, before: Any, after: Any, unit: str, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two values)
    if before is after or (id(before), id(after)) in seen:
        return
    if _is_list(before) and _is_list(after):
        yield from _compare_lists(path, before, after, seen)
    elif (old := as_object(before)) is not None and (new := as_object(after)) is not None:
        for name in {**old, **new}:
            yield from _compare(_join(path, name), old.get(name, UNSET), new.get(name, UNSET), "", seen)
    elif _same_thing(before, after) and getattr(before, "is_part", True):
        seen.add((id(before), id(after)))
        yield from _compare_fields(path, before, after, seen)
    elif (_key(before) != _key(after) or _key(before) is None) and before != after:
        yield Change(path or "it", before, after, unit)


def _compare_fields(path: str, before: Any, after: Any, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two models)
    for field in _fields_of(before):
        unit = "s" if UNIT in field.metadata else ""
        pair = getattr(before, field.name), getattr(after, field.name)
        yield from _compare(_join(path, field.name), *pair, unit, seen)


def _compare_lists(path: str, before: Any, after: Any, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two lists)
    old, new = _by_key(before), _by_key(after)
    for key, (number, part) in old.items():
        if key not in new:
            yield Change(f"{path}[{number}]", part, UNSET)
    for key, (number, part) in new.items():
        if key in old:
            yield from _compare(f"{path}[{number}]", old[key][1], part, "", seen)
        else:
            yield Change(f"{path}[{number}]", UNSET, part)
    stayed, moved = [key for key in old if key in new], [key for key in new if key in old]
    if stayed != moved:
        yield Change(f"{path} (order)", [old[key][1] for key in stayed], [new[key][1] for key in moved])


def _by_key(parts: Any) -> dict[Hashable, tuple[int, Any]]:  # noqa: ANN401 (any list)
    """Return the parts with their places, by their id or else by what they are; the same twice is told apart."""
    found: dict[Hashable, tuple[int, Any]] = {}
    times: Counter[Hashable] = Counter()
    for number, part in enumerate(parts):
        name = _key(part) or repr(part)
        found[name, times[name]] = (number, part)
        times[name] += 1
    return found


def _key(value: Any) -> tuple[str, str] | None:  # noqa: ANN401 (anything)
    if isinstance(value, ResourceRef):
        return value.type, value.id
    return (value.ref.type, value.id) if isinstance(value, Resource) and value.id else None


def _same_thing(before: Any, after: Any) -> bool:  # noqa: ANN401 (any two values)
    """Return whether two values are versions of one thing, so that their fields are what differs."""
    if not _fields_of(before) or type(before) is not type(after) or isinstance(before, ResourceRef):
        return False
    return not isinstance(before, Resource) or _key(before) == _key(after) or None in (_key(before), _key(after))


def _fields_of(model: object) -> tuple[attrs.Attribute[Any], ...]:
    """Return the fields of a model; none if it is not one."""
    kind: Any = type(model)
    return attrs.fields(kind) if attrs.has(kind) else ()


def _is_list(value: object) -> bool:
    return isinstance(value, (tuple, list))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _show(value: Any, unit: str) -> str:  # noqa: ANN401 (anything)
    if _is_list(value):
        return ", ".join(_show(part, unit) for part in value) or "none"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (Resource, ResourceRef)):
        return _name(value)
    if value is UNSET:
        return "nothing"
    return f"{value:g} {unit}" if unit and isinstance(value, (int, float)) else str(value)


def _name(value: Resource | ResourceRef) -> str:
    """Return what to call a resource; one without a name goes by what it leads to."""
    kind = value.type if isinstance(value, ResourceRef) else type(value).__name__
    called = getattr(value, "label", "") or value.id
    if isinstance(value, Resource) and not hasattr(value, "label"):
        called = " ".join([called, *(f"({_name(near)})" for near in related(value) if isinstance(near, Resource))])
    return f"{kind} {called}".strip()
