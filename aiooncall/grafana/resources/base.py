"""What the services of Grafana OnCall share: reading one thing, listing many, and CRUD, written once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import attrs

from aiooncall._base.json import as_array, as_object
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import count
from aiooncall.client.pagination import paginate
from aiooncall.codec import dumps, loads, structure, structure_each, writable
from aiooncall.errors import CodecError, OptionsError
from aiooncall.grafana.resources.filters import given

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping

    from aiooncall._base.json import Json
    from aiooncall._base.unset import Omittable
    from aiooncall.client.core import ApiCore
    from aiooncall.grafana.resources.filters import Pairs
    from aiooncall.limits.lane import Lane
    from aiooncall.transport.crud import Crud
    from aiooncall.transport.endpoint import Endpoint, Query

M = TypeVar("M")

LARGEST_PAGE: Final = 100
"""Rows in one request at most (grafana/oncall, engine/common/api_helpers/paginators.py)."""


def read(body: bytes, kind: Any) -> Any:  # noqa: ANN401 (an instance of `kind`, which can be a union)
    """Return what an answer holds.

    Raises:
        CodecError: it is not what it should be.
    """
    return structure(loads(body), kind)


def read_page(body: bytes, kind: Any) -> tuple[Iterator[Any], Pairs | None]:  # noqa: ANN401 (a class or a union)
    """Return the rows of one page of a list, and the query of the next page, None at the end.

    Each row is read when it is wanted: the next page can be asked for before.

    The link to the next page is taken for its query only: it can lead to another host, which must not see a token.

    Raises:
        CodecError: the answer is not a page, or, when it is iterated over, a row is not what it should be.
    """
    page = as_object(loads(body)) or {}
    rows = as_array(page.get("results"))
    if rows is None:
        raise CodecError("expected a page of a list", path="$.results")
    if "next" not in page:
        raise CodecError("required field missing", path="$.next")
    return structure_each(rows, kind, path="$.results"), _query_of(page["next"])


def _query_of(link: object) -> Pairs | None:
    if link is None:
        return None
    try:
        query = parse_qsl(urlsplit(link).query, keep_blank_values=True) if isinstance(link, str) else []
    except ValueError:
        query = []
    if not query:
        raise CodecError("expected the address of the next page, or null", path="$.next")
    return tuple(query)


def pairs(**filters: object) -> Pairs:
    """Return those filters that are set as query parameters."""
    return tuple((name, _text(value)) for name, value in filters.items() if value is not None)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Service(Generic[M]):
    """A service for one kind of thing.

    Attributes:
        _kind: its class, or the union of its classes.
        _endpoints: where it is.
    """

    _kind: Any
    _endpoints: Crud

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def _call(
        self,
        endpoint: Endpoint,
        *ids: str,
        body: object = None,
        query: Query | None = None,
        lane: Lane | None = None,
    ) -> M:
        """Make a call that answers with one thing."""
        sent = None if body is None else dumps(body)
        found: M = await self._core.fetch(
            endpoint, *ids, read=lambda answer: read(answer, self._kind), body=sent, query=query, lane=lane
        )
        return found

    def _rows(
        self,
        query: Pairs = (),
        *,
        page_size: int,
        endpoint: Endpoint | None = None,
        ids: tuple[str, ...] = (),
        key: Callable[[Any], Hashable] = lambda row: row.id,
    ) -> AsyncIterator[M]:
        """Yield the rows of a list, page by page, one page ahead; a row that moves to the next page comes once."""
        size = count("page_size", page_size, most=LARGEST_PAGE)
        first = (*query, ("page", "1"), ("perpage", str(size)))
        passed: set[Pairs] = set()

        async def fetch(place: Pairs | None) -> tuple[Iterator[M], Pairs | None]:
            passed.add(place or first)
            read = partial(read_page, kind=self._kind)
            rows, following = await self._core.fetch(
                endpoint or self._endpoints.list, *ids, query=place or first, read=read
            )
            if following in passed:
                raise CodecError("the next page is one that was read before", path="$.next")
            return self._masked(rows), following

        return paginate(fetch, key, ahead=True, bounded=True)

    def _masked(self, rows: Iterator[M]) -> Iterator[M]:
        """Yield rows, which are read only now, and hide secrets in the error of one that cannot be read."""
        try:
            yield from rows
        except CodecError as unreadable:
            self._core.connection.secrets.hide_in(unreadable)
            raise


class Readable(Service[M]):
    """A kind of thing that can be read by its id."""

    async def get(self, resource_id: str, /) -> M:
        """Return one.

        Raises:
            NotFound: there is none with that id.
        """
        return await self._call(self._endpoints.get, resource_id)


class Collection(Readable[M]):
    """A kind of thing that can be created, read, changed and deleted.

    Attributes:
        _fixed: the names on the wire of what cannot be changed once it is created; updates leave it out.
    """

    _fixed: frozenset[str] = frozenset()

    async def create(self, resource: M) -> M:
        """Create one, once; its id is not sent.

        Returns:
            It as the server made it.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether it was created is unknown.
        """
        self._check(self._checked(resource), new=True)
        return await self._call(self._endpoints.create, body=self._body(resource, new=True))

    async def update(self, resource: M) -> M:
        """Write one back as edited: everything that is set, what this version of the package does not know included.

        Args:
            resource: what it should be, with its id.

        Returns:
            It as the server has it now.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            NotFound: there is none with that id.
        """
        return await self._change(self._endpoints.update, resource)

    async def patch(self, resource: M) -> M:
        """Change what is set and leave the rest; None is sent as null.

        Args:
            resource: the id, and what is to change.

        Returns:
            It as the server has it now.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            NotFound: there is none with that id.
        """
        return await self._change(self._endpoints.patch, resource)

    async def delete(self, resource_id: str, /) -> None:
        """Delete one.

        Raises:
            NotFound: there is none with that id.
        """
        await self._core.delete(self._endpoints.delete, resource_id)

    async def _change(self, endpoint: Endpoint, resource: M) -> M:
        identifier: Any = getattr(self._checked(resource), "id", None)
        if not identifier:
            raise OptionsError("id", identifier, "the id of what is to change")
        self._check(resource, new=False)
        return await self._call(endpoint, identifier, body=self._body(resource, new=False))

    async def _without_nothing(self, resource: M, kept: Mapping[str, str]) -> M:
        """Return what is to be written, without the nulls that the server shows and yet refuses, where it has null.

        Args:
            resource: what is to be written; it can have an id.
            kept: by field that can be absent but not be cleared, what would be right there.

        Raises:
            OptionsError: it would lose something that it has.
        """
        nothing = [name for name in kept if getattr(resource, name, UNSET) is None]
        identifier: Any = getattr(resource, "id", None)
        if not nothing or not identifier:
            return resource
        known = await self.get(identifier)
        for name in nothing:
            if getattr(known, name, None) is not None:
                raise OptionsError(name, None, kept[name])
        stripped: M = attrs.evolve(cast("Any", resource), **dict.fromkeys(nothing, UNSET))
        return stripped

    def _checked(self, resource: M) -> M:
        if not isinstance(resource, self._kind):
            raise OptionsError("resource", resource, f"a {getattr(self._kind, '__name__', self._kind)}")
        return resource

    def _check(self, resource: M, *, new: bool) -> None:
        """Raise OptionsError for what the server would refuse."""

    def _body(self, resource: M, *, new: bool) -> Json:
        """Return what a write sends; something new can have the id of what it was copied from."""
        body = writable(resource)
        return body if new else {name: value for name, value in body.items() if name not in self._fixed}


class TeamCollection(Collection[M]):
    """A collection whose list can be filtered by name and by team.

    Attributes:
        _team_field: the field of a row that has the id of its team.
    """

    _team_field = "team_id"

    def list(
        self, *, name: str | None = None, team_id: Omittable[str] = UNSET, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[M]:
        """Yield them as they are read.

        Args:
            name: the exact name.
            team_id: only those of a team; None for those without a team.
            page_size: rows in one request, at most 100.
        """
        return self._rows_of_team(team_id, pairs(name=name), page_size=page_size)

    def _rows_of_team(self, team_id: Omittable[str], query: Pairs, *, page_size: int) -> AsyncIterator[M]:
        """Yield the rows of one team, those without a team for None.

        They are picked out here, as the engine breaks down on every list that it is asked to filter by team
        (grafana/oncall, `ByTeamFilter` in engine/apps/public_api).
        """
        team = team_id if team_id is UNSET else given("team_id", team_id)
        rows = self._rows(query, page_size=page_size)
        return rows if team is UNSET else self._of_team(rows, team)

    async def _of_team(self, rows: AsyncIterator[M], team: object) -> AsyncIterator[M]:
        async for row in rows:
            if getattr(row, self._team_field, None) == team:
                yield row
