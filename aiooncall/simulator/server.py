"""The simulator: a stateful fake of the vendor's API on a loopback port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from aiohttp import web

from aiooncall._clock import SYSTEM_CLOCK
from aiooncall.simulator.datadog_auth import DatadogAuth
from aiooncall.simulator.datadog_pages import PageRoutes
from aiooncall.simulator.faults import FaultPlan
from aiooncall.simulator.ledger import Ledger, RequestRecord
from aiooncall.simulator.middleware import Pipeline
from aiooncall.simulator.origin import Origin
from aiooncall.simulator.page_store import NewPage, PageStore, Target
from aiooncall.simulator.routing import Router
from aiooncall.simulator.tags import normalise_tag
from aiooncall.simulator.windows import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from aiooncall._clock import Clock
    from aiooncall.simulator.datadog_pages import SearchMode
    from aiooncall.simulator.windows import RateRule


class Simulator:
    """A fake Datadog On-Call that keeps state, counts requests and fails on demand.

    Attributes:
        ledger: What really happened.
        faults: The plan of what goes wrong.
        elsewhere: The requests that a second origin saw; redirects point there.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock = SYSTEM_CLOCK,
        clock_skew: float = 0.0,
        rate_rules: Iterable[RateRule] = (),
        faults: FaultPlan | None = None,
        settle_delay: float = 0.05,
        search_lag: float = 0.2,
        search_mode: SearchMode = "normal",
        credentials: Mapping[str, str] | None = None,
        drift: bool = False,
        keep_requests: bool = True,
    ) -> None:
        """Prepare a server; it listens once started.

        Args:
            host: The address to listen on.
            port: The port, 0 for any free one.
            clock: The time that the server lives in.
            clock_skew: Seconds that its wall clock is ahead of the clock's.
            rate_rules: The limits; the first that covers a request counts, and without one there is no limit.
            faults: What goes wrong.
            settle_delay: Seconds from a 202 until the change is visible.
            search_lag: Seconds until the list shows what a read by id shows.
            search_mode: How the list treats queries: "empty_body" answers without a body, "ignores_tags" finds nothing
                by tag.
            credentials: API keys and their application keys; None accepts any pair or bearer token that isn't empty.
            drift: Whether answers hold fields and values that no client knows.
            keep_requests: Whether the ledger lists each event or only counts, for long runs.
        """
        self.ledger = Ledger(keep_requests=keep_requests)
        self.faults = FaultPlan() if faults is None else faults
        self.elsewhere: list[RequestRecord] = []
        self._address = host, port
        self._clock = clock
        self._clock_skew = clock_skew
        self._pages = PageStore(self.ledger, settle_delay=settle_delay)
        self._limiter = Limiter(rate_rules)
        self._elsewhere = Origin(self._record_elsewhere)
        router = Router()
        PageRoutes(self._pages, search_lag=search_lag, search_mode=search_mode, drift=drift).register(router)
        self._datadog = Origin(self._pipeline(DatadogAuth(credentials), router).handle)

    def _pipeline(self, doorkeeper: DatadogAuth, router: Router) -> Pipeline:
        return Pipeline(
            clock=self._clock,
            clock_skew=self._clock_skew,
            doorkeeper=doorkeeper,
            limiter=self._limiter,
            faults=self.faults,
            router=router,
            ledger=self.ledger,
            elsewhere=self._elsewhere,
        )

    @property
    def datadog_url(self) -> str:
        """The base URL, for the API host and the paging host alike."""
        return self._datadog.url

    @property
    def elsewhere_url(self) -> str:
        """The base URL of the second origin, which no client should ever call."""
        return self._elsewhere.url

    async def start(self) -> None:
        """Listen on both ports."""
        host, port = self._address
        try:
            await self._elsewhere.start(host, 0)
            await self._datadog.start(host, port)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop at once, whatever is under way."""
        await self._datadog.close()
        await self._elsewhere.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def add_page(
        self,
        *,
        title: str,
        status: str = "triggered",
        tags: Iterable[str] = (),
        created_at: float | None = None,
        urgency: str = "high",
    ) -> str:
        """Put a page in as if it had long been there, and return its id; nobody is notified.

        Args:
            title: The headline.
            status: The state it is in.
            tags: Tags, normalised as on create.
            created_at: Seconds since the Unix epoch; None takes the server's now.
            urgency: How urgent it is.
        """
        normal = tuple(normalise_tag(tag) for tag in tags)
        content = NewPage(title, Target("team_handle", "my-team"), urgency, tags=normal)
        wall = self._clock.time() + self._clock_skew if created_at is None else created_at
        return self._pages.plant(content, status, wall).id

    async def _record_elsewhere(self, request: web.BaseRequest) -> web.StreamResponse:
        self.elsewhere.append(RequestRecord(self._clock.monotonic(), request.method, request.path, status=200))
        return web.json_response({})
