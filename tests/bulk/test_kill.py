"""Jobs whose process is killed or interrupted at any moment: the simulator's ledger is the judge."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import JournalError, bulk
from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions
from tests.support import job_process
from tests.support.bulk_world import acted_on, add_groups, add_pages, tally, with_status
from tests.support.published_client import simulator_in_a_thread
from tests.support.soak import SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import RequestRecord, Simulator

ITEMS = 160 if SOAK else 80
KILLS = 6 if SOAK else 2
"""In each of the cases below."""
WORKERS = 8
"""A kill can keep as many items as there are workers from being sent at all."""
FINISHED = ("done", "found_done", "already", "failed", "ambiguous")
SEEDS = range(1 + SOAK // 50)
ESCALATION = ("datadog", "escalate")
ACKNOWLEDGEMENT = ("grafana", "acknowledge")
OTHERS = [ACKNOWLEDGEMENT, ("datadog", "resolve"), ("datadog", "acknowledge"), ("grafana", "resolve")]
"""Tried for long only: what may be repeated is in no danger, and both providers have the same journal."""
KILLED = [ESCALATION, *(OTHERS if SOAK else [])]
CASES = [ESCALATION, ACKNOWLEDGEMENT]
COMMITTED = (FaultKind.ERROR_AFTER, FaultKind.DROP_AFTER, FaultKind.TRUNCATED_BODY, FaultKind.EMPTY_OK)
NOT_COMMITTED = (FaultKind.ERROR_BEFORE, FaultKind.DROP_BEFORE)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]


class Marksman:
    """Signals a process at the moment at which the simulator has seen so many requests."""

    def __init__(self, sim: Simulator) -> None:
        self._ledger = sim.ledger
        self._record_request = sim.ledger.record_request
        self._record_answer = sim.ledger.record_answer
        self._shot: tuple[int, bool, subprocess.Popen[bytes], signal.Signals] | None = None
        sim.ledger.record_request = self.request  # type: ignore[method-assign]
        sim.ledger.record_answer = self.answer  # type: ignore[method-assign]

    def aim(self, process: subprocess.Popen[bytes], number: int, *, effect: bool, kind: signal.Signals) -> None:
        """Wait for a request, or for its effect."""
        self._shot = number, effect, process, kind

    def request(self, at: float, method: str, path: str) -> RequestRecord:
        """See a request arrive."""
        record = self._record_request(at, method, path)
        self._look(effect=False)
        return record

    def answer(self, record: RequestRecord, status: int | None) -> None:
        """See that a request took effect and is about to be answered."""
        self._record_answer(record, status)
        self._look(effect=True)

    def _look(self, *, effect: bool) -> None:
        if self._shot is not None:
            number, wanted, process, kind = self._shot
            if effect is wanted and len(self._ledger.requests) >= number:
                self._shot = None
                process.send_signal(kind)


@attrs.frozen
class Scene:
    """A simulator with items, a plan for all of them, and processes that carry it out."""

    sim: Simulator
    marksman: Marksman
    provider: str
    verb: VerbName
    journal: Path
    ids: list[str]

    @property
    def url(self) -> str:
        """Where the provider is."""
        return self.sim.datadog_url if self.provider == "datadog" else self.sim.grafana_url

    def client(self) -> DatadogOnCall | GrafanaOnCall:
        """Return a client as the processes have it, not open."""
        return job_process.make_client(self.provider, self.url)

    def plan(self) -> None:
        """Plan the job, here."""
        asyncio.run(bulk.plan(self.client(), self.verb, self.journal, self.ids)).close()

    def start(self, task: str = "run") -> subprocess.Popen[bytes]:
        """Start a process."""
        command = [
            sys.executable,
            job_process.__file__,
            task,
            self.provider,
            self.url,
            self.verb,
            str(self.journal),
            str(WORKERS),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def shoot(self, number: int, kind: signal.Signals, task: str = "run", *, effect: bool = False) -> bytes:
        """Start a process, signal it at a request, see that it ended by that, and return what it printed."""
        process = self.start(task)
        self.marksman.aim(process, number, effect=effect, kind=kind)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == (-kind if kind == signal.SIGKILL else 0)
        return said

    def finish(self) -> dict[str, int]:
        """Run the job to its end and return the counts."""
        process = self.start()
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return {status: number for status, number in json.loads(said).items() if number}


@contextmanager
def scene(
    provider: str, verb: VerbName, folder: Path, seed: int, kinds: tuple[FaultKind, ...], **options: Any
) -> Iterator[Scene]:
    """Yield a simulator on which one request in eight goes wrong, with a plan for its items."""
    faults = FaultPlan()
    if kinds:
        faults.seed(seed=seed, rates={Fault(kind): 0.125 / len(kinds) for kind in kinds}, methods={"POST"})
    rules = GrafanaOptions(limit=None)
    with simulator_in_a_thread(faults=faults, settle_delay=0.0, grafana=rules, **options) as sim:
        ids = add_pages(sim, ITEMS) if provider == "datadog" else add_groups(sim, ITEMS)
        built = Scene(sim, Marksman(sim), provider, verb, folder / "job.db", ids)
        built.plan()
        yield built


def moments(seed: int, number: int, before: int) -> list[int]:
    """Return the requests at which to strike, in order, spread over the run at random."""
    return sorted(random.Random(seed).sample(range(1, before), number))


def check_finished(found: Scene, counts: dict[str, int]) -> None:
    """Check that each item ended in exactly one status, which agrees with what the server knows."""
    assert sum(counts.values()) == ITEMS
    assert tally(found.journal) == counts
    assert set(counts) <= set(FINISHED)
    effects = {item: found.sim.ledger.count(found.verb, item) for item in found.ids}
    assert max(effects.values()) == 1
    assert found.sim.ledger.doubled() == []
    for item in with_status(found.journal, "done", "found_done", "already"):
        assert effects[item] == 1
    for item in with_status(found.journal, "failed"):
        assert effects[item] == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("provider", "verb"), KILLED)
def test_killed_jobs(provider: str, verb: VerbName, seed: int, tmp_path: Path) -> None:
    """Killed at any moment and resumed, a job does everything once, and sends nothing again that it knew as finished.

    What was in flight at a kill, if it must not be sent twice, is reported as ambiguous and not sent again.
    """
    # What Grafana refuses or loses is not sent again by itself: what is left to see here is what kills do.
    kinds = COMMITTED if provider == "grafana" else (*COMMITTED, *NOT_COMMITTED)
    doubtful: set[str] = set()
    with scene(provider, verb, tmp_path, seed, kinds) as found:
        for number in moments(seed, KILLS, ITEMS - KILLS * WORKERS):
            sent = len(found.sim.ledger.requests)
            known = with_status(found.journal, *FINISHED)
            found.shoot(number, signal.SIGKILL, effect=bool(number % 2))
            assert known.isdisjoint(acted_on(found.sim, verb, sent))
            assert known <= with_status(found.journal, *FINISHED)
            doubtful |= with_status(found.journal, "sending")
            assert len(with_status(found.journal, "sending")) <= WORKERS
        counts = found.finish()
        check_finished(found, counts)
        assert doubtful
        if verb == "escalate":
            assert doubtful <= with_status(found.journal, "ambiguous")
            assert len(set(acted_on(found.sim, verb))) == len(acted_on(found.sim, verb)) <= ITEMS
        else:
            assert set(counts) <= {"done", "found_done"}
        if verb == "resolve":
            assert found.sim.ledger.unfinished() == []


async def verified_and_undone(found: Scene) -> None:
    """Verify a finished job, take it back, and verify that."""
    async with found.client() as client:
        with bulk.open_job(client, found.journal) as job:
            assert await job.verify() == bulk.Verification(confirmed=ITEMS)
            undo = await job.undo(found.journal.with_name("undo.db"))
        with undo:
            assert undo.plan.items == ITEMS
            assert set(undo.preview().by_state) <= {"acknowledged", "unknown"}
            counts = await undo.run(undo.plan.hash)
            assert counts.done == ITEMS
            assert await undo.verify() == bulk.Verification(confirmed=ITEMS)


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_jobs_are_undone(seed: int, tmp_path: Path) -> None:
    """On a server that takes its time, what a killed run had on the wire is this job's doing: an undo takes all back.

    The server goes on with what a dead client has sent, so that the resumed run finds it done.
    """
    dice = random.Random(seed)
    with scene("grafana", "acknowledge", tmp_path, seed, (), slow=(0.1, 0.4)) as found:
        on_the_wire: set[str] = set()
        for number in moments(seed, KILLS, ITEMS - KILLS * WORKERS):
            found.shoot(number, signal.SIGKILL, effect=bool(dice.randrange(2)))
            on_the_wire |= with_status(found.journal, "sending")
        counts = found.finish()
        assert set(counts) <= {"done", "found_done"}
        assert sum(counts.values()) == ITEMS
        assert with_status(found.journal, "found_done") <= on_the_wire
        assert [found.sim.ledger.count("acknowledge", item) for item in found.ids] == [1] * ITEMS
        asyncio.run(verified_and_undone(found))
        assert [found.sim.ledger.count("unacknowledge", item) for item in found.ids] == [1] * ITEMS
        assert found.sim.ledger.doubled() == []


@pytest.mark.parametrize(("provider", "verb"), CASES)
def test_interrupted_jobs(provider: str, verb: VerbName, tmp_path: Path) -> None:
    """Ctrl-C lets what is in flight come to its end and leaves the rest open; resumed, nothing was in doubt for it."""
    with scene(provider, verb, tmp_path, 3, (FaultKind.EMPTY_OK,)) as found:
        for number in moments(17, 2, ITEMS // 2):
            counts = json.loads(found.shoot(number, signal.SIGINT))
            assert counts["sending"] == 0 < counts["open"]
            assert counts["done"] == found.sim.ledger.count(verb) == len(acted_on(found.sim, verb))
        assert found.finish() == {"done": ITEMS}
        assert sorted(acted_on(found.sim, verb)) == sorted(found.ids)


@pytest.mark.parametrize("provider", ["datadog", "grafana"] if SOAK else ["datadog"])
def test_killed_plan(provider: str, tmp_path: Path) -> None:
    """A plan that was killed is no plan: its file is refused, and nothing but the list was asked for."""
    with scene(provider, "resolve", tmp_path, 0, (FaultKind.EMPTY_OK,)) as found:
        again = attrs.evolve(found, journal=tmp_path / "killed.db")
        again.shoot(5, signal.SIGKILL, "plan")
        with pytest.raises(JournalError, match="its plan was not finished: plan again"):
            bulk.open_job(found.client(), again.journal)
        with pytest.raises(JournalError, match="is there already"):
            asyncio.run(bulk.plan(found.client(), "resolve", again.journal, found.ids))
        assert {record.method for record in found.sim.ledger.requests} == {"GET"}


def test_second_run_in_another_process(tmp_path: Path) -> None:
    """As long as one process runs a job, another is refused; once the first is killed, the next one may."""

    async def attempt(found: Scene) -> Any:
        async with found.client() as client:
            with bulk.open_job(client, found.journal) as job:
                return await job.run(job.plan.hash)

    with scene("datadog", "resolve", tmp_path, 0, (FaultKind.EMPTY_OK,)) as found:
        process = found.start()
        found.marksman.aim(process, 25, effect=False, kind=signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        with pytest.raises(JournalError, match="is being run by another process"):
            asyncio.run(attempt(found))
        assert len(found.sim.ledger.requests) < 25 + WORKERS
        process.kill()
        process.communicate(timeout=60)
        assert "open" in tally(found.journal)
        assert asyncio.run(attempt(found)).done == ITEMS
