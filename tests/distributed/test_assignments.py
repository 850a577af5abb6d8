"""What becomes of items that were handed out, in any course of events, against a model of Redis and its workers."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.distributed.assignments import INTERRUPTED, Assignments
from aiooncall.distributed.chunk_store import Held
from aiooncall.distributed.told import Told

if TYPE_CHECKING:
    from aiooncall.bulk.outcomes import Change

ITEMS = 8
DONE = ("done", None, None, 1.0, False)


@attrs.define(eq=False)
class Delivery:
    """A delivery of a chunk to a worker, as the worker knows it."""

    name: str
    chunk: int
    left: list[int]
    sequence: int = 1
    on_wire: list[int] = attrs.field(factory=list)


@attrs.define(eq=False)
class Hash:
    """The hash of a chunk, as Redis has it."""

    run_id: str
    closed: bool = False
    holders: dict[str, str] = attrs.field(factory=dict)
    fences: dict[int, str] = attrs.field(factory=dict)
    told: set[int] = attrs.field(factory=set)


class Course:
    """A job over workers in which anything may happen at any time."""

    def __init__(self, dice: random.Random, *, repeatable: bool) -> None:
        self.dice = dice
        self.repeatable = repeatable
        self.assigned = Assignments(repeatable=repeatable)
        self.open = [(at, f"item-{at}", 0) for at in range(1, ITEMS + 1)]
        self.status: dict[int, str] = {}
        self.sent: Counter[int] = Counter()
        self.redis: dict[int, Hash] = {}
        self.stream: list[Told] = []
        self.living: set[str] = set()
        self.run_id, self.runs, self.number, self.names = "run-0", 0, 0, 0
        self.deliveries: dict[str, Delivery] = {}

    def run(self, steps: int) -> None:
        """Let things happen, and then let the job come to its end."""
        often = [self.hand_out, self.begin, self.work, self.work, self.answer, self.read, self.close, self.settle]
        rare = [self.end, self.die, self.restart_redis]
        for _ in range(steps):
            self.dice.choice(often if self.dice.random() < 0.85 else rare)()
        self.finish()

    def a_delivery(self) -> Delivery | None:
        """Return any living delivery."""
        return self.deliveries[self.dice.choice(sorted(self.living))] if self.living else None

    def hand_out(self) -> None:
        """Hand out the next open items."""
        size = self.dice.randint(1, 4)
        rows, self.open = self.open[:size], self.open[size:]
        if rows:
            self.number += 1
            self.assigned.hand_out(self.number, rows).sent_at = 0.0
            self.redis[self.number] = Hash(self.run_id)

    def begin(self) -> None:
        """Deliver any chunk that is out to a worker, again perhaps."""
        number = self.dice.choice([0, *self.redis])
        known = self.redis.get(number)
        if known is None or known.closed or known.run_id != self.run_id:
            return
        self.names += 1
        items = [at for at in self.items_of(number) if at not in known.told and at not in known.fences]
        one = self.deliveries[f"holder-{self.names}"] = Delivery(f"holder-{self.names}", number, items)
        known.holders[one.name] = "worker"
        self.living.add(one.name)
        self.tell(one)

    def work(self) -> None:
        """Send the next item of a delivery, if its fence can be set."""
        one = self.a_delivery()
        if one is None or not one.left or not self.may_send(one, one.left[0]):
            return
        item = one.left.pop(0)
        self.sent[item] += 1
        one.on_wire.append(item)

    def may_send(self, one: Delivery, item: int) -> bool:
        """Set a fence, where one is needed."""
        known = self.redis.get(one.chunk)
        if self.repeatable:
            return True
        if known is None or known.closed or known.run_id != self.run_id:
            return False
        if item in known.fences or item in known.told:
            one.left.remove(item)
            return False
        known.fences[item] = one.name
        return True

    def answer(self) -> None:
        """Tell the outcome of what is on the wire."""
        one = self.a_delivery()
        if one is not None and one.on_wire:
            self.tell(one, outcomes={one.on_wire.pop(0): DONE})

    def end(self) -> None:
        """End a delivery: what is on the wire is told, and the rest is given back."""
        one = self.a_delivery()
        if one is not None:
            self.tell(one, outcomes=dict.fromkeys(one.on_wire, DONE), given_back=tuple(one.left), ended=True)
            one.on_wire.clear()
            self.living.discard(one.name)

    def die(self) -> None:
        """Kill a worker."""
        one = self.a_delivery()
        if one is not None:
            self.living.discard(one.name)

    def read(self) -> None:
        """Take what was told; a second time it brings nothing."""
        messages, self.stream = self.stream, []
        for told in messages:
            self.take(self.assigned.take(told) or {})
            assert self.assigned.take(told) == (None if told.chunk in self.assigned.chunks else {})

    def close(self) -> None:
        """Close any chunk."""
        if chunks := self.assigned.still_open:
            chunk = self.dice.choice(chunks)
            known = self.redis.get(chunk.number)
            if known is not None:
                known.closed = True
            chunk.close(None if known is None else self.held(known), self.run_id)

    def settle(self) -> None:
        """Decide on what is left of closed chunks: signs of life first, then what was told."""
        living = set(self.living)
        self.read()
        lost = {at for chunk in self.assigned.chunks.values() if chunk.lost for at in chunk.rows}
        changes, free = self.assigned.settle(living, 2.0)
        self.take(changes)
        on_wire = {at for name in living for at in self.deliveries[name].on_wire}
        assert not on_wire & (changes.keys() | {row[0] for row in free}) - lost
        assert self.repeatable or not any(self.sent[position] for position, _, _ in free)
        self.open += free
        for number in list(self.assigned.over()):
            del self.assigned.chunks[number]
            self.redis.pop(number, None)

    def restart_redis(self) -> None:
        """Start Redis anew: without data, or with data that lack the last moments."""
        keeps, loses = self.dice.random() < 0.7, self.dice.randint(0, 3)
        self.runs += 1
        self.run_id = f"run-{self.runs}"
        self.stream = self.stream[: len(self.stream) - loses] if keeps else []
        for number, known in list(self.redis.items()):
            if not keeps:
                del self.redis[number]
            for item in list(known.fences)[len(known.fences) - loses :]:
                del known.fences[item]

    def finish(self) -> None:
        """Let all workers die and the job come to its end: each item has an outcome, and none was sent twice."""
        self.living.clear()
        while self.assigned.chunks or self.open:
            for _ in range(len(self.assigned.still_open)):
                self.close()
            self.settle()
            for position, _, _ in self.open:
                self.sent[position] += 1
                self.take({position: DONE})
            self.open.clear()
        assert self.status.keys() == set(range(1, ITEMS + 1))
        if self.repeatable:
            assert set(self.status.values()) == {"done"}
        else:
            assert max(self.sent.values(), default=0) <= 1
        for position, status in self.status.items():
            assert status == "ambiguous" or self.sent[position]

    def items_of(self, number: int) -> list[int]:
        """Return the items of a chunk that have no outcome."""
        chunk = self.assigned.chunks.get(number)
        return [] if chunk is None else list(chunk.rows)

    def held(self, known: Hash) -> Held:
        """Return what Redis says of a chunk."""
        return Held(
            run_id=known.run_id, holders=dict(known.holders), fences=dict(known.fences), told=frozenset(known.told)
        )

    def tell(self, one: Delivery, outcomes: dict[int, Change] | None = None, **more: Any) -> None:
        """Tell something of a chunk, in one step with what Redis keeps of it."""
        told = Told(
            chunk=one.chunk, holder=one.name, worker="worker", sequence=one.sequence, outcomes=outcomes or {}, **more
        )
        one.sequence += 1
        self.stream.append(told)
        if (known := self.redis.get(one.chunk)) is not None:
            known.told |= told.outcomes.keys()
            known.fences = {at: holder for at, holder in known.fences.items() if at not in told.outcomes}

    def take(self, changes: dict[int, Change]) -> None:
        """Take changes of items; an outcome may follow on a doubt, and on nothing else."""
        for position, (status, reason, *_) in changes.items():
            if status == "open":
                continue
            before = self.status.get(position)
            assert before is None or (before == "ambiguous" and status == "done")
            assert (status == "ambiguous") == (reason == INTERRUPTED)
            self.status[position] = status


@pytest.mark.parametrize("repeatable", [False, True])
@settings(max_examples=300)
@given(seed=st.integers(0, 2**32))
def test_any_course(repeatable: bool, seed: int) -> None:
    """Whatever happens, in whichever order: nothing is sent twice that may not be, and every item has an outcome."""
    Course(random.Random(seed), repeatable=repeatable).run(steps=80)
