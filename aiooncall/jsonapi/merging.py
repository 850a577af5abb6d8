"""Finding what a graph lacks, and putting it in once it has been read."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.jsonapi.resources import (
    Resource,
    ResourceRef,
    UnknownResource,
    has_content,
    reachable,
    related,
    relations,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Source = tuple[type[Resource], str]
Key = tuple[type[Resource], ResourceRef]


def missing_references(
    root: Resource, readable: Collection[type[Resource]], kinds: Mapping[str, type[Resource]]
) -> list[Source]:
    """Return what has to be read to fill in what a graph lacks: class and id, each once.

    What cannot be read by itself comes with the nearest thing on the way to it that can.

    Args:
        root: where to begin.
        readable: the classes whose resources can be read by id.
        kinds: the class by type of resource.
    """
    found: dict[Source, None] = {}
    seen: set[int] = set()
    queue: list[tuple[Resource, Source | None]] = [(root, None)]
    for resource, above in queue:  # grows meanwhile
        if id(resource) in seen:
            continue
        seen.add(id(resource))
        owner = (type(resource), resource.id) if type(resource) in readable and resource.id else above
        if owner is not None and _lacks(resource):
            found[owner] = None
        for near in related(resource):
            if isinstance(near, Resource):
                queue.append((near, owner))
            elif (kind := kinds.get(near.type)) in readable and kind is not None:
                found[kind, near.id] = None
            elif owner is not None:
                found[owner] = None
    return list(found)


def _lacks(resource: Resource) -> bool:
    """Return whether a resource says nothing of itself, or nothing of others."""
    links = (getattr(resource, field.name) for field in relations(type(resource)))
    return not has_content(resource) or any(link is UNSET for link in links)


def merge(root: Resource, others: Iterable[Resource], kinds: Mapping[str, type[Resource]]) -> None:
    """Complete a graph, in place, by what `others` lead to.

    What is there stays as it is, so that edits are kept; what is unset or only a reference is filled in.
    """
    best: dict[Key, Resource] = {}
    new: list[Resource] = []
    for resource in chain(reachable([root]), reachable(others)):
        if resource.id:
            known = best.setdefault((type(resource), resource.ref), resource)
            _complete(known, resource)
        else:
            new.append(resource)
    for resource in chain(new, best.values()):
        _relink(resource, best, kinds)


def _complete(resource: Resource, other: Resource) -> None:
    if not has_content(resource):
        resource.extra = other.extra
    for field in attrs.fields(type(resource)):
        if getattr(resource, field.name) is UNSET:
            setattr(resource, field.name, getattr(other, field.name))


def _relink(resource: Resource, best: Mapping[Key, Resource], kinds: Mapping[str, type[Resource]]) -> None:
    def better(near: Resource | ResourceRef) -> Resource | ResourceRef:
        if isinstance(near, ResourceRef):
            return best.get((kinds.get(near.type, UnknownResource), near), near)
        return best[type(near), near.ref] if near.id else near

    for field in relations(type(resource)):
        value = getattr(resource, field.name)
        if isinstance(value, (Resource, ResourceRef)):
            setattr(resource, field.name, better(value))
        elif value:
            setattr(resource, field.name, tuple(map(better, value)))
