"""The audit of an account as clients offer it: as a report, as a stream of findings, or only counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from aiooncall.audit.facts import URGENCIES
from aiooncall.audit.kinds import FindingKind
from aiooncall.audit.question import LONGEST_STRETCH, question
from aiooncall.audit.report import Audit, AuditRequests, AuditStream, worst_first
from aiooncall.fanout import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aiooncall._base.validation import Seconds
    from aiooncall.audit.question import Question
    from aiooncall.audit.reading import Reading
    from aiooncall.client.core import ApiCore


class Auditing(ABC):
    """An audit. Call it for a report; `stream` yields findings as they are made, and `plan` counts requests.

    All requests go in the lane of bulk jobs, so that those that people wait for pass them, and have no deadline. What
    can be asked is the same for all three:

    Args:
        teams: ids or handles of teams; what they own, what their rules lead to and what their policies point at is
            looked at. None for all there is.
        start: an aware datetime; now unless given.
        days: how long to look ahead, 1 to 366; 14 unless given.
        end: an aware datetime, instead of `days`.
        kinds: what to look for; what a kind alone needs is not read without it. `not_computed` and `not_allowed` are
            told whatever is looked for, and `not_allowed` alone is nothing to look for.
        urgencies: `high`, `low` or both: of which pages people have to be told.
        max_stretch: how long one person may be on call on a schedule without a break: seconds, or a timedelta. Only the
            time that is looked at counts.
        concurrency: how many requests are under way at most.
    """

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def __call__(
        self,
        *,
        teams: Iterable[str] | str | None = None,
        start: datetime | None = None,
        days: int | None = None,
        end: datetime | None = None,
        kinds: Iterable[FindingKind | str] = FindingKind,
        urgencies: Iterable[str] = URGENCIES,
        max_stretch: Seconds = LONGEST_STRETCH,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> Audit:
        """Return what is wrong, the worst first.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
            NotFound: no team has a handle that was given.
            Forbidden: the credentials may not list what there is.
        """
        asked = self._asked(
            teams=teams,
            start=start,
            days=days,
            end=end,
            kinds=kinds,
            urgencies=urgencies,
            max_stretch=max_stretch,
            concurrency=concurrency,
        )
        requests = AuditRequests()
        findings = [finding async for finding in self._reading(asked, requests).findings()]
        return Audit(start=asked.start, end=asked.end, findings=worst_first(findings), requests=requests)

    def stream(
        self,
        *,
        teams: Iterable[str] | str | None = None,
        start: datetime | None = None,
        days: int | None = None,
        end: datetime | None = None,
        kinds: Iterable[FindingKind | str] = FindingKind,
        urgencies: Iterable[str] = URGENCIES,
        max_stretch: Seconds = LONGEST_STRETCH,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> AuditStream:
        """Return the same findings to be iterated over as they are made, with the count of requests so far.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
        """
        asked = self._asked(
            teams=teams,
            start=start,
            days=days,
            end=end,
            kinds=kinds,
            urgencies=urgencies,
            max_stretch=max_stretch,
            concurrency=concurrency,
        )
        requests = AuditRequests()
        return AuditStream(requests, self._reading(asked, requests).findings)

    async def plan(
        self,
        *,
        teams: Iterable[str] | str | None = None,
        start: datetime | None = None,
        days: int | None = None,
        end: datetime | None = None,
        kinds: Iterable[FindingKind | str] = FindingKind,
        urgencies: Iterable[str] = URGENCIES,
        max_stretch: Seconds = LONGEST_STRETCH,
        concurrency: int = DEFAULT_CONCURRENCY,
    ) -> AuditRequests:
        """Read only the lists, and return how many requests an audit takes, as far as they tell.

        How many people there are to ask for is known once the schedules were read.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
            NotFound: no team has a handle that was given.
            Forbidden: the credentials may not list what there is.
        """
        asked = self._asked(
            teams=teams,
            start=start,
            days=days,
            end=end,
            kinds=kinds,
            urgencies=urgencies,
            max_stretch=max_stretch,
            concurrency=concurrency,
        )
        requests = AuditRequests()
        await self._reading(asked, requests).survey()
        return requests

    @abstractmethod
    def _reading(self, asked: Question, requests: AuditRequests) -> Reading:
        """Return what reads an account of this provider."""

    def _asked(self, **given: Any) -> Question:  # noqa: ANN401 (it is checked)
        return question(self._core.options.clock.time(), **given)
