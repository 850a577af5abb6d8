"""Pages: create, list, get, acknowledge, escalate, resolve, reroute.

Creating and acting on pages goes to the paging host, reading to the API host
(https://docs.datadoghq.com/api/latest/on-call-paging/, https://docs.datadoghq.com/api/latest/on-call/).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.json import as_object
from aiooncall._base.validation import aware, count, one_of
from aiooncall.client.delivery import Delivery, check_delivery, deliver, look
from aiooncall.client.pagination import paginate
from aiooncall.codec import dumps
from aiooncall.datadog.models.page import CreatedPage, Page, PageSort, Urgency
from aiooncall.datadog.resources import dedup
from aiooncall.datadog.resources.base import read_many, read_one
from aiooncall.datadog.writing.page import page_attributes, target_of
from aiooncall.errors import ApiError, CodecError, OptionsError, ResultLimitReached, TransportError
from aiooncall.fanout import DEFAULT_CONCURRENCY, many
from aiooncall.jsonapi import parse_document
from aiooncall.limits.lane import Lane
from aiooncall.transport.endpoint import About, Endpoint, Idempotency

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.page import Target
    from aiooncall.fanout import FanOut
    from aiooncall.jsonapi import Graph
    from aiooncall.transport.deadline_scope import DeadlineScope
    from aiooncall.transport.watch import CallWatch

    Targets = Iterable[str] | AsyncIterable[str] | Iterable[Page] | AsyncIterable[Page]

_PAGES = "/api/v2/on-call/pages"
_PAGE = "/api/v2/on-call/pages/{page_id}"
CREATE: Final = Endpoint("POST", _PAGES, Idempotency.NON_IDEMPOTENT, host="paging")
LIST: Final = Endpoint("GET", _PAGES)
GET: Final = Endpoint("GET", _PAGE)
ACKNOWLEDGE: Final = Endpoint("POST", f"{_PAGE}/acknowledge", Idempotency.IDEMPOTENT, has_result=False, host="paging")
RESOLVE: Final = Endpoint("POST", f"{_PAGE}/resolve", Idempotency.IDEMPOTENT, has_result=False, host="paging")
ESCALATE: Final = Endpoint("POST", f"{_PAGE}/escalate", Idempotency.NON_IDEMPOTENT, has_result=False, host="paging")
REROUTE: Final = Endpoint("POST", f"{_PAGE}/reroute", Idempotency.NON_IDEMPOTENT, has_result=False, host="paging")

LARGEST_PAGE: Final = 1000
"""Rows in one request at most (https://docs.datadoghq.com/api/latest/on-call/)."""
LIST_BOUND: Final = 50_000
"""`page[number] * page[size]` has to stay below this (same page)."""


class Pages:
    """The pages of one Datadog account."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def create(
        self,
        title: str,
        *,
        target: Target,
        urgency: Urgency | str = Urgency.HIGH,
        description: str | None = None,
        tags: Iterable[str] = (),
        dedup_key: str | None = None,
        unless_open: bool = False,
        delivery: Delivery | str = Delivery.AT_MOST_ONCE,
    ) -> CreatedPage:
        """Page somebody, once.

        When the request was sent but its answer was lost, it is not sent again, unless `delivery` says so. With a
        `dedup_key` the page is first looked for by the tag `dedup_key:…`, for up to `reconcile_timeout`; use a new key
        for each event.

        Args:
            title: the headline.
            target: who is paged.
            urgency: how urgent it is.
            description: context shown with the page.
            tags: tags such as `service:checkout`.
            dedup_key: lower-case letters, digits and `_ - : . /`, at most 190 characters. It finds the page again after
                a lost answer. It does not keep a second `create` with the same key from making a second page.
            unless_open: whether to look first for a page with the key that is triggered or acknowledged, and to return
                the newest of them. Two callers at once can still both make one. If the look fails, so does the call,
                but for `at_least_once`, which spends at most half of its deadline on each look.
            delivery: what to do when it is unknown whether the page exists and looking did not tell: `at_most_once`
                raises, `at_least_once` sends it again, within the deadline.

        Returns:
            The page's id, whether it is new, whether it had to be looked for, and whether it may be there twice.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether the page exists is unknown.
        """
        check_delivery(delivery)
        attributes = page_attributes(title, target, urgency, description, tags)
        if unless_open and dedup_key is None:
            raise OptionsError("unless_open", value=True, expected="a dedup_key beside it, to look for a page by")
        if dedup_key is not None:
            attributes["tags"] = [*attributes["tags"], dedup.tag(dedup_key)]
        body = dumps({"data": {"type": "pages", "attributes": attributes}})
        about = _about(title, dedup_key)
        watch = self._core.watch(CREATE, about=about)
        send = partial(self._core.fetch, CREATE, read=_created_id, body=body, about=about, watch=watch)
        return await self._send(send, dedup_key, delivery, watch, unless_open=unless_open)

    async def _send(
        self,
        send: Callable[[], Awaitable[str]],
        dedup_key: str | None,
        delivery: Delivery | str,
        watch: CallWatch | None,
        *,
        unless_open: bool,
    ) -> CreatedPage:
        """Send a checked page, unless an open one is there and wanted instead, and note the result."""
        core, connection, find = self._core, self._core.connection, None
        if dedup_key is not None:
            started = core.options.clock.time()
            find = partial(dedup.find, self.list, dedup_key, started, connection.made.is_new, core.options)
        with core.one_deadline() as deadline:
            if unless_open and dedup_key and (known := await self._open(dedup_key, delivery, deadline)):
                return CreatedPage(id=known, created=False)
            made = await deliver(core, send, find, delivery, watch)
        if dedup_key is not None:
            connection.made.is_new(made.result)
            connection.by_key.put(dedup_key, made.result)
        return CreatedPage(id=made.result, reconciled=made.reconciled, maybe_twice=made.maybe_twice)

    async def find(self, dedup_key: str) -> Page | None:
        """Return the newest page with a `dedup_key`, or None.

        It is looked for by a search and among the 100 newest pages; how Datadog searches for tags is not documented.
        What this client has made is found at once, other pages a moment after they were made.

        Raises:
            OptionsError: it cannot be a key.
        """
        dedup.tag(dedup_key)
        with self._core.one_deadline():
            return await dedup.find_newest(self.list, self.get, dedup_key, self._core.connection.by_key.get(dedup_key))

    async def _open(self, dedup_key: str, delivery: Delivery | str, deadline: DeadlineScope) -> str | None:
        """Return the id of an open page with a key; None also if nobody can tell and the page must not be lost."""
        find = partial(dedup.find_open, self.list, self.get, dedup_key, self._core.connection)
        try:
            page = await look(find, delivery, deadline)
        except (ApiError, TransportError, CodecError):
            if delivery != Delivery.AT_LEAST_ONCE:
                raise
            return None
        return None if page is None else page.id

    async def list(
        self,
        query: str | None = None,
        *,
        page_size: int = 100,
        sort: PageSort | str | None = None,
        since: datetime | None = None,
    ) -> AsyncIterator[Page]:
        """Yield pages as they are read, request by request.

        Args:
            query: a search such as `status:triggered team:checkout`.
            page_size: rows in one request, at most 1000.
            sort: the order; with `since` it has to be newest first, which is then the default.
            since: an aware datetime; pages created before it end the list.

        Raises:
            ResultLimitReached: the server gives out no more than 50 000 rows and there may be more.
        """
        async for document_page in paginate(self._fetcher(query, page_size, sort, since), lambda page: page.id, 0):
            if since is not None and document_page.created_at < since:
                return
            yield document_page

    async def get(self, page_id: str, /) -> Page:
        """Return one page as it is now.

        Raises:
            NotFound: there is no such page.
        """
        return await self._core.fetch(GET, page_id, read=partial(read_one, kind=Page))

    async def acknowledge(self, page_id: str) -> None:
        """Acknowledge a page. Datadog accepts it now and does it a moment later."""
        await self._core.call(ACKNOWLEDGE, page_id)

    async def resolve(self, page_id: str) -> None:
        """Resolve a page. Datadog accepts it now and does it a moment later; it cannot be undone."""
        await self._core.call(RESOLVE, page_id)

    async def escalate(self, page_id: str) -> None:
        """Escalate a page to the next step, once.

        Raises:
            AmbiguousOutcome: it was sent and its effect is unknown; it was not sent again.
        """
        await self._core.call(ESCALATE, page_id)

    async def reroute(self, page_id: str, *, target: Target) -> None:
        """Send a page to another team or user, once.

        Raises:
            AmbiguousOutcome: it was sent and its effect is unknown; it was not sent again.
        """
        body = dumps({"data": {"type": "pages", "attributes": {"target": target_of(target)}}})
        await self._core.call(REROUTE, page_id, body=body)

    def acknowledge_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Acknowledge any number of pages: await the job for its report, or iterate over it.

        Args:
            ids: an iterable or async iterable of ids, or of pages as `list` yields them.
            concurrency: how many requests at once.
        """
        return self._many(ACKNOWLEDGE, ids, concurrency)

    def resolve_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Resolve any number of pages: await the job for its report, or iterate over it. It cannot be undone.

        Args:
            ids: an iterable or async iterable of ids, or of pages as `list` yields them.
            concurrency: how many requests at once.
        """
        return self._many(RESOLVE, ids, concurrency)

    def escalate_many(self, ids: Targets, *, concurrency: int = DEFAULT_CONCURRENCY) -> FanOut:
        """Escalate any number of pages, each once: await the job for its report, or iterate over it.

        Args:
            ids: an iterable or async iterable of ids, or of pages as `list` yields them.
            concurrency: how many requests at once.
        """
        return self._many(ESCALATE, ids, concurrency)

    def _many(self, endpoint: Endpoint, ids: Targets, concurrency: int) -> FanOut:
        action = partial(self._core.call, endpoint, lane=Lane.BULK)
        repeatable = endpoint.idempotency is Idempotency.IDEMPOTENT
        return many(ids, action, Page, concurrency=concurrency, repeatable=repeatable)

    def _fetcher(self, query: str | None, page_size: int, sort: PageSort | str | None, since: datetime | None) -> Any:  # noqa: ANN401 (a closure for paginate)
        size = count("page_size", page_size, most=LARGEST_PAGE)
        order = _sort(sort, since)
        fixed = {"page[size]": str(size)} | ({"filter[query]": query} if query else {})
        fixed |= {"sort": order} if order else {}

        async def fetch(number: int) -> tuple[list[Page], int | None]:
            if number * size >= LIST_BOUND:
                raise ResultLimitReached(
                    f"the server lists at most {LIST_BOUND} pages and there may be more: narrow the query",
                    limit=LIST_BOUND,
                )
            place = {**fixed, "page[number]": str(number)}
            graph = await self._core.fetch(LIST, query=place, read=partial(read_many, kind=Page))
            return graph.data, number + 1 if _may_have_more(graph) else None

        return fetch


def _sort(sort: PageSort | str | None, since: datetime | None) -> str | None:
    chosen = None if sort is None else one_of("sort", sort, PageSort)
    if since is None:
        return chosen
    aware("since", since)
    if chosen not in {None, PageSort.CREATED_AT_DESCENDING}:
        raise OptionsError("sort", sort, f"{PageSort.CREATED_AT_DESCENDING} together with since")
    return PageSort.CREATED_AT_DESCENDING.value


def _may_have_more(graph: Graph[Page]) -> bool:
    # A short page does not prove the end, since the server may cap the size; only an empty one, or its own word, does.
    if not graph.data:
        return False
    meta = graph.meta.get("page")
    return not (isinstance(meta, dict) and "next_number" in meta and meta["next_number"] is None)


def _about(title: str, dedup_key: str | None) -> About:
    if dedup_key is None:
        return About({"title": title}, "look for its title among the newest pages before doing it again")
    return About({"title": title, "dedup_key": dedup_key}, "pages.find(dedup_key) tells whether it is there")


def _created_id(body: bytes) -> str:
    document = parse_document(body)
    created = (as_object(document.data[0]) if document.single else None) or {}
    identifier = created.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise CodecError("the page was accepted, but the answer has no id", path="$.data.id")
    return identifier
