"""The routes of Datadog On-Call Paging, on the API host and the paging host alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aiooncall.simulator.datadog.json_api import JSON_API
from aiooncall.simulator.datadog.page_json import list_document, page_document
from aiooncall.simulator.datadog.page_requests import read_list_options, read_new_page, read_new_target
from aiooncall.simulator.datadog.search import parse_query
from aiooncall.simulator.http.routing import JSON_TYPE, Answer, Refusal, error_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.page_requests import ListOptions
    from aiooncall.simulator.datadog.page_store import Page, PageStore, Snapshot
    from aiooncall.simulator.http.routing import Call, Moment, Router

SearchMode: TypeAlias = Literal["normal", "empty_body", "ignores_tags"]

PAGES = "/api/v2/on-call/pages"


class PageRoutes:
    """Creates, changes and shows pages."""

    def __init__(self, store: PageStore, envelope: Envelope, *, search_lag: float, search_mode: SearchMode) -> None:
        self._store = store
        self._envelope = envelope
        self._search_lag = search_lag
        self._search_mode = search_mode

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", PAGES, self._create)
        router.add("GET", PAGES, self._list)
        router.add("GET", f"{PAGES}/{{id}}", self._get)
        router.add("POST", f"{PAGES}/{{id}}/acknowledge", self._action(self._store.acknowledge))
        router.add("POST", f"{PAGES}/{{id}}/escalate", self._action(self._store.escalate))
        router.add("POST", f"{PAGES}/{{id}}/resolve", self._action(self._store.resolve))
        router.add("POST", f"{PAGES}/{{id}}/reroute", self._reroute)

    def _create(self, call: Call) -> Answer:
        page = self._store.create(read_new_page(call.body), call.now)
        return self._envelope.send(200, {"data": {"id": page.id, "type": "pages"}}, JSON_TYPE)

    def _action(self, change: Callable[[Page, Moment], None]) -> Callable[[Call], Answer]:
        def handle(call: Call) -> Answer:
            change(self._page(call), call.now)
            return Answer(202)

        return handle

    def _reroute(self, call: Call) -> Answer:
        self._store.reroute(self._page(call), read_new_target(call.body), call.now)
        return Answer(202)

    def _get(self, call: Call) -> Answer:
        return self._envelope.send(200, page_document(self._page(call).seen(call.now.monotonic)))

    def _list(self, call: Call) -> Answer:
        options = read_list_options(call.query)
        if self._search_mode == "empty_body":
            return Answer(200, content_type=JSON_API)
        found = self._find(options, call.now.monotonic - self._search_lag)
        start = options.number * options.size
        return self._envelope.send(200, list_document(found[start : start + options.size], len(found), options))

    def _find(self, options: ListOptions, at: float) -> list[Snapshot]:
        """Search the index, which is the store as it was one lag ago."""
        terms = parse_query(options.query)
        if self._search_mode == "ignores_tags" and any(term.facet == "tag" for term in terms):
            return []
        seen = (page.seen(at) for page in self._store if page.exists(at))
        found = [page for page in seen if all(term.matches(page) for term in terms)]
        field = options.sort.removeprefix("-")
        return sorted(found, key=_SORT_KEYS[field], reverse=options.sort.startswith("-"))

    def _page(self, call: Call) -> Page:
        page = self._store.get(call.ids[0])
        if page is None:
            error = {"title": "Not Found", "detail": f"no page has the id {call.ids[0]}"}
            raise Refusal(error_answer(404, error))
        return page


# A page has no priority here, so sorting by it goes by urgency.
_SORT_KEYS: dict[str, Callable[[Snapshot], tuple[Any, int]]] = {
    "created_at": lambda seen: (seen.page.created_at, seen.page.number),
    "modified_at": lambda seen: (seen.version.modified_at, seen.page.number),
    "status": lambda seen: (seen.version.status, seen.page.number),
    "priority": lambda seen: (seen.urgency, seen.page.number),
}
