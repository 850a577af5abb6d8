"""The description of a kind of object, and reading a request by it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from aiooncall.simulator.grafana.pagination import USUAL_SIZE
from aiooncall.simulator.grafana.refusals import NOT_NULL, REQUIRED, Invalid, field_errors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from aiooncall.simulator.grafana.field_types import Kind
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json

Need: TypeAlias = Literal["POST", "PUT", "PATCH"]

CREATE: frozenset[Need] = frozenset({"POST"})
WHOLE: frozenset[Need] = frozenset({"POST", "PUT"})
ALWAYS: frozenset[Need] = frozenset({"POST", "PUT", "PATCH"})


@attrs.frozen
class Field:
    """A field of requests.

    Attributes:
        name: Its name.
        kind: What values it can have.
        needed: The methods that can't do without it.
        nullable: The methods that accept null; what it is then is the default.
        default: What is stored if a create leaves it out.
        once: Whether only a create can set it; a change ignores it.
    """

    name: str
    kind: Kind
    needed: Collection[str] = attrs.field(default=(), kw_only=True)
    nullable: Collection[str] = attrs.field(default=(), kw_only=True)
    default: Any = attrs.field(default=None, kw_only=True)
    once: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen(kw_only=True)
class Resource:
    """A kind of object that can be created, read, changed and deleted.

    Attributes:
        kind: The name, in paths too.
        fields: What requests can hold; everything else in them is ignored.
        page_size: Rows on a page.
        filters: Parameters of the list, and the fields that they must be equal to.
        team_filter: Whether the list knows `team_id`, and breaks down on it.
        team_field: The field that holds the team.
        unique: The field that no two objects share.
    """

    kind: str
    fields: tuple[Field, ...]
    page_size: int = USUAL_SIZE
    filters: Mapping[str, str] = attrs.field(factory=dict[str, str])
    team_filter: bool = False
    team_field: str = "team_id"
    unique: str | None = None

    def blank(self) -> Json:
        """Return an object with all defaults."""
        return {field.name: copy.deepcopy(field.default) for field in self.fields}


def read_fields(fields: Iterable[Field], sent: Json, world: World, method: str) -> Json:
    """Return the known fields of a request in stored form.

    Args:
        fields: What is known.
        sent: The request.
        world: Where the objects are that it names.
        method: POST to create, PUT to change with all that is needed, PATCH to change.

    Raises:
        Refusal: fields are missing or can't be taken.
    """
    read, errors = take_fields(fields, sent, world, method)
    if errors:
        raise field_errors(errors)
    return read


def take_fields(fields: Iterable[Field], sent: Json, world: World, method: str) -> tuple[Json, Json]:
    """Return the fields that can be taken, and what is wrong with the others; see `read_fields`."""
    read: Json = {}
    errors: Json = {}
    for field in fields:
        if field.once and method != "POST":
            continue
        try:
            if field.name in sent:
                read[field.name] = _value(field, sent[field.name], world, method)
            elif method in field.needed:
                errors[field.name] = [REQUIRED]
        except Invalid as problem:
            errors[field.name] = problem.problem
    return read, errors


def _value(field: Field, value: object, world: World, method: str) -> Any:  # noqa: ANN401 (any JSON)
    if value is not None:
        return field.kind(value, world)
    if method not in field.nullable:
        raise Invalid([NOT_NULL])
    return copy.deepcopy(field.default)
