"""The script that counts the turns of sliding windows, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from aiooncall.distributed.sliding_turns import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000
KEYS = ("aiooncall:{b}:state", "aiooncall:{b}:workers", "aiooncall:{b}:turns")
START = 1_800_000_000 * SECOND


class Given(NamedTuple):
    """What a process is given: from when on it makes sense to ask again, and turns by what Redis calls them."""

    opens: int
    closed: int
    workers: int
    turns: dict[int, int]


@attrs.define
class Limit:
    """One limit on a server, and what was handed out of it so far."""

    redis: Redis
    calls: int
    period: int = 60 * SECOND
    reserve: int = 0
    ahead: int = 3 * SECOND
    people: list[int] = attrs.field(factory=list)
    bulk: list[int] = attrs.field(factory=list)

    def ask(
        self,
        now: int,
        *,
        people: int = 0,
        bulk: int = 0,
        worker: str = "w",
        closed: int = 0,
        unused: tuple[int, ...] = (),
    ) -> Given:
        """Return what the script gives."""
        limit = (self.calls, self.period, self.reserve, self.ahead)
        arguments = map(str, (START + now, worker, people, bulk, *limit, closed, *unused))
        answer: list[Any] = self.redis.eval(SCRIPT.text, len(KEYS), *KEYS, *arguments)
        opens, closed_until, workers, _, _, *turns = answer
        given = {number: at - START for number, at in zip(turns[::2], turns[1::2], strict=True)}
        (self.people if people else self.bulk).extend(given.values())
        return Given(opens - START, closed_until - START, workers, given)

    def most_in_a_period(self, turns: list[int]) -> int:
        """Return how many of the turns begin within a period, where they are thickest."""
        return max((sum(at <= other < at + self.period for other in turns) for at in turns), default=0)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """Return a connection to an empty server."""
    with Redis.from_url(redis_url) as connection:
        yield connection


steps = st.tuples(st.sampled_from([0, 1000, SECOND, 7 * SECOND, 61 * SECOND]), st.booleans(), st.integers(1, 12))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(story=st.lists(steps, max_size=25), calls=st.integers(2, 20), reserve=st.integers(0, 1))
def test_never_more_than_the_limit(redis: Redis, story: list[tuple[int, bool, int]], calls: int, reserve: int) -> None:
    """In any period there are at most as many turns as the limit allows, and bulk work leaves the reserve."""
    redis.flushall()
    limit, now = Limit(redis, calls, reserve=reserve), 0
    for number, (passed, person, wanted) in enumerate(story):
        now += passed
        limit.ask(now, people=person * wanted, bulk=(not person) * wanted, worker=str(number % 3))
    assert limit.most_in_a_period(limit.people + limit.bulk) <= calls
    assert limit.most_in_a_period(limit.bulk) <= max(1, calls - reserve)


def test_whole_limit_at_once_and_again_a_period_later(redis: Redis) -> None:
    """Everything up to the limit goes at once, and all of it again as soon as a period is over."""
    limit = Limit(redis, 300)
    first = sum(len(limit.ask(0, bulk=1000, worker=worker).turns) for worker in "abcd" * 20)
    assert first == 300
    assert limit.ask(SECOND, bulk=1000).turns == {}
    assert limit.ask(SECOND, bulk=1000).opens == 60 * SECOND
    again = [at for worker in "abcd" * 9 for at in limit.ask(60 * SECOND, bulk=1000, worker=worker).turns.values()]
    assert again.count(60 * SECOND) >= 290


def test_turns_are_handed_out_ahead(redis: Redis) -> None:
    """A turn that comes free soon is somebody's before it does, so that nobody has to ask at that moment."""
    limit = Limit(redis, 4, ahead=5 * SECOND)
    for second in range(4):
        limit.ask(second * SECOND, people=1)
    assert list(limit.ask(58 * SECOND, people=3).turns.values()) == [60 * SECOND, 61 * SECOND, 62 * SECOND]
    assert list(limit.ask(58 * SECOND, people=3).turns.values()) == [63 * SECOND]


def test_reserve_is_for_people(redis: Redis) -> None:
    """Bulk work gets no more than the limit less the reserve; a person gets the rest at once."""
    limit = Limit(redis, 10, reserve=3)
    assert sum(len(limit.ask(0, bulk=10).turns) for _ in range(9)) == 7
    assert list(limit.ask(0, people=3).turns.values()) == [0, 0, 0]


def test_turn_that_comes_back_is_somebody_elses(redis: Redis) -> None:
    """A turn that was not used makes room for another one."""
    limit = Limit(redis, 2)
    given = limit.ask(0, people=2)
    assert limit.ask(0, people=1, worker="other").turns == {}
    assert len(limit.ask(0, people=1, worker="other", unused=tuple(given.turns)[:1]).turns) == 1


def test_one_refusal_closes_for_all(redis: Redis) -> None:
    """After a refusal nobody gets a turn until the wait is over."""
    limit = Limit(redis, 300)
    limit.ask(0, worker="a", closed=20 * SECOND)
    shut = limit.ask(SECOND, worker="b", people=1)
    assert (shut.turns, shut.opens, shut.closed) == ({}, 20 * SECOND, 20 * SECOND)
    assert len(limit.ask(20 * SECOND, worker="b", people=1).turns) == 1


def test_lower_limit_is_learned_for_a_period(redis: Redis) -> None:
    """As many calls as went well before a refusal are all that go in a period; later more are tried again."""
    limit = Limit(redis, 300)
    limit.ask(0, people=21)
    limit.ask(SECOND, closed=SECOND)
    assert limit.ask(3 * SECOND, people=1).turns == {}
    assert len(limit.ask(60 * SECOND, people=100).turns) == 20
    assert len(limit.ask(122 * SECOND, people=100).turns) == 100


def test_everything_expires(redis: Redis) -> None:
    """All keys are in one slot of a cluster, and expire two periods after they were last used."""
    Limit(redis, 300).ask(0, people=1)
    assert sorted(redis.scan_iter("*")) == sorted(key.encode() for key in KEYS)
    assert all(100 < redis.ttl(key) <= 120 for key in KEYS)
