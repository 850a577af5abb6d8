"""Resources that know each other: what every linked model has in common."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 (cattrs reads the annotations at run time)
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeAlias, TypeVar, cast

import attrs

from aiooncall._base.unset import UNSET, UnsetType  # noqa: TC001 (cattrs reads the annotations at run time)
from aiooncall.codec.fields import APART, EXTRA, listed, meant
from aiooncall.errors import CodecError, LinkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


RELATION: Final = "relation"
"""The field is a relationship; its metadata says whether to ONE or to MANY resources."""
ONE: Final = "one"
MANY: Final = "many"


@attrs.frozen
class ResourceRef:
    """A reference to a resource whose content is not here: what kind it is and its id.

    Asking it for content that the resource would have raises LinkError.
    """

    type: str
    id: str

    def __getattr__(self, name: str) -> NoReturn:
        wanted = f"{self.type}/{self.id} is only a reference: its {name!r} was not in the answer"
        raise LinkError(f"{wanted}; ask for it with `include`, or use hydrate()")


Unread: TypeAlias = Any
"""What may stand in place of a part: a `ResourceRef`, if the part was not read.

Type checkers take a part for the class that it has once it was read, and let you ask whether it is a reference. Asking
a reference for content raises LinkError. (That is why this is `Any`: with `ResourceRef` in the union, each line about a
part would have to rule out the reference first.)
"""

K = TypeVar("K", bound="Resource")


class _NothingElse(dict[str, Any]):
    """An empty object that all resources share. So it must stay empty; after pickling it is the same one."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("there is nothing in `extra`, and it is shared: give the resource a dict of its own")

    __setitem__: Any = _refuse
    __ior__: Any = _refuse
    setdefault: Any = _refuse
    update: Any = _refuse

    def __reduce__(self) -> str:
        return "NOTHING_ELSE"


NOTHING_ELSE: Final = _NothingElse()
DEEPEST_SHOWN: Final = 12
"""How deep in a graph `repr` goes: deeper than any that makes sense, and no deeper than Python can."""


@attrs.define(kw_only=True, eq=False, repr=False)
class Resource:
    """What every resource has.

    Two resources are equal if all that can be reached from them is, wherever they came from.

    Attributes:
        id: the server's id, an opaque text; empty before it is created.
        extra: what the server sent and the class has no name for, at its place in the resource: `attributes`,
            `relationships`, and so on. It is not shown with the rest, as it can be a secret.
    """

    type: ClassVar[str]
    is_part: ClassVar[bool] = False
    """Whether it belongs to the resource that leads to it, and is written with that."""

    id: str = attrs.field(default="", metadata={APART: True})
    extra: Mapping[str, Any] = attrs.field(default=NOTHING_ELSE, metadata={APART: True})

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return _same(self, other) if isinstance(other, Resource) else NotImplemented

    def __repr__(self) -> str:
        return _show(self, set(), 0)

    @property
    def plain(self) -> Resource | ResourceRef:
        """The same in the spelling in which it is compared, where a resource can be spelt in several."""
        return self

    @property
    def ref(self) -> ResourceRef:
        """A reference to this resource.

        Raises:
            LinkError: it has no id, because it was not created yet.
        """
        if not self.id:
            raise LinkError(f"this {type(self).__name__} has no id yet: create it first")
        return ResourceRef(self.type, self.id)


@attrs.define(kw_only=True, eq=False, repr=False)
class UnknownResource(Resource):
    """A resource of a kind that this version has no class for, as it came.

    Attributes:
        kind: its type on the wire.
        attributes: what it says about itself.
        relationships: its relationships, not linked.
    """

    kind: str
    attributes: dict[str, Any] | UnsetType = UNSET
    relationships: dict[str, Any] | UnsetType = UNSET

    @property
    def type(self) -> str:  # type: ignore[override]  # (of each its own)
        """Its type on the wire, as references and other resources have it."""
        return self.kind

    @property
    def name(self) -> str | UnsetType:
        """What it calls itself, if it has a name."""
        name: object = (self.attributes or {}).get("name")
        return name if isinstance(name, str) else UNSET

    @property
    def label(self) -> str:
        """What to call it: the name, else the id."""
        return self.name or self.id

    @property
    def ref(self) -> ResourceRef:
        """A reference to this resource."""
        return ResourceRef(self.kind, self.id)


