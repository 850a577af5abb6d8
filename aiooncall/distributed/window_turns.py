"""Turns of one bucket over fixed windows, taken from Redis in batches.

The bucket learns from answers as it does alone. What it knows goes to Redis with each question, and what all others
know comes back with the answer. Which calls may go is decided there; a turn that is here is used without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.distributed.asking import Asking
from aiooncall.distributed.stock import FRESH, Alone, Stock, Unreported
from aiooncall.distributed.window_exchange import Question, WindowExchange
from aiooncall.limits.lane import Lane
from aiooncall.limits.probes import probe_at
from aiooncall.limits.snapshot import Held
from aiooncall.ratelimit import HeldBy

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.distributed.store import RedisStore
    from aiooncall.distributed.window_exchange import Batch
    from aiooncall.limits.bucket import Bucket
    from aiooncall.ratelimit import RateLimit

PLENTY: Final = 1_000_000
"""So many calls are wanted by who works through a list of unknown length."""
LONGEST_SILENCE: Final = 60.0
"""Seconds after which it is asked again whether a bucket that is closed still is: another process may look."""
TICK: Final = 1e-3
"""Seconds by which a moment is passed to be sure that it is over."""


class WindowTurns:
    """The turns that this process holds of one bucket.

    Args:
        store: where Redis is.
        account: which host, and as whom.
        bucket: whose they are.
        tell: told when something became known of the bucket.
    """

    def __init__(
        self, store: RedisStore, account: tuple[str, ...], bucket: Bucket, tell: Callable[[Bucket], None]
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._tell = tell
        self._now = store.clock.monotonic
        self._asking = Asking(store, self._ask, self._wake)
        self._exchange = WindowExchange(store, account, bucket)
        self._stock = Stock()
        self._alone = Alone()
        self._probe_at: float | None = None
        self._unreported = Unreported()
        self._workers = 0
        self._opens_at = {Lane.INTERACTIVE: 0.0, Lane.BULK: 0.0}
        self._closed_until = 0.0
        self._asks_again_at = 0.0
        self._number = 0
        self._left = -1
        self._is_known_there = False
        self._is_settled = False
        store.listen(self._noticed)
        bucket.admission.counts = store.away

    @property
    def workers(self) -> int | None:
        """How many processes share the bucket; None while that cannot be told."""
        return None if self._store.away or not self._workers else self._workers

    @property
    def free_at(self) -> float:
        """When a person gets a turn at the earliest, as far as is known (monotonic seconds)."""
        return 0.0 if self._store.away or self._stock.size else self._opens_at[Lane.INTERACTIVE]

    def held(self, now: float) -> Held:
        """Return why the next call waits that gets no turn, at `now` (monotonic seconds)."""
        if self._stock.probing and self._stock.size:
            return Held(HeldBy.PROBE, now, self._probe_at)
        opens_at = self._opens_at[Lane.INTERACTIVE if self._bucket.interactive else Lane.BULK]
        if opens_at <= now:
            return Held(HeldBy.TURN, now, None)
        if self._closed_until > now:
            return Held(HeldBy.REFUSAL, now, opens_at)
        return Held(HeldBy.RESERVE if self._left > 0 else HeldBy.LIMIT, now, opens_at)

    def try_acquire(self, lane: Lane, in_flight: int) -> bool:
        """Return whether a turn is there for a lane, and use it."""
        del in_flight
        stock, now = self._stock, self._now()
        if stock.for_all and now < stock.until and not (stock.probing or stock.for_people):
            stock.for_all -= 1  # the usual case, made short
            return True
        if stock.probing and stock.size and not self._may_probe(lane, now):
            return False
        if stock.take(lane, now):
            return True
        return self._try_acquire_without(lane, now)

    def _try_acquire_without(self, lane: Lane, now: float) -> bool:
        """Return whether a call may go without a turn that is here; if not, see to it that there will be one."""
        if self._bucket.admission.closed_until > now:
            return True  # it looks whether a long wait is over
        if self._store.away or (lane is Lane.INTERACTIVE and self._asking.impatient):
            return self._try_alone(lane, now)
        if now < self._opens_at[lane]:
            self._asking.wake_at(self._opens_at[lane])
        else:
            self._asking.soon(lane)
        return False

    def _try_alone(self, lane: Lane, now: float) -> bool:
        admission = self._bucket.admission
        if not self._store.away and not admission.would_admit(now, lane):
            return False
        window = admission.window
        if self._alone.may_go(window.number, window.limit, max(1, self._workers)):
            return True
        if window.end is not None:
            self._asking.wake_at(window.end.latest + TICK)
        return False

    def _may_probe(self, lane: Lane, now: float) -> bool:
        window, queue = self._bucket.admission.window, self._bucket.queue(lane)
        demand = queue[0].demand if queue else None
        left = 0 if lane is Lane.INTERACTIVE else None if demand is None else demand.left
        wanted = None if left is None else max(1, self._bucket.waiting) + left
        at = probe_at(window, now, lane, self._stock.size, wanted, planned=self._probe_at)
        if at <= now:
            self._probe_at = None
            return True
        self._probe_at = at
        self._asking.wake_at(at)
        return False

    def answered(self, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal."""
        if said is None or said.remaining is None:
            self._unreported.answered += 1
        if not self._is_settled:
            self._look_at_answer()

    def _look_at_answer(self) -> None:
        """Take in what an answer may mean to the others: the limit, or that the bucket is open."""
        admission, unreported = self._bucket.admission, self._unreported
        if self._stock.probing:
            self._probe_at = None
        if self._closed_until and admission.closed_until <= self._now() < self._closed_until:
            self._closed_until, unreported.found_open = 0.0, True
        if unreported.found_open or (not self._is_known_there and admission.window.limit is not None):
            self._asking.soon(Lane.BULK)

    def refused(self) -> None:
        """Take in that the server refused a call, and that the bucket is closed: the others are told at once."""
        until = self._bucket.admission.closed_until
        if until > self._now():
            self._unreported.closed_until = self._closed_until = until
            self._asks_again_at = self._now() + LONGEST_SILENCE
            self._is_settled = False
            self._asking.soon(Lane.BULK)

    def close(self) -> None:
        """Hand out no more."""
        self._store.unlisten(self._noticed)
        self._asking.close()
        self._stock.take_back()

    def _wake(self) -> None:
        now, stock = self._now(), self._stock
        if (self._closed_until > now >= self._asks_again_at) or (stock.size and now >= stock.until):
            self._asking.soon(Lane.BULK)  # it may be open again; others may want what was not used
        elif self._closed_until > now:
            self._asking.wake_at(self._asks_again_at)
        self._bucket.final().dispatch()

    def _noticed(self) -> None:
        """Take in that Redis went away or came back."""
        self._stock.take_back()
        self._opens_at = dict.fromkeys(self._opens_at, 0.0)
        self._bucket.admission.counts = self._store.away
        self._tell(self._bucket)
        self._bucket.dispatch()

    async def _ask(self) -> None:
        """Tell Redis what is new, and take in what it says."""
        people, bulk = self._wants()
        reported, self._unreported = self._unreported, Unreported()
        unused, extra, self._alone.unreported = self._stock.take_back(), self._alone.unreported, 0
        try:
            batch = await self._exchange.ask(Question(people, bulk, reported, self._number, unused, extra))
        except BaseException:
            self._unreported.put_back(reported)
            self._alone.unreported += extra
            raise
        self._take_in(batch, people, bulk)
        await self._exchange.publish()

    def _wants(self) -> tuple[int, int]:
        """Return how many calls of people and of bulk work want to go."""
        people, bulk = len(self._bucket.interactive), len(self._bucket.bulk)
        if bulk:
            demand = self._bucket.bulk[0].demand
            left = None if demand is None else demand.left
            bulk += PLENTY if left is None else left
        return people, bulk

    def _take_in(self, batch: Batch, people: int, bulk: int) -> None:
        now, changed = self._now(), batch.workers != self._workers
        self._number, self._workers = batch.number, batch.workers
        self._is_known_there, self._left = batch.is_known, batch.left
        self._is_settled = batch.is_known and not batch.probing and batch.closed <= batch.now
        if batch.closed > batch.now:
            self._close_until(self._store.there.latest_here(batch.closed), now)
        else:
            if self._closed_until > now:
                self._bucket.admission.reopen(now)
            self._closed_until = 0.0
            changed = self._learn(batch, now) or changed
            self._put_in_stock(batch, now)
        opens_at = max(now, self._store.there.latest_here(batch.opens)) + TICK
        for lane, asked, got in ((Lane.INTERACTIVE, people, batch.for_people), (Lane.BULK, bulk, batch.for_bulk)):
            if asked:
                self._opens_at[lane] = 0.0 if got else opens_at
        if people and not batch.for_people:
            self._bucket.reject_waiters()
        if changed:
            self._tell(self._bucket)

    def _close_until(self, until: float, now: float) -> None:
        """Close the bucket because it was refused another process."""
        self._closed_until = until
        self._asks_again_at = now + LONGEST_SILENCE
        self._asking.wake_at(min(until, self._asks_again_at))
        if self._bucket.admission.closed_until < until:
            self._bucket.admission.pause(until)
            self._bucket.reject_waiters()

    def _learn(self, batch: Batch, now: float) -> bool:
        """Take in what all processes know together; return whether something is new."""
        if not batch.is_known:
            return False
        return self._bucket.admission.adopt(now, self._exchange.facts_here(batch))

    def _put_in_stock(self, batch: Batch, now: float) -> None:
        until = now + FRESH
        if batch.is_known:
            end = self._exchange.facts_here(batch)
            around_end = batch.probing or batch.now >= batch.earliest
            until = end.latest if around_end else min(until, end.earliest)
        self._stock.fill(batch.for_people, batch.for_bulk, until=until, probing=bool(batch.probing))
        if self._stock.size:
            self._asking.wake_at(until + TICK)
