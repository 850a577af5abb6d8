"""One question to Redis about a bucket over fixed windows, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.distributed.asking import key, key_of
from aiooncall.distributed.server_clock import MICROSECONDS
from aiooncall.distributed.stock import Unreported
from aiooncall.distributed.store import Script
from aiooncall.limits.window import WindowFacts

if TYPE_CHECKING:
    from aiooncall.distributed.store import RedisStore
    from aiooncall.limits.bucket import Bucket

SCRIPT: Final = Script("fixed_window")
NO_NEWS: Final = Unreported()
LATELY: Final = 86_400.0
"""No window is longer, in seconds."""


class Batch(NamedTuple):
    """What Redis answered, as `fixed_window.lua` has it. Times are its own microseconds."""

    for_people: int
    for_bulk: int
    probing: int
    opens: int
    number: int
    limit: int
    period: int
    earliest: int
    latest: int
    left: int
    closed: int
    workers: int
    now: int
    same: bytes | str

    @property
    def is_known(self) -> bool:
        """Whether the limit and the window's end are."""
        return self.left >= 0


class Question(NamedTuple):
    """What is asked for and told.

    Attributes:
        people: calls of people that wait.
        bulk: calls of bulk work that are wanted.
        news: what happened since the last question.
        number: the window whose turns come back.
        unused: the turns that do.
        extra: calls that had no turn.
    """

    people: int = 0
    bulk: int = 0
    news: Unreported = NO_NEWS
    number: int = 0
    unused: int = 0
    extra: int = 0


class WindowExchange:
    """Asks for turns, tells what was learned, and knows what was told before.

    Args:
        store: where Redis is.
        account: which host, and as whom.
        bucket: whose turns they are.
    """

    def __init__(self, store: RedisStore, account: tuple[str, ...], bucket: Bucket) -> None:
        self._store = store
        self._account = account
        self._bucket = bucket
        self._told: tuple[str, int | None, float | None] | None = None
        self._alias = ""
        self._published: set[str] = set()

    async def ask(self, question: Question) -> Batch:
        """Return the turns that there are.

        Raises:
            Away: Redis does not answer.
        """
        asked = self._key()
        batch = await self._run(asked, question)
        if batch.same and self._bucket.name is None:
            self._alias = batch.same.decode() if isinstance(batch.same, bytes) else batch.same
        if self._key() != asked or self._is_forgotten(batch):
            self._told = None
            batch = await self._run(self._key(), Question(question.people, question.bulk))
        return batch

    async def publish(self) -> None:
        """Tell whoever knows only a route where the server counts it, once it has said so."""
        if self._bucket.name is None:
            return
        for route in set(self._bucket.routes) - self._published:
            self._published.add(route)
            await self._run(self._route_key(route), Question(), same=self._key())

    def facts_here(self, batch: Batch) -> WindowFacts:
        """Return what is known of the window, with its end on the clock here."""
        there = self._store.there
        end = there.earliest_here(batch.earliest), there.latest_here(batch.latest)
        return WindowFacts(batch.limit, batch.period / MICROSECONDS, batch.left, *end)

    def _key(self) -> str:
        """Return what the bucket is called: by its name, or as others have seen its route counted, or by its route."""
        if self._bucket.name is not None:
            return key_of(*self._account, "name", self._bucket.name)
        return self._alias or self._route_key(self._bucket.routes[0])

    def _route_key(self, route: str) -> str:
        return key_of(*self._account, "route", route)

    def _is_forgotten(self, batch: Batch) -> bool:
        """Return whether the limit was told before, and is not there any more: the data are lost."""
        return batch.limit == 0 and self._bucket.admission.window.limit is not None

    async def _run(self, bucket: str, question: Question, same: str = "") -> Batch:
        window, store = self._bucket.admission.window, self._store
        sent = store.clock.monotonic()
        answer = await store.run(
            SCRIPT,
            (key(bucket, "window"), key(bucket, "workers")),
            (
                *(store.worker, question.people, question.bulk),
                *(self._facts(bucket) if not same else (0, 0, 0, 0)),
                *(question.number, self._remaining(), question.unused, question.extra),
                *(question.news.answered, self._closing(question.news), same, self._person_ago()),
            ),
        )
        batch = Batch._make(answer)
        store.there.saw(sent, store.clock.monotonic(), batch.now)
        if not same:
            self._told = bucket, window.limit, window.period
        return batch

    def _facts(self, bucket: str) -> tuple[int, int, int, int]:
        """Return limit and period if `bucket` was not told them, and the window's end; zeros for what is not known."""
        window = self._bucket.admission.window
        if self._told == (bucket, window.limit, window.period):
            return 0, 0, *self._end()
        return window.limit or 0, int((window.period or 0.0) * MICROSECONDS), *self._end()

    def _end(self) -> tuple[int, int]:
        """Return the window's end as Redis would tell it; zeros if it is not known."""
        window, there = self._bucket.admission.window, self._store.there
        if window.end is None or window.period is None or not there.is_set:
            return 0, 0
        return there.earliest_there(window.end.earliest), there.latest_there(window.end.latest)

    def _remaining(self) -> int:
        """Return what the server said is left in the window, whose end is told as well; -1 if that is unknown."""
        remaining = self._bucket.admission.window.remaining
        return -1 if remaining is None else remaining

    def _person_ago(self) -> int:
        """Return how long ago a person last called, in microseconds; -1 if that is not lately."""
        if self._bucket.interactive:
            return 0
        ago = self._store.clock.monotonic() - self._bucket.admission.interactive_at
        return int(ago * MICROSECONDS) if ago < LATELY else -1

    def _closing(self, news: Unreported) -> int:
        """Return for how long the bucket is closed, in microseconds; -1 if it was found open, 0 if nothing is new."""
        if news.closed_until > 0.0:
            return max(1, int((news.closed_until - self._store.clock.monotonic()) * MICROSECONDS))
        return -1 if news.found_open else 0
