"""Faults: the ways in which a request can go wrong on purpose, and the plan of when each one strikes.

Of every fault it is certain whether the request took effect, because that is what a client cannot see: an error after
the effect looks like one before it, and both look like a dropped connection. The ledger tells them apart.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FaultKind(StrEnum):
    """A way for a request to go wrong; the comments say whether its effect is committed."""

    THROTTLE = "throttle"  # not committed: 429 with the rule's usual headers
    THROTTLE_BARE = "throttle_bare"  # not committed: 429 without headers
    THROTTLE_HTML = "throttle_html"  # not committed: 429 without rate headers, an HTML body in chunks
    ERROR_BEFORE = "error_before"  # not committed: an error status
    ERROR_AFTER = "error_after"  # committed: an error status
    DROP_BEFORE = "drop_before"  # not committed: no answer
    DROP_AFTER = "drop_after"  # committed: no answer
    SLOW = "slow"  # committed at once: the answer comes late
    SLOW_BODY = "slow_body"  # committed at once: the headers come now, the body late
    TRUNCATED_BODY = "truncated_body"  # committed: the body ends early
    EMPTY_OK = "empty_ok"  # committed: 200 with no body
    REDIRECT = "redirect"  # not committed: 307 to another origin
    HUGE_BODY = "huge_body"  # committed: far more JSON than asked for
    GARBAGE_HEADERS = "garbage_headers"  # committed: absurd rate headers


THROTTLES = frozenset({FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.THROTTLE_HTML})


@attrs.frozen
class Fault:
    """One fault.

    Attributes:
        kind: What goes wrong.
        status: The status of an error; None takes 503 before and 504 after the effect.
        delay: Seconds that the slow kinds wait.
        retry_after: The text of a `Retry-After` header on throttles and errors; None sends none.
        size: Bytes of a huge body.
        html: Whether an error's body is HTML instead of JSON.
        object_errors: Whether an error's JSON lists objects instead of texts.
    """

    kind: FaultKind
    status: int | None = None
    delay: float = 30.0
    retry_after: str | None = None
    size: int = 64 * 1024 * 1024
    html: bool = False
    object_errors: bool = False


@attrs.define
class _Script:
    method: str
    path: str
    steps: deque[Fault | None]

    def covers(self, method: str, path: str) -> bool:
        return bool(self.steps) and method == self.method and fnmatchcase(path, self.path)


@attrs.define
class _Seeded:
    random: random.Random
    rates: tuple[tuple[Fault, float], ...]
    methods: frozenset[str] | None
    path: str
    left: float

    def draw(self, method: str, path: str) -> Fault | None:
        if self.left < 1 or not fnmatchcase(path, self.path) or not (self.methods is None or method in self.methods):
            return None
        ball = self.random.random()
        for fault, rate in self.rates:
            ball -= rate
            if ball < 0:
                self.left -= 1
                return fault
        return None


class FaultPlan:
    """The plan of which requests go wrong and how; scripted faults come before seeded ones.

    Attributes:
        injected: How many faults of each kind really happened.
    """

    def __init__(self) -> None:
        self.injected: Counter[FaultKind] = Counter()
        self._scripts: list[_Script] = []
        self._seeded: list[_Seeded] = []

    def script(self, method: str, path: str, *steps: Fault | None) -> None:
        """Give the next matching requests these faults in order; None lets one through unharmed.

        Args:
            method: The HTTP method.
            path: The path, exact or a glob; `*` also matches slashes.
            steps: What happens to the first matching request, the second, and so on.
        """
        self._scripts.append(_Script(method, path, deque(steps)))

    def pending(self) -> list[tuple[str, str, Fault]]:
        """Return the scripted faults that have not struck yet, each with its method and path, in order."""
        return [
            (script.method, script.path, step) for script in self._scripts for step in script.steps if step is not None
        ]

    def seed(
        self,
        *,
        seed: int,
        rates: Mapping[Fault, float],
        methods: Iterable[str] | None = None,
        path: str = "*",
        limit: int | None = None,
    ) -> None:
        """Let requests go wrong at random, the same way for the same seed and order of requests.

        Args:
            seed: Starts the random sequence.
            rates: The share of matching requests that each fault strikes; together at most 1.
            methods: The HTTP methods; None matches all.
            path: The path, exact or a glob.
            limit: How many faults to draw in all; None sets no limit.
        """
        self._seeded.append(
            _Seeded(
                random=random.Random(seed),  # noqa: S311 - repeatable, not secret
                rates=tuple(rates.items()),
                methods=None if methods is None else frozenset(methods),
                path=path,
                left=float("inf") if limit is None else limit,
            )
        )

    def draw(self, method: str, path: str) -> Fault | None:
        """Return what happens to the request at hand, and count it."""
        fault = self._next(method, path)
        if fault is not None:
            self.injected[fault.kind] += 1
        return fault

    def _next(self, method: str, path: str) -> Fault | None:
        for script in self._scripts:
            if script.covers(method, path):
                return script.steps.popleft()
        for seeded in self._seeded:
            fault = seeded.draw(method, path)
            if fault is not None:
                return fault
        return None
