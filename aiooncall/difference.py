"""What differs between two versions of the same thing, for people to read before it is written."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from aiooncall._base.json import as_object
from aiooncall._base.redaction import MASK
from aiooncall._base.unset import UNSET
from aiooncall._text import one_line
from aiooncall.codec.fields import ANY_ORDER, EXTRA, READ_ONLY, UNIT, meant
from aiooncall.jsonapi import Resource, ResourceRef, plain, related
from aiooncall.jsonapi.resources import RELATION

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_Parts: TypeAlias = "dict[Hashable, tuple[int, Any]]"
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
        return one_line(f"{mark} {self.path}: {shown}")


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
    not belong to the resource, such as the users and schedules that a step reaches, counts by its id only. Two
    spellings of the same are no difference: a schedule and its current position, 9:00 and 09:00:00, null and nothing;
    nor is an id or an order that only the server made. What may be a secret, such as a
    password, is `***` in both versions.

    Args:
        before: the version that counts as old.
        after: the version that counts as new.
    """
    before, after = plain(before), plain(after)
    if _same_thing(before, after):
        return Diff(tuple(_compare_fields("", before, after, set())))
    return Diff(tuple(_compare("", before, after, "", set())))


def _compare(path: str, before: Any, after: Any, unit: str, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two values)
    ids = id(before), id(after)
    if before is after or ids in seen:
        return
    before, after = plain(before), plain(after)
    if _is_list(before) and _is_list(after):
        yield from _compare_lists(path, before, after, seen)
    elif (old := as_object(before)) is not None and (new := as_object(after)) is not None:
        for name in [name for name in {**old, **new} if not _are_nothing(old.get(name), new.get(name))]:
            yield from _compare(_join(path, name), old.get(name, UNSET), new.get(name, UNSET), "", seen)
    elif _same_thing(before, after) and getattr(before, "is_part", True):
        if isinstance(before, Resource):  # others have no way back to themselves, and can be of this moment
            seen.add(ids)
        yield from _compare_fields(path, before, after, seen)
    elif (_key(before) != _key(after) or _key(before) is None) and before != after:
        yield Change(path or "it", before, after, unit)


def _compare_fields(path: str, before: Any, after: Any, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two models)
    for field in _fields_of(before):
        unit, where = "s" if UNIT in field.metadata else "", _join(path, field.name)
        old, new = meant(field, before), meant(field, after)
        if _is_made_by_server(field, old, new) or (_are_nothing(old, new) and not _was_read(field, old, new)):
            continue
        any_order = field.metadata.get(ANY_ORDER)
        is_ordered = any_order is None or not (any_order(before) and any_order(after))
        found = _compare(where, old, new, unit, seen)
        shown = map(_masked, found) if field.repr is False and field.name != EXTRA else found
        yield from (change for change in shown if is_ordered or change.path != _order_of(where))


def _masked(change: Change) -> Change:
    """Return that something differs, and not what: it is out of what its model shows."""
    before, after = (value if value is UNSET or value is None else MASK for value in (change.before, change.after))
    return attrs.evolve(change, before=before, after=after)


def _is_made_by_server(field: attrs.Attribute[Any], *values: object) -> bool:
    """Return whether one version lacks what the server makes, such as the id of what is new."""
    return (field.name == "id" or bool(field.metadata.get(READ_ONLY))) and not all(values)


def _are_nothing(*values: object) -> bool:
    """Return whether values say nothing, each in its way: left out, null, or empty lists and objects."""
    return all(value is UNSET or value is None or value in ((), [], {}) for value in values)


def _was_read(field: attrs.Attribute[Any], *values: object) -> bool:
    """Return whether a relationship leads to none in one version, and in the other was perhaps not read."""
    return RELATION in field.metadata and any(map(_is_list, values))


def _compare_lists(path: str, before: Any, after: Any, seen: set[tuple[int, int]]) -> Iterator[Change]:  # noqa: ANN401 (any two lists)
    old = _by_key(before)
    new = _like(old, _by_key(after), seen)
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
        yield Change(_order_of(path), [old[key][1] for key in stayed], [new[key][1] for key in moved])


def _order_of(path: str) -> str:
    return f"{path} (order)"


def _like(old: _Parts, new: _Parts, seen: set[tuple[int, int]]) -> _Parts:
    """Return `new` with the keys of `old` for parts that have others there, but are the same."""

    def say_the_same(before: tuple[int, Any], after: tuple[int, Any]) -> bool:
        return not any(_compare("", before[1], after[1], "", set(seen)))

    left = {key: place for key, place in old.items() if key not in new}
    names: dict[Hashable, Hashable] = {}
    for fits in (say_the_same, _has_become):
        for key in [key for key in new if key not in old and key not in names]:
            twin = next((twin for twin, place in left.items() if fits(place, new[key])), None)
            if twin is not None:
                names[key] = twin
                del left[twin]
    return {names.get(key, key): place for key, place in new.items()}


def _has_become(old: tuple[int, Any], new: tuple[int, Any]) -> bool:
    """Return whether a part is what the server made of one that had no id yet."""
    (place, before), (number, after) = old, new
    is_new = isinstance(before, Resource) and not before.id
    return is_new and place == number and _same_thing(before, after) and bool(after.id)


def _by_key(parts: Any) -> _Parts:  # noqa: ANN401 (any list)
    """Return the parts with their places, by their id or else by what they are; the same twice is told apart."""
    found: _Parts = {}
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
