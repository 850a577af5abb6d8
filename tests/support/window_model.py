"""What `fixed_window.lua` should do, in Python: written for its words, not after its lines."""

from __future__ import annotations

import math
from typing import NamedTuple

import attrs

SECOND = 1_000_000


@attrs.frozen(kw_only=True)
class Asked:
    """What a process asks and tells; the fields are the script's arguments in their order. Times in microseconds."""

    now: int = SECOND
    worker: str = "w"
    people: int = 0
    bulk: int = 0
    limit: int = 0
    period: int = 0
    earliest: int = 0
    latest: int = 0
    number: int = 0
    remaining: int = -1
    unused: int = 0
    extra: int = 0
    answered: int = 0
    closed: int = 0
    same: str = ""
    person_ago: int = -1


class Given(NamedTuple):
    """What it is given; the fields are those of the script's answer, without the alias."""

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


@attrs.define
class WindowModel:
    """One bucket that several processes share."""

    limit: int = 0
    period: int = 0
    end: tuple[int, int] | None = None
    number: int | None = None
    taken: int = 0
    others: int = 0
    expected: int = 0
    person_at: int | None = None
    closed: int = 0
    step_size: int = 0
    step_left: int = 0
    step_ends: int = 0
    seen: dict[str, int] = attrs.field(factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether turns can be counted."""
        return self.limit > 0 and self.period > 0 and self.end is not None

    @property
    def _ends(self) -> tuple[int, int]:
        return self.end or (0, 0)

    def ask(self, asked: Asked) -> Given:
        """Return what the script should return."""
        now = asked.now
        if self.number is None:
            self.number = now
        about, is_current = self._learn(asked)
        self._count(asked, about, is_current=is_current)
        self._close(asked, about)
        self.seen[asked.worker] = now
        horizon = now - max(2 * self.period, 10 * SECOND)
        self.seen = {worker: at for worker, at in self.seen.items() if at > horizon}
        if asked.person_ago >= 0:
            self.person_at = max(self.person_at or 0, now - asked.person_ago)
        people, bulk, probing, opens = 0, 0, 0, self.closed
        if now >= self.closed:
            people, bulk, probing, opens = (self._known if self.is_known else self._unknown)(asked)
        left = max(0, self.limit - self.taken - self.others) if self.is_known else -1
        window = self.number, self.limit, self.period, *self._ends
        return Given(people, bulk, probing, opens, *window, left, self.closed, len(self.seen), now)

    def _learn(self, asked: Asked) -> tuple[int, bool]:
        was_known, about, is_current = self.is_known, asked.number, False
        self.limit = asked.limit or self.limit
        if asked.period and asked.period != self.period:
            self.period, self.end = asked.period, None
        if was_known:
            self._next_if_due(asked.now)
        if asked.latest > asked.now and self.period:
            is_current = self._narrow(asked)
        if self.is_known and not was_known:
            self.taken, self.others = self.step_size - self.step_left, 0
            assert self.number is not None
            about = self.number
        return about, is_current

    def _next_if_due(self, now: int) -> None:
        if self.end is not None and now >= self.end[1]:
            self._next((now - self.end[1]) // self.period + 1)

    def _next(self, windows: int) -> None:
        assert self.end is not None
        assert self.number is not None
        slack = math.ceil(windows * self.period * 2e-4)
        end = self.end[0] + windows * self.period - slack, self.end[1] + windows * self.period + slack
        self.expected = self.others if windows == 1 else 0
        self.number, self.taken, self.others = self.number + windows, 0, 0
        self.end = end if end[1] - end[0] < self.period else None

    def _narrow(self, asked: Asked) -> bool:
        told = asked.earliest, asked.latest
        if self.end is None:
            self.end = told
            return True
        apart = math.floor((sum(told) - sum(self.end)) / 2 / self.period + 0.5)
        if apart > 0 and asked.now >= self.end[0]:
            self._next(apart)
            apart = 0
        told = told[0] - apart * self.period, told[1] - apart * self.period
        earliest, latest = self._ends
        both = max(told[0], earliest), min(told[1], latest)
        agrees = both[0] <= both[1]
        self.end = both if agrees else told
        self._next_if_due(asked.now)
        return agrees and apart == 0

    def _count(self, asked: Asked, about: int, *, is_current: bool) -> None:
        if about == self.number:
            self.taken = max(0, self.taken - asked.unused)
        self.taken += asked.extra
        if is_current and self.is_known and asked.remaining >= 0:
            self.others = max(self.others, self.limit - asked.remaining - self.taken)

    def _close(self, asked: Asked, about: int) -> None:
        if asked.closed < 0:
            self.closed = 0
        elif asked.closed:
            self.closed = max(self.closed, asked.now + asked.closed)
            if not self.is_known:
                self.step_size, self.step_left, self.step_ends = 1, 0, self.closed
            elif about == self.number:
                self.others = max(self.others, self.limit - self.taken)

    def _unknown(self, asked: Asked) -> tuple[int, int, int, int]:
        if not self.step_size:
            self.step_size = 4
        elif asked.answered:
            self.step_size = min(4096, 2 * self.step_size)
        if asked.answered or asked.now >= self.step_ends:
            self.step_left, self.step_ends = self.step_size, asked.now + SECOND
        people = min(asked.people, self.step_left)
        bulk = min(asked.bulk, math.ceil((self.step_left - people) / (2 * len(self.seen))))
        self.step_left -= people + bulk
        return people, bulk, 0, min(self.step_ends, asked.now + SECOND // 20)

    def _known(self, asked: Asked) -> tuple[int, int, int, int]:
        assert self.end is not None
        now, (earliest, latest) = asked.now, self.end
        expected = math.floor(self.expected * max(0, latest - now) / self.period)
        left = max(0, self.limit - self.taken - max(self.others, expected))
        kept = self._reserve(now)
        people = min(asked.people, left)
        bulk, probing = self._share(asked.bulk, max(0, left - people - kept))
        self.taken += people + bulk
        opens = latest
        if left > people and kept:
            assert self.person_at is not None
            opens = min(earliest - SECOND // 10 - (self._quarters(now) - 1) * SECOND // 2, self.person_at + self.period)
        if expected > self.others:
            opens = min(opens, now + math.ceil(self.period / 20))
        return people, bulk, probing, opens

    def _reserve(self, now: int) -> int:
        if self.period <= 2 * SECOND or self.person_at is None or now - self.person_at > self.period:
            return 0
        return min(50, self.limit // 20) * self._quarters(now) // 4

    def _quarters(self, now: int) -> int:
        assert self.end is not None
        return min(4, math.ceil(max(0, self.end[0] - SECOND // 10 - now) / (SECOND // 2)))

    def _share(self, wanted: int, left: int) -> tuple[int, int]:
        assert self.end is not None
        is_sharp = self.end[1] - self.end[0] <= min(self.period / 40, SECOND / 10)
        share, probes = min(wanted, math.ceil(left / (2 * len(self.seen)))), min(8, self.limit // 16)
        if is_sharp or not probes or not left or wanted <= left:
            return share, 0
        return (left, 1) if left <= probes else (min(share, left - probes), 0)
