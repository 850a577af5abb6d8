"""The script that counts the turns of fixed windows, on a real server: it does what a model of it in Python does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from aiooncall.distributed.window_exchange import SCRIPT
from tests.support.window_model import SECOND, Asked, Given, WindowModel

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ("aiooncall:{b}:window", "aiooncall:{b}:workers")
START = 1_800_000_000 * SECOND


class Script:
    """The script on a server, for one bucket.

    Args:
        redis: the server.
    """

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        redis.flushall()

    def ask(self, asked: Asked) -> Given:
        """Return what it answers."""
        arguments = attrs.astuple(asked)
        answer: list[Any] = self.redis.eval(SCRIPT.text, len(KEYS), *KEYS, *map(str, arguments))
        return Given._make(answer[:-1])


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """Return a connection to an empty server."""
    with Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def script(redis: Redis) -> Script:
    """Return the script for a new bucket."""
    return Script(redis)


def known(limit: int = 200, left_in_it: int = SECOND, *, width: int = 0, **more: Any) -> Asked:
    """Return the first word of a process that has learned all of a limit in windows of two seconds."""
    end = START + left_in_it
    return Asked(now=START, limit=limit, period=2 * SECOND, earliest=end - width, latest=end, **more)


@st.composite
def stories(draw: st.DrawFn) -> list[Asked]:
    """Return what several processes ask one after the other, some of it odd."""
    now, asked = START, []
    limit, period = draw(st.sampled_from([(5, 2), (40, 2), (200, 2), (300, 60)]))
    for _ in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0, 1000, 100_000, SECOND, 2 * SECOND, 7 * SECOND, 100 * SECOND]))
        knows = draw(st.booleans())
        ahead, width = draw(st.integers(-SECOND, 3 * SECOND)), draw(st.sampled_from([0, 1000, 500_000, 2 * SECOND]))
        asked.append(
            Asked(
                now=now, worker=draw(st.sampled_from("abc")), people=draw(st.sampled_from([0, 0, 1, 3])),
                bulk=draw(st.sampled_from([0, 1, 10, 1_000_000])), limit=limit if knows else 0,
                period=period * SECOND if knows else 0, earliest=max(1, now + ahead - width), latest=now + ahead,
                number=draw(st.sampled_from([0, START, START + 1])), remaining=draw(st.integers(-1, limit)),
                unused=draw(st.sampled_from([0, 0, 2])), extra=draw(st.sampled_from([0, 0, 3])),
                answered=draw(st.sampled_from([0, 2])), closed=draw(st.sampled_from([0, 0, 0, -1, SECOND])),
                person_ago=draw(st.sampled_from([-1, -1, 0, SECOND])),
            )
        )  # fmt: skip
    return asked


@pytest.mark.no_cover
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(story=stories())
def test_script_is_the_model(redis: Redis, story: list[Asked]) -> None:
    """Whatever processes ask and tell, in whatever order, the script answers what the model does."""
    script, model = Script(redis), WindowModel()
    for number, asked in enumerate(story):
        assert script.ask(asked) == model.ask(asked), f"step {number}: {asked}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(workers=st.integers(1, 9), limit=st.integers(1, 500), people=st.lists(st.booleans(), max_size=20))
def test_exactly_the_limit_is_handed_out(redis: Redis, workers: int, limit: int, people: list[bool]) -> None:
    """In a window processes get as many turns as it has, all together, and then none until the next one."""
    script = Script(redis)
    script.ask(known(limit))
    given_out, asks = 0, 0
    while True:
        person = asks < len(people) and people[asks]
        worker = str(asks % workers)
        got = script.ask(Asked(now=START + asks, worker=worker, people=int(person), bulk=int(not person) * 1_000_000))
        given_out, asks = given_out + got.for_people + got.for_bulk, asks + 1
        if not got.left:
            break
    assert given_out == limit
    assert script.ask(Asked(now=START + 999_999, people=1, bulk=1))[:2] == (0, 0)
    assert script.ask(Asked(now=START + SECOND, people=1, bulk=0))[:2] == (1, 0)


def test_batches_get_smaller(script: Script) -> None:
    """A batch is what is left over twice the processes, so that all end with the window."""
    script.ask(known())
    got = [script.ask(Asked(now=START, worker=worker, bulk=1000)).for_bulk for worker in "abcdabcd"]
    assert got == [50, 25, 16, 11, 10, 9, 8, 8]  # the first process counts as one more


def test_one_refusal_closes_for_all(script: Script) -> None:
    """After a refusal nobody gets a turn until the wait is over; an answer in spite of it opens the bucket."""
    first = script.ask(known())
    script.ask(Asked(now=START, worker="a", number=first.number, closed=30 * SECOND))
    shut = script.ask(Asked(now=START + SECOND, worker="b", people=1, bulk=1))
    assert (shut.for_people, shut.for_bulk, shut.opens) == (0, 0, START + 30 * SECOND)
    assert script.ask(Asked(now=START + 31 * SECOND, worker="b", people=1)).for_people == 1
    script.ask(Asked(now=START + 31 * SECOND, worker="a", closed=900 * SECOND))
    assert script.ask(Asked(now=START + 32 * SECOND, worker="a", closed=-1, people=1)).for_people == 1


def test_stricter_word_counts(script: Script) -> None:
    """What the server says is left bounds what is handed out, if it is less; more than that changes nothing."""
    assert script.ask(known(remaining=30)).left == 30
    assert script.ask(known(remaining=100)).left == 30
    assert script.ask(attrs.evolve(known(remaining=7), now=START + SECOND)).left == 200  # said of the window before


def test_others_are_left_their_part(script: Script) -> None:
    """What strangers took in one window is left to them in the next, less and less as it goes by."""
    script.ask(known(left_in_it=2 * SECOND, remaining=100))
    begun = START + 2 * SECOND
    taken = [script.ask(Asked(now=begun, bulk=1000)).for_bulk for _ in range(20)]
    assert sum(taken) == 100
    later = [script.ask(Asked(now=begun + SECOND, bulk=1000)).for_bulk for _ in range(20)]
    assert sum(later) == 50


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    apart=st.integers(-2 * SECOND, 2 * SECOND), widths=st.tuples(*[st.integers(0, SECOND)] * 2),
    every=st.integers(50_000, 300_000),
)  # fmt: skip
def test_contradictions_stop_nobody(redis: Redis, apart: int, widths: tuple[int, int], every: int) -> None:
    """However far apart two processes believe the end of a window to be, each new window has turns."""
    script, period, ends = Script(redis), 2 * SECOND, [START + SECOND, START + SECOND + apart]
    begun: set[int] = set()
    for asked, now in enumerate(range(START, START + 10 * period, every)):
        who = asked % 2
        end = ends[who] + max(0, (now - ends[who]) // period + 1) * period
        about = known() if asked < 2 else Asked()
        word = attrs.evolve(about, now=now, worker="ab"[who], bulk=1000, earliest=end - widths[who], latest=end)
        got = script.ask(word)
        if got.for_bulk:
            begun.add((now - START) // period)
    assert len(begun) >= 9


def test_reserve_is_for_people(script: Script) -> None:
    """While a person calls anywhere, bulk work leaves a twentieth; near the window's end it gets that by quarters."""
    script.ask(attrs.evolve(known(), period=60 * SECOND, latest=START + 50 * SECOND, earliest=START + 50 * SECOND))
    assert script.ask(Asked(now=START, worker="a", people=1, person_ago=0)).for_people == 1
    while script.ask(Asked(now=START, worker="b", bulk=1000)).for_bulk:
        pass
    assert script.ask(Asked(now=START, worker="c", bulk=0)).left == 10
    assert script.ask(Asked(now=START + SECOND, worker="a", people=2, person_ago=0)).for_people == 2

    def all_of(now: int) -> int:
        return sum(script.ask(Asked(now=now, worker="b", bulk=1000)).for_bulk for _ in range(20))

    last = START + 50 * SECOND
    assert [all_of(last - ahead * SECOND // 20) for ahead in (35, 30, 20, 10, 1)] == [0, 1, 2, 3, 2]


def test_unknown_limit_is_approached_gently(script: Script) -> None:
    """While nobody knows the limit, four calls go in all, and twice as many with each round that is answered."""

    def all_go(now: int, answered: int) -> int:
        script.ask(Asked(now=now, worker="a", answered=answered))
        return sum(script.ask(Asked(now=now, worker=w, bulk=1000)).for_bulk for w in "abcd" * 9)

    assert [all_go(START + step, answered=step and 1) for step in range(5)] == [4, 8, 16, 32, 64]
    assert all_go(START + 5, answered=0) == 0
    assert all_go(START + 2 * SECOND, answered=0) == 64


def test_last_turns_of_a_vague_window_stay_together(script: Script) -> None:
    """While the end is uncertain one process gets the last turns, and sends them when they tell most of it."""
    script.ask(known(width=SECOND))
    got = [script.ask(Asked(now=START - SECOND, worker=w, bulk=1000)) for w in "abcd" * 9]
    assert sum(one.for_bulk for one in got) == 200
    assert [one.for_bulk for one in got if one.probing] == [8]


def test_lost_data_begin_a_new_window(script: Script) -> None:
    """Turns of a window that was counted before the data were lost do not come back to this one."""
    before = script.ask(known()).number
    script.redis.flushall()
    again = script.ask(attrs.evolve(known(), now=START + 1, bulk=1000))
    assert again.number != before
    assert script.ask(Asked(now=START + 2, number=before, unused=50)).left == again.left


def test_everything_expires(redis: Redis, script: Script) -> None:
    """All keys are in one slot of a cluster, expire, and hold numbers and the process's name only."""
    script.ask(known(worker="f00d", same="beef"))
    assert sorted(redis.scan_iter("*")) == [key.encode() for key in KEYS]
    for key in KEYS:
        assert 800 < redis.ttl(key) <= 900
    kept = redis.hgetall(KEYS[0])
    assert kept.pop(b"same") == b"beef"
    assert all(value.isdigit() for value in kept.values())
