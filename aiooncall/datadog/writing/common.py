"""What all requests share: parts, references, hours, and what a resource has that its class does not know."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiooncall._base.json import as_object
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import one_of
from aiooncall._base.zones import time_zone
from aiooncall.codec import wire_name, writable
from aiooncall.datadog.models.people import Team
from aiooncall.datadog.models.restriction import TimeRestrictions, Weekday
from aiooncall.errors import LinkError, LossyWrite, OptionsError
from aiooncall.jsonapi import Resource, ResourceRef, identifier, relations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall._base.json import Json
    from aiooncall._base.unset import UnsetType
    from aiooncall.datadog.models.policy import EscalationPolicy
    from aiooncall.datadog.models.restriction import TimeRestriction
    from aiooncall.datadog.models.schedule import Schedule
    from aiooncall.jsonapi import UnknownResource

_TIME = re.compile(r"(([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?)", re.ASCII)
_STANDARD: Final = frozenset({"links", "meta"})
"""Members that JSON:API itself gives a resource: the server makes them, and they are no content."""

T = TypeVar("T")


def ref_of(field: str, value: object, *kinds: type[Resource]) -> ResourceRef:
    """Return a reference to a resource of one of `kinds`."""
    if isinstance(value, (Resource, ResourceRef)) and value.id and value.type in {kind.type for kind in kinds}:
        return value if isinstance(value, ResourceRef) else value.ref
    names = " or ".join(kind.__name__ for kind in kinds)
    raise OptionsError(field, value, f"a {names} with an id, or a ResourceRef to one")


def content(field: str, value: object, kind: type[Resource]) -> Any:  # noqa: ANN401 (an instance of `kind`)
    """Return a resource whose content is to be sent.

    Raises:
        LinkError: it is only a reference: sending it would lose its content.
    """
    if isinstance(value, ResourceRef):
        raise LinkError(
            f"{field} is only a reference ({value.type}/{value.id}): read it with `include` to write it back"
        )
    if not isinstance(value, kind):
        raise OptionsError(field, value, f"a {kind.__name__}")
    return value


def parts(field: str, values: Sequence[T] | UnsetType | None) -> Sequence[T]:
    """Return what a resource consists of, if it was read or given."""
    if values is UNSET or values is None or isinstance(values, str):
        raise OptionsError(field, values, "a list of what belongs there; what was read without it cannot be written")
    return values


def attributes_of(resource: Resource) -> Json:
    """Return what a resource says of itself, with what the class has no name for and without what the server makes."""
    return {**_kept(resource, "attributes"), **writable(resource)}


def no_tags(resource: EscalationPolicy | Schedule) -> None:
    """Refuse tags of something new; those that were read are the server's, and are left out."""
    if resource.tags and not resource.id:
        raise OptionsError("tags", resource.tags, "nothing: Datadog takes no tags in a request")


def item(field: str, resource: Resource) -> Json:
    """Return a resource as a part of another's request: its attributes, and whatever else it came with.

    Raises:
        LossyWrite: it came with a relationship that has no place in a request.
    """
    for name, relationship in _unknown_relationships(resource).items():
        if relationship["data"]:
            raise LossyWrite(f"{field}.{name}", relationship["data"], "nothing: a request has no place for it")
    return {**_others(resource), **attributes_of(resource)}


def _kept(resource: Resource, member: str) -> Json:
    return as_object(resource.extra.get(member)) or {}


def _unknown_relationships(resource: Resource) -> Json:
    known = {wire_name(field) for field in relations(type(resource))}
    kept = _kept(resource, "relationships").items()
    return {name: said for name, said in kept if name not in known and "data" in (as_object(said) or {})}


def _others(resource: Resource) -> Json:
    apart = {"attributes", "relationships"} | _STANDARD
    return {name: value for name, value in resource.extra.items() if name not in apart}


def bare(field: str, resource: UnknownResource) -> ResourceRef:
    """Return a reference to a resource of a kind that is not known here.

    Raises:
        LossyWrite: it has content, and how that is written is not known.
    """
    if resource.attributes or resource.relationships:
        wanted = f"a kind that this version can write; how {resource.kind!r} is written is not known"
        raise LossyWrite(field, resource.ref, wanted)
    return resource.ref


def restrictions(field: str, values: Sequence[TimeRestriction]) -> None:
    """Check windows of the week."""
    for number, window in enumerate(values or ()):
        for side in ("start", "end"):
            one_of(f"{field}[{number}].{side}_day", getattr(window, f"{side}_day", UNSET), Weekday)
            _time(f"{field}[{number}].{side}_time", getattr(window, f"{side}_time", UNSET))


def hours(field: str, value: TimeRestrictions, *, stored: bool) -> None:
    """Check windows of the week, of which there has to be one, with their time zone.

    Answers can leave the zone empty, and so may requests. That a window is needed, Datadog's Terraform provider says
    (https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_team_routing_rules).
    """
    if not isinstance(value, TimeRestrictions):
        raise OptionsError(field, value, "a TimeRestrictions")
    if value.time_zone is UNSET or value.time_zone is None:
        raise OptionsError(f"{field}.time_zone", value.time_zone, "the IANA name of a time zone")
    time_zone(f"{field}.time_zone", value.time_zone, stored=stored, may_be_empty=True)
    if not value.restrictions:
        raise OptionsError(f"{field}.restrictions", value.restrictions, "at least one TimeRestriction")
    restrictions(f"{field}.restrictions", value.restrictions)


def _time(field: str, value: object) -> None:
    text = value.isoformat() if isinstance(value, time) else value
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise OptionsError(field, value, "a datetime.time, or a text such as '17:00:00'")


def relationships(resource: Resource, known: Json) -> Json:
    """Return the relationships of a request: those that are known, and what else the resource came with."""
    found = {**_unknown_relationships(resource), **known}
    return {"relationships": found} if found else {}


def owners(teams: Sequence[Team | ResourceRef] | UnsetType) -> Json:
    """Return the relationship to the teams that own something; nothing if that is unset."""
    if teams is UNSET:
        return {}
    refs = [ref_of(f"teams[{number}]", team, Team) for number, team in enumerate(parts("teams", teams))]
    return {"teams": {"data": [identifier(ref) for ref in refs]}}


def top_level(resource: Resource, *, update: bool) -> Json:
    """Return what a request says of its resource besides attributes and relationships."""
    return {"type": resource.type, **({"id": resource.id} if update else {}), **_others(resource)}