TO_ONE: Final[dict[str, object]] = {RELATION: ONE, APART: True}
TO_MANY: Final[dict[str, object]] = {RELATION: MANY, APART: True}


def to_one() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a relationship to one resource."""
    return attrs.field(default=UNSET, metadata=TO_ONE)


def to_many() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a relationship to any number of resources; it takes any iterable of them and keeps a tuple."""
    return listed(metadata=TO_MANY)


def relations(kind: type) -> tuple[attrs.Attribute[Any], ...]:
    """Return the fields of a class that are relationships."""
    return tuple(field for field in attrs.fields(kind) if RELATION in field.metadata)


def related(resource: Resource) -> Iterator[Resource | ResourceRef]:
    """Yield what a resource's relationships lead to."""
    for field in relations(type(resource)):
        value = getattr(resource, field.name)
        if isinstance(value, (Resource, ResourceRef)):
            yield value
        else:
            yield from value or ()


def has_content(resource: Resource) -> bool:
    """Return whether a resource says anything but who it is."""
    values = (getattr(resource, name) for name in _names(type(resource)) if name not in {"id", "extra"})
    return bool(resource.extra) or any(value is not UNSET for value in values)


def reachable(roots: Iterable[Resource]) -> list[Resource]:
    """Return `roots` and all resources that can be reached from them, each once, nearest first."""
    found: dict[int, Resource] = {}
    queue = list(roots)
    for resource in queue:  # grows meanwhile
        if id(resource) not in found:
            found[id(resource)] = resource
            queue.extend(near for near in related(resource) if isinstance(near, Resource))
    return list(found.values())


def plain(value: Any) -> Any:  # noqa: ANN401 (any field's value)
    """Return a value in the spelling in which it is compared."""
    return value.plain if isinstance(value, Resource) else value


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 (any two values)
    """Compare two graphs, which may be cyclic, without recursion."""
    seen: set[tuple[int, int]] = set()
    pairs = [(one, other)]
    while pairs:
        pair = pairs.pop()
        if pair[0] is pair[1] or (ids := (id(pair[0]), id(pair[1]))) in seen:
            continue
        left, right = map(plain, pair)
        if _are_lists(left, right):
            if len(left) != len(right):  # tuples would look at what is in them, and so around the circle again
                return False
            pairs.extend(zip(left, right, strict=True))
        elif isinstance(left, Resource) and type(left) is type(right):
            seen.add(ids)
            pairs.extend((meant(field, left), meant(field, right)) for field in attrs.fields(type(left)))
        elif isinstance(left, Resource) or left != right:
            return False
    return True


def _are_lists(left: Any, right: Any) -> bool:  # noqa: ANN401 (any field's value)
    return isinstance(left, (tuple, list)) and isinstance(right, (tuple, list))


def _show(value: Any, shown: set[int], depth: int) -> str:  # noqa: ANN401 (any field's value)
    """Show each resource once, so that a text is no larger than its graph."""
    if isinstance(value, tuple):
        inner: list[str] = [_show(item, shown, depth) for item in value]  # pyright: ignore[reportUnknownVariableType] (of whatever)
        return f"({', '.join(inner)}{',' * (len(inner) == 1)})"
    if not isinstance(value, Resource):
        return repr(value)
    if id(value) in shown or depth == DEEPEST_SHOWN:
        return f"{type(value).__name__}(id={value.id!r}, ...)"
    shown.add(id(value))
    said = ((name, getattr(value, name)) for name in _names(type(value)) if name != EXTRA)
    fields = (f"{name}={_show(it, shown, depth + 1)}" for name, it in said if it is not UNSET)
    return f"{type(value).__name__}({', '.join(fields)})"


def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))


def each(values: Iterable[object] | UnsetType | None, kind: type[K]) -> Iterator[K]:
    """Yield what a relationship leads to, as resources of one class; a reference passes, and tells that it is one.

    Raises:
        CodecError: the server has put something of another kind there.
    """
    for value in values or ():
        if not isinstance(value, (kind, ResourceRef)):
            other = getattr(value, "kind", None) or getattr(value, "type", type(value).__name__)
            raise CodecError(f"expected a resource of type {kind.type!r}, got one of type {other!r}")
        yield cast("K", value)
