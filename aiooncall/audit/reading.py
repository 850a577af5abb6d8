"""The run of an audit, whatever the provider: what is read in which order, what is counted, what is passed over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import aclosing
from math import ceil
from typing import TYPE_CHECKING, ClassVar, TypeVar

from aiooncall.audit.account import Account
from aiooncall.audit.facts import OnDuty
from aiooncall.audit.on_schedules import not_computed
from aiooncall.client.gather import read_each
from aiooncall.errors import CodecError, Forbidden

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection

    from aiooncall.audit.models import Finding, Place
    from aiooncall.audit.question import Question
    from aiooncall.audit.report import AuditRequests
    from aiooncall.client.core import ApiCore

T = TypeVar("T")
SCHEDULES = "schedules"
"""What schedules that may not be read are called."""


class Reading(ABC):
    """One audit. It runs once.

    Args:
        core: makes the calls, of nothing but this audit.
        question: what is asked.
        requests: counts the requests.

    Attributes:
        _rows: how many rows a page of a list has.
    """

    _rows: ClassVar[int] = 100

    def __init__(self, core: ApiCore, question: Question, requests: AuditRequests) -> None:
        self._core = core
        self._question = question
        self._requests = requests
        self._account = Account(question)
        self._begun = False

    async def findings(self) -> AsyncGenerator[Finding]:
        """Yield what is wrong.

        Raises:
            RuntimeError: it was asked for before.
        """
        if self._begun:
            raise RuntimeError("an audit runs once: ask for another stream")
        self._begun = True
        await self.survey()
        await self._read_rules()
        self._count()
        for part in (self._of_schedules(), self._of_account(), self._of_people()):
            async with aclosing(part):
                async for finding in part:
                    self._requests.sent = self._core.attempts
                    yield finding
        self._requests.sent = self._core.attempts
        for finding in self._account.not_allowed():
            yield finding

    async def survey(self) -> None:
        """Read the lists, and count what else is to be read, as far as they tell.

        Raises:
            NotFound: a team that was given is not there.
        """
        await self._read_lists()
        self._count()
        self._requests.sent = self._core.attempts

    @abstractmethod
    async def _read_lists(self) -> None:
        """Read what there is."""

    @abstractmethod
    async def _read_rules(self) -> None:
        """Read what leads to policies, where no list tells it."""

    @abstractmethod
    def _count(self) -> None:
        """Count what is to be read by what is known now."""

    @abstractmethod
    async def _schedule(self, place: Place) -> tuple[OnDuty, list[Finding]]:
        """Read one schedule, and return who is on call on it, and what is wrong with it."""

    @abstractmethod
    def _of_people(self) -> AsyncGenerator[Finding]:
        """Read how everybody is told whom pages reach, and yield what is missing."""

    async def _of_schedules(self) -> AsyncGenerator[Finding]:
        """Read the schedules, and yield what is wrong with each of them."""
        if not self._question.needs_schedules:
            return
        places, on_duty = self._account.schedules_looked_at, self._account.on_duty
        on_duty |= dict.fromkeys(places, OnDuty(computed=False))

        async def read(schedule_id: str) -> tuple[OnDuty, list[Finding]]:
            try:
                return await self._schedule(places[schedule_id])
            except CodecError as problem:  # one answer that nobody understands does not hide all other schedules
                return not_computed(places[schedule_id], problem)

        async with aclosing(self._each(SCHEDULES, places, read)) as schedules:
            async for schedule_id, found in schedules:
                if found is None:  # it was deleted meanwhile
                    del on_duty[schedule_id]
                    continue
                on_duty[schedule_id], findings = found
                for finding in findings:
                    yield finding

    async def _of_account(self) -> AsyncGenerator[Finding]:
        """Yield what is wrong with how things hang together."""
        self._account.see_everybody()
        for finding in self._account.findings():
            yield finding

    async def _pages(self, rows: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield the rows of a list, and count its pages."""
        self._requests.lists += 1
        number = 0
        async for row in rows:
            number += 1
            yield row
        self._requests.lists += max(1, ceil(number / self._rows)) - 1

    async def _each(
        self, what: str, ids: Collection[str], read: Callable[[str], Awaitable[T]]
    ) -> AsyncGenerator[tuple[str, T | None]]:
        """Yield what ids stand for, None for what is not there; what may not be read is only counted."""
        async with aclosing(read_each(ids, read, concurrency=self._question.concurrency)) as reads:
            async for one, found in reads:
                if isinstance(found, Forbidden):
                    self._account.refuse(what)
                else:
                    yield one, found
