"""The recorder: intents at once and together, outcomes in batches, trouble not hidden."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import JournalError
from aiooncall.bulk.recorder import LONGEST_WAIT, MOST_WAITING, Recorder
from aiooncall.bulk.timeline import Timeline
from aiooncall.client.base import core_of
from tests.support.datadog_client import datadog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Notebook:
    """Stands in for a journal, and remembers what was written when."""

    def __init__(self) -> None:
        self.written: list[tuple[list[int], list[int]]] = []
        self.sending: frozenset[int] = frozenset()
        self.problem: Exception | None = None

    def write(self, changes: Any, sending: frozenset[int], seconds: Any, at: str) -> None:
        """Take in what would be written: positions of new intents, and of outcomes."""
        del seconds
        assert at == "now"
        if self.problem is not None:
            raise self.problem
        begun = sorted(sending - self.sending)
        self.sending = sending
        if begun or changes:
            self.written.append((begun, list(changes)))


DONE: Any = ("done", None, None, 0.0, False)


@asynccontextmanager
async def recording() -> AsyncIterator[tuple[Notebook, Recorder]]:
    """Yield a notebook and a recorder that writes to it."""
    notebook: Any = Notebook()
    async with datadog() as (_, client):
        recorder = Recorder(notebook, Timeline(core_of(client), client.options.clock), lambda: "now")
        recorder.start()
        yield notebook, recorder


async def test_outcomes_are_written_together() -> None:
    """Outcomes gather for a moment, and not longer; what is left is written at the end."""
    async with recording() as (notebook, recorder):
        for position in range(5):
            recorder.finished(position, DONE)
            await asyncio.sleep(LONGEST_WAIT / 10)
        assert notebook.written == []
        await asyncio.sleep(LONGEST_WAIT)
        assert notebook.written == [([], [0, 1, 2, 3, 4])]
        recorder.finished(5, DONE)
        await recorder.close()
        assert notebook.written[1:] == [([], [5])]


async def test_many_outcomes_are_written_at_once() -> None:
    """When many outcomes have gathered they are written without waiting."""
    async with recording() as (notebook, recorder):
        for position in range(MOST_WAITING):
            recorder.finished(position, DONE)
        await asyncio.sleep(LONGEST_WAIT / 10)
        assert [len(outcomes) for _, outcomes in notebook.written] == [MOST_WAITING]
        await recorder.close()


async def test_intents_are_written_together_and_waited_for() -> None:
    """All who wait at once share one transaction, which takes outcomes along; none waits for a batch to fill."""
    async with recording() as (notebook, recorder):
        recorder.finished(20, DONE)
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(recorder.begin(position) for position in range(20)))
        assert asyncio.get_running_loop().time() - started < LONGEST_WAIT / 2
        assert notebook.written == [(list(range(20)), [20])]
        await recorder.close()


async def test_trouble_reaches_everybody() -> None:
    """What cannot be written is raised to those who wait, to those who come later, and at the end."""
    async with recording() as (notebook, recorder):
        notebook.problem = JournalError("job.db", "full")
        found = await asyncio.gather(*(recorder.begin(position) for position in range(3)), return_exceptions=True)
        assert found == [notebook.problem] * 3
        assert recorder.problem is notebook.problem
        with pytest.raises(JournalError):
            await recorder.begin(4)
        recorder.finished(5, DONE)
        with pytest.raises(JournalError):
            await recorder.close()
        assert notebook.written == []


async def test_trouble_while_others_come() -> None:
    """Somebody who comes while a write is failing is told too."""
    async with recording() as (notebook, recorder):
        first = asyncio.ensure_future(recorder.begin(1))
        await asyncio.sleep(0)
        notebook.problem = JournalError("job.db", "full")
        second = asyncio.ensure_future(recorder.begin(2))
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert found[1] is notebook.problem
        with pytest.raises(JournalError):
            await recorder.close()


async def test_somebody_who_leaves_does_not_disturb_the_others() -> None:
    """One who is cancelled while waiting does not take the write away from the others."""
    async with recording() as (notebook, recorder):
        waiting = [asyncio.ensure_future(recorder.begin(position)) for position in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.gather(*waiting[1:])
        assert waiting[0].cancelled()
        await recorder.close()
        assert notebook.written == [([0, 1, 2], [])]


async def test_last_word_counts() -> None:
    """Of what happens to an item between two writes only the last counts: an intent taken back, or given again."""
    withdrawn: Any = ("open", None, None, None, False)
    async with recording() as (notebook, recorder):
        begun = [asyncio.ensure_future(recorder.begin(position)) for position in (1, 2)]
        await asyncio.sleep(0)
        for position, one in enumerate(begun, 1):
            one.cancel()
            recorder.finished(position, withdrawn)
        await recorder.begin(1)
        assert notebook.sending == {1}
        await recorder.close()
        assert notebook.written == [([1], [1, 2])]
