"""What the services of On-Call configuration share: one resource in, one resource out, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from aiooncall._base.json import as_object
from aiooncall.codec import dumps
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.datadog.models.written import Written
from aiooncall.datadog.resources.includes import include_query
from aiooncall.datadog.writing.kept import not_kept
from aiooncall.errors import CodecError, OptionsError
from aiooncall.events import WriteNotKept, emit
from aiooncall.jsonapi import Resource, link, parse_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiooncall._base.json import Json
    from aiooncall.client.core import ApiCore
    from aiooncall.jsonapi import Graph
    from aiooncall.transport.crud import Crud
    from aiooncall.transport.endpoint import Endpoint

R = TypeVar("R", bound=Resource)


def read_one(body: bytes, kind: type[R]) -> R:
    """Return the one resource in `body`, linked with what came along.

    Raises:
        CodecError: the answer is not what it should be.
    """
    document = parse_document(body)
    if not document.single:
        raise CodecError(f"expected one resource of type {kind.type!r}, got a list", path="$.data")
    return link(document, kind, KINDS).data[0]


def read_many(body: bytes, kind: type[R], alias: str = "") -> Graph[R]:
    """Return the list of resources in `body`, linked with what came along.

    Args:
        body: the answer.
        kind: the class of what is listed.
        alias: another type by which the list calls them.

    Raises:
        CodecError: the answer is not what it should be.
    """
    document = parse_document(body)
    if document.single:
        raise CodecError(f"expected a list of resources of type {kind.type!r}", path="$.data")
    for row in map(as_object, document.data) if alias else ():
        if row is not None and row.get("type") == alias:
            row["type"] = kind.type
    return link(document, kind, KINDS)


class Service(Generic[R]):
    """One kind of resource: what is the same for all of them.

    Subclasses say how the resource is called on the wire, and how it is written.
    """

    _kind: type[R]
    _endpoints: Crud
    _includes: Iterable[str] = ()
    _request: Callable[..., Json]

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def _call(
        self, endpoint: Endpoint, *ids: str, include: Iterable[str] = (), body: Json | None = None, **query: str
    ) -> R:
        """Make a call that answers with one resource."""
        sought: Mapping[str, str] = {**query, **include_query(include, self._includes)}
        sent = None if body is None else dumps({"data": body})
        return await self._core.fetch(
            endpoint, *ids, read=lambda answer: read_one(answer, self._kind), query=sought, body=sent
        )

    async def _create(self, resource: R, *owner: str, include: Iterable[str] = ()) -> R:
        body = self._request(self._checked(resource))
        answer = await self._call(self._endpoints.create, *owner, include=include, body=body)
        return self._compared(self._endpoints.create, resource, answer, *owner)

    async def _update(self, resource: R, *owner: str, include: Iterable[str] = ()) -> R:
        body = self._written(resource)
        answer = await self._call(self._endpoints.update, *owner, resource.id, include=include, body=body)
        return self._compared(self._endpoints.update, resource, answer, *owner, resource.id)

    def _written(self, resource: R) -> Json:
        """Return what a request to update a resource holds, after all checks."""
        identifier = self._checked(resource).id
        if not identifier:
            raise OptionsError("id", identifier, f"the id of the {self._kind.__name__} to update")
        return self._request(resource, update=True)

    def _compared(self, endpoint: Endpoint, sent: R, answer: R, *ids: str) -> R:
        """Return the answer to a write, and tell what it lacks of what was sent."""
        if isinstance(answer, Written) and (lost := not_kept(sent, answer)):
            answer.not_kept = lost
            named = endpoint.about(ids).named
            event = WriteNotKept(method=endpoint.method, route=endpoint.template, named=named, not_kept=lost)
            emit(self._core.options.hooks, event)
        return answer

    def _checked(self, resource: R) -> R:
        if not isinstance(resource, self._kind):
            raise OptionsError("resource", resource, f"a {self._kind.__name__}")
        return resource


class Collection(Service[R]):
    """A kind of resource that stands on its own."""

    async def create(self, resource: R, *, include: Iterable[str] = ()) -> R:
        """Create a resource, once.

        Args:
            resource: what to create; the ids in it are not sent.
            include: what the answer brings along.

        Returns:
            The resource as the server made it.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether it was created is unknown.
        """
        return await self._create(resource, include=include)

    async def get(self, resource_id: str, /, *, include: Iterable[str] = ()) -> R:
        """Return one resource; what `include` does not name stays a reference.

        Raises:
            NotFound: there is no such resource.
        """
        return await self._call(self._endpoints.get, resource_id, include=include)

    async def update(self, resource: R, *, include: Iterable[str] = ()) -> R:
        """Replace a resource by an edited one, whatever of it this version knows.

        Args:
            resource: what it should be, with its id; get it with everything that it consists of included.
            include: what the answer brings along.

        Returns:
            The resource as the server has it now.

        Raises:
            LinkError: a part of it was not included when it was read, so that it would be lost.
            OptionsError: something about it is wrong, or would be lost; nothing was sent.
        """
        return await self._update(resource, include=include)

    async def delete(self, resource_id: str, /) -> None:
        """Delete a resource.

        Raises:
            NotFound: there is no such resource.
            Conflict: something else still needs it.
        """
        await self._core.delete(self._endpoints.delete, resource_id)
