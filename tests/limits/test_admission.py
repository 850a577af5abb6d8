"""What one bucket admits: against a simulated server, and rule by rule."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiooncall.limits.admission import LARGEST_RESERVE, LONGEST_SILENCE, Admission, State
from aiooncall.limits.headers import LONGEST_PERIOD
from aiooncall.limits.lane import Lane
from aiooncall.limits.probes import MOST_PROBES
from aiooncall.limits.window_end import DRIFT
from aiooncall.ratelimit import RateLimit
from tests.support.window_server import Client, FixedWindowServer, admit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.window_server import Sent

LANES = list(Lane)
FIELDS = ["name", "limit", "remaining", "period", "reset_after", "retry_after"]


@st.composite
def sole_clients(draw: st.DrawFn) -> Client:
    """Draw a client that has a server for itself, at a distance of at most 2 % of a window."""
    period = draw(st.sampled_from([2.0, 5.0, 10.0, 60.0]))
    server = FixedWindowServer(
        limit=draw(st.integers(5, 300)),
        period=period,
        phase=draw(st.floats(0, 0.999)) * period,
        rounds_up=draw(st.booleans()),
    )
    return Client(
        admission=Admission(draw(st.integers(1, 300))),
        server=server,
        total=server.limit * 3 + draw(st.integers(0, server.limit)),
        concurrency=draw(st.integers(1, 200)),
        latency=draw(st.floats(0.0001, 0.02)) * period,
        random=random.Random(draw(st.integers(0, 2**32))),
        lane=draw(st.sampled_from(LANES)),
    )


@pytest.mark.no_cover
@settings(deadline=None, max_examples=200)
@given(client=sole_clients())
def test_no_schedule_exceeds_the_limit(client: Client) -> None:
    """A sole client is never refused, whatever the rounding, the lane and the concurrency."""
    client.run()
    assert client.refused == 0
    assert max(client.server.passed.values()) <= client.server.limit


# In many of these runs a call would be refused if answers around the end did not count in the window that they came in
# (the first row), or in the next one as well (the second).
AROUND_THE_END = [(26, 1.89, True, 93, 49, 0.038), (21, 1.954, False, 68, 35, 0.0301)]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("limit", "phase", "rounds_up", "total", "concurrency", "latency"), AROUND_THE_END)
def test_answers_around_the_end_count_in_both_windows(
    limit: int, phase: float, rounds_up: bool, total: int, concurrency: int, latency: float, lane: Lane
) -> None:
    """An answer that comes when a window may have ended is of either one, so it leaves less room in both."""
    for seed in range(60):
        client = Client(
            admission=Admission(90),
            server=FixedWindowServer(limit=limit, period=2.0, phase=phase, rounds_up=rounds_up),
            total=total,
            concurrency=concurrency,
            latency=latency,
            random=random.Random(seed),
            lane=lane,
        )
        client.run()
        assert client.refused == 0


@settings(deadline=None)
@given(client=sole_clients())
def test_everything_is_sent_in_the_end(client: Client) -> None:
    """Every call passes exactly once, nothing stays in flight, and no window passes unused."""
    client.run()
    assert client.server.passed.total() == client.total
    assert client.admission.window.in_flight == 0
    rounds = client.total / min(client.concurrency, client.admission.max_in_flight)
    windows = 2 + client.total / client.server.limit
    assert client.now <= client.server.period * (windows + 1) + 2 * client.latency * (rounds + 10) + 1


@settings(deadline=None)
@given(
    limit=st.integers(1, 3),
    concurrency=st.integers(1, 50),
    lane=st.sampled_from(LANES),
    rounds_up=st.booleans(),
    seed=st.integers(0, 2**32),
)
@example(limit=3, concurrency=4, lane=Lane.INTERACTIVE, rounds_up=False, seed=10)
def test_only_the_first_in_flight_can_be_refused(
    limit: int, concurrency: int, lane: Lane, rounds_up: bool, seed: int
) -> None:
    """A limit below the first careful step refuses what was in flight before the first answer, and no call after."""
    server = FixedWindowServer(limit=limit, period=5.0, phase=1.0, rounds_up=rounds_up)
    admission = Admission(100)
    client = Client(
        admission=admission, server=server, total=limit * 4, concurrency=concurrency, latency=0.05,
        random=random.Random(seed), lane=lane,
    )  # fmt: skip
    client.run()
    assert client.refused <= max(0, min(4, concurrency, client.total) - limit)


@settings(deadline=None)
@given(
    phase=st.floats(0, 1.5),
    windows=st.integers(2, 5),
    beyond=st.integers(11, 189),
    rounds_up=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_the_whole_budget_is_used(phase: float, windows: int, beyond: int, rounds_up: bool, seed: int) -> None:
    """Bulk work at a near server takes no window more than it needs, and is as fast as the limit allows."""
    server = FixedWindowServer(limit=200, period=2.0, phase=phase, rounds_up=rounds_up)
    client = Client(
        admission=Admission(100), server=server, total=windows * 200 + beyond, concurrency=64, latency=0.001,
        random=random.Random(seed),
    )  # fmt: skip
    client.run()
    assert (client.refused, len(server.passed)) == (0, windows + 1)
    # Calls that go around the end may miss their window, where the job can spare them.
    assert server.lost() <= min(MOST_PROBES * windows, 200 - beyond)
    assert client.now - server.soonest(client.total) < 0.3


@pytest.mark.no_cover
@pytest.mark.parametrize("period", [2.0, 3.0, 10.0, 60.0])
@pytest.mark.parametrize("share", [0.05, 0.35, 0.5, 0.65, 0.85, 0.99])
@pytest.mark.parametrize("rounds_up", [False, True])
def test_no_window_is_lost(period: float, share: float, rounds_up: bool) -> None:
    """From a cold start at any time of a window ten windows are enough for nine and a half, with no refusal."""
    server = FixedWindowServer(limit=200, period=period, phase=share * period, rounds_up=rounds_up)
    client = Client(
        admission=Admission(100), server=server, total=1900, concurrency=64, latency=0.001, random=random.Random(1)
    )
    client.run()
    assert (client.refused, len(server.passed)) == (0, 10)
    assert client.now - server.soonest(1900) < max(0.15, 0.02 * period)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=60)
@given(
    period=st.sampled_from([2.0, 10.0, 60.0, 3600.0]),
    share=st.floats(0.0, 0.999),
    windows=st.sampled_from([1, 2, 5, 10]),
    rounds_up=st.booleans(),
    lane=st.sampled_from(LANES),
    seed=st.integers(0, 2**32),
)
def test_jobs_of_exactly_some_windows(
    period: float, share: float, windows: int, rounds_up: bool, lane: Lane, seed: int
) -> None:
    """A job of just the size of some windows takes those and no more: no call of it may miss its window."""
    server = FixedWindowServer(limit=100, period=period, phase=share * period, rounds_up=rounds_up)
    client = Client(
        admission=Admission(100), server=server, total=windows * 100, concurrency=64 if lane is Lane.BULK else 10_000,
        latency=0.002, random=random.Random(seed), lane=lane,
    )  # fmt: skip
    client.run()
    # What begins in the last moment of a window may reach the next one.
    late = client.now - server.soonest(windows * 100)
    if share * period < period - 0.1:
        assert (client.refused, len(server.passed)) == (0, windows)
        assert late < (0.05 if windows == 1 else 2.1 + 2 * DRIFT * period)


@pytest.mark.parametrize(("phase", "rounds_up"), [(0.7134, False), (1.8753, True), (0.6324, False)])
def test_ten_windows_that_are_as_short_as_their_end_is_uncertain(phase: float, rounds_up: bool) -> None:
    """Where every answer may be of either of two windows, what counts in both for a while does not close the next."""
    server = FixedWindowServer(limit=100, period=2.0, phase=phase, rounds_up=rounds_up)
    client = Client(
        admission=Admission(100), server=server, total=1000, concurrency=1000, latency=0.001, random=random.Random(0),
        lane=Lane.INTERACTIVE,
    )  # fmt: skip
    client.run()
    assert (client.refused, sorted(server.passed)) == (0, list(range(10)))


@pytest.mark.parametrize("drift", [-1e-4, -2e-5, 2e-5, 1e-4])
@pytest.mark.parametrize("rounds_up", [False, True])
def test_a_drifting_clock_costs_no_refusal(drift: float, rounds_up: bool) -> None:
    """Where an hour of the server is a third of a second more or less by the local clock, nothing is sent too soon."""
    server = FixedWindowServer(limit=100, period=3600.0, phase=100.0, rounds_up=rounds_up, drift=drift)
    client = Client(
        admission=Admission(100), server=server, total=550, concurrency=64, latency=0.002, random=random.Random(1)
    )
    client.run()
    assert client.refused == 0
    assert client.now - server.soonest(550) < 2.1 + 6 * 3600.0 * 2 * DRIFT


@settings(deadline=None)
@given(
    period=st.sampled_from([2.0, 3.0, 10.0]),
    share=st.floats(0.0, 0.999),
    calls=st.integers(50, 600),
    rounds_up=st.booleans(),
    latency=st.sampled_from([0.005, 0.02, 0.1, 0.3]),
    lane=st.sampled_from(LANES),
    seed=st.integers(0, 2**32),
)
def test_one_client_is_not_refused(
    period: float, share: float, calls: int, rounds_up: bool, latency: float, lane: Lane, seed: int
) -> None:
    """However far the server is, and whatever answers straddle the end of a window: who is alone is never refused."""
    server = FixedWindowServer(limit=50, period=period, phase=share * period, rounds_up=rounds_up)
    client = Client(
        admission=Admission(100), server=server, total=calls, concurrency=64, latency=latency,
        random=random.Random(seed), lane=lane,
    )  # fmt: skip
    client.run()
    assert client.refused == 0


class Garbler:
    """Spoils some answers' headers.

    Args:
        chooser: decides which answers, and what becomes of them.
        fields: gives the fields to replace, from the chooser; None stands for no headers at all.
    """

    def __init__(self, chooser: random.Random, fields: Callable[[random.Random], dict[str, Any] | None]) -> None:
        self.spoilt = 0
        self._random = chooser
        self._fields = fields

    def __call__(self, said: RateLimit) -> RateLimit | None:
        """Return the headers as they arrive."""
        if self._random.random() < 0.7:
            return said
        self.spoilt += 1
        fields = self._fields(self._random)
        return None if fields is None else attrs.evolve(said, **fields)


def silence(chooser: random.Random) -> dict[str, Any] | None:
    """Take away some of the fields, or everything."""
    return dict.fromkeys(chooser.sample(FIELDS, chooser.randint(1, 5))) if chooser.random() < 0.8 else None


def nonsense(chooser: random.Random) -> dict[str, Any]:
    """Replace some of the fields by anything that the parser lets through."""
    values: dict[str, list[Any]] = {
        "name": [None, "other"],
        "limit": [None, 1, chooser.randrange(1, 10**9)],
        "remaining": [None, 0, chooser.randrange(300), chooser.randrange(10**9)],
        "period": [None, 1e-9, chooser.uniform(0.001, 100), LONGEST_PERIOD],
        "reset_after": [None, 0.0, chooser.uniform(0, 100), LONGEST_PERIOD],
        "retry_after": [None, 0.0, chooser.uniform(0, 60), LONGEST_PERIOD],
    }
    return {name: chooser.choice(values[name]) for name in chooser.sample(FIELDS, chooser.randint(1, 6))}


def garbled_client(garbler: Garbler, server: FixedWindowServer, concurrency: int, lane: Lane) -> Client:
    """Return a client whose answers are spoilt."""
    return Client(
        admission=Admission(100), server=server, total=server.limit * 2 + 20, concurrency=concurrency, latency=0.02,
        random=random.Random(1), lane=lane, garble=garbler,
    )  # fmt: skip


GARBLED = given(
    seed=st.integers(0, 2**32),
    limit=st.integers(1, 100),
    period=st.sampled_from([2.0, 10.0, 60.0]),
    concurrency=st.integers(1, 100),
    lane=st.sampled_from(LANES),
)


@settings(deadline=None)
@GARBLED
@example(seed=0, limit=1, period=2.0, concurrency=1, lane=Lane.INTERACTIVE)
def test_missing_headers_never_stall(seed: int, limit: int, period: float, concurrency: int, lane: Lane) -> None:
    """Answers that are silent in part cost some waits of a window or of the blind back-off, and no stall."""
    garbler = Garbler(random.Random(seed), silence)
    server = FixedWindowServer(limit=limit, period=period)
    client = garbled_client(garbler, server, concurrency, lane)
    client.run()
    assert client.admission.window.in_flight == 0
    assert client.now <= (client.total / limit + garbler.spoilt + client.refused + 3) * max(period, 35.0)


@settings(deadline=None)
@GARBLED
def test_absurd_headers_never_stall(seed: int, limit: int, period: float, concurrency: int, lane: Lane) -> None:
    """Answers that talk nonsense delay by at most the longest wait that is believed, each."""
    garbler = Garbler(random.Random(seed), nonsense)
    client = garbled_client(garbler, FixedWindowServer(limit=limit, period=period), concurrency, lane)
    client.run()
    assert client.admission.window.in_flight == 0
    assert client.now <= (garbler.spoilt + 1) * (LONGEST_PERIOD + 60)


def go(admission: Admission, now: float = 0.0, lane: Lane = Lane.INTERACTIVE, backlog: int = 1) -> Sent | None:
    """Ask for one call."""
    return admit(admission, now, lane, backlog)


def sure(permit: Sent | None) -> Sent:
    """Return a permit that must have been given."""
    assert permit is not None
    return permit


def burst(admission: Admission, now: float, lane: Lane = Lane.INTERACTIVE, *, backlog: int = 1) -> list[Sent]:
    """Return the permits for all who may go now."""
    return list(iter(lambda: go(admission, now, lane, backlog), None))


def window(remaining: int, *, limit: int = 1000, period: float = 60.0, reset: float = 50.0) -> RateLimit:
    """Return an answer's headers."""
    return RateLimit("b", limit, remaining, period, reset)


def informed(said: RateLimit, *, max_in_flight: int = 1000) -> Admission:
    """Return a wide open admission that has had the answer `said` at 0, and is as good as sure of the window's end."""
    admission = Admission(max_in_flight)
    admission._ramp = max_in_flight
    admission.answered(*sure(go(admission)), 0.0, said)
    end, reset = admission.window.end, said.reset_after
    assert end is not None
    assert reset is not None
    end.earliest, end.latest = reset + 0.99, reset + 1.0
    return admission


def test_unknown_limit_starts_with_four_and_grows() -> None:
    """While nothing is known four calls go, and each answer allows one more."""
    admission = Admission(100)
    permits = burst(admission, 0.0)
    assert len(permits) == 4
    admission.answered(*permits[0], 0.1, None)
    assert len(burst(admission, 0.1)) == 2
    assert admission.window.in_flight == 5


def test_growth_ends_at_the_most_in_flight() -> None:
    """However many answers come, no more than the given number are in flight."""
    admission = Admission(6)
    for now in range(20):
        admission.answered(*sure(go(admission, float(now))), now + 0.5, None)
    assert len(burst(admission, 21.0)) == 6


def test_a_gate_may_be_narrower_than_the_first_step() -> None:
    """One in flight at most means one, also at the start."""
    assert len(burst(Admission(1), 0.0)) == 1


def test_calls_in_flight_count_as_not_counted_yet() -> None:
    """What the server says is left has to do for the calls in flight as well."""
    admission = informed(window(3))
    assert len(burst(admission, 1.0)) == 3
    assert admission.next_check_at(1.0, Lane.INTERACTIVE) == 51.0


def test_abandoned_call_counts_if_it_was_sent() -> None:
    """A call without an answer may have been counted by the server; one that never left was not."""
    admission = informed(window(3))
    first, second, _ = burst(admission, 1.0)
    admission.abandoned(first.window, 1.5, sent=True)
    assert go(admission, 2.0) is None
    admission.abandoned(second.window, 2.0, sent=False)
    assert len(burst(admission, 2.0)) == 1


@pytest.mark.parametrize("said", [None, RateLimit(retry_after=5.0), window(0, reset=5.0)])
def test_callers_probe_one_at_a_time_after_a_refusal(said: RateLimit | None) -> None:
    """After a refusal 64 callers send nothing until it is over, then one call, and more only once that has passed."""
    admission = Admission(64)
    refused, *others = burst(admission, 0.0)
    admission.refused(refused.at, 0.1, said)
    for permit in others:
        admission.refused(permit.at, 0.2, said)
    assert burst(admission, 0.3, backlog=64) == []
    opens = admission.opens_at(0.3)
    assert burst(admission, opens - 1e-6, backlog=64) == []
    probes = burst(admission, opens, backlog=64)
    assert len(probes) == 1
    admission.answered(*probes[0], opens + 0.1, window(999, limit=1000))
    assert 1 <= len(burst(admission, opens + 0.1, backlog=64)) <= 4


def test_late_answers_do_not_widen_the_probe() -> None:
    """Answers to calls that were in flight at the refusal don't make more than one probe go."""
    admission = Admission(64)
    refused, *others = burst(admission, 0.0)
    admission.refused(refused.at, 0.1, RateLimit(retry_after=1.0))
    for permit in others:
        admission.answered(*permit, 0.2, None)
    assert len(burst(admission, admission.opens_at(0.2), backlog=64)) == 1


def test_a_probe_that_takes_the_last_call_does_not_stall() -> None:
    """After a refusal without a word, an answer with nothing left and a reset opens the admission at that reset."""
    admission = Admission(64)
    admission.refused(sure(go(admission)).at, 0.1, None)
    admission.answered(*sure(go(admission, 2.0)), 2.1, window(0, limit=1, period=10.0, reset=5.0))
    assert admission.next_check_at(2.1, Lane.BULK) == pytest.approx(8.1, abs=0.01)


def test_a_refused_probe_closes_again() -> None:
    """Each refused probe costs one call, not a burst."""
    admission, sent, now = Admission(64), 0, 0.0
    for permit in burst(admission, now):
        admission.refused(permit.at, 0.1, RateLimit(retry_after=1.0))
    for _ in range(5):
        now = admission.opens_at(now)
        probes = burst(admission, now, backlog=64)
        sent += len(probes)
        for permit in probes:
            admission.refused(permit.at, now + 0.1, RateLimit(retry_after=1.0))
        now += 0.1
    assert sent == 5


def test_retry_after_is_a_floor() -> None:
    """The bucket opens when the server said or a little later, never sooner, and a shorter wait doesn't shorten it."""
    admission = Admission(4)
    first, second, *_ = burst(admission, 0.0)
    admission.refused(first.at, 1.0, RateLimit(retry_after=20.0))
    opens = admission.opens_at(1.0)
    assert 21.0 <= opens <= 21.5
    admission.refused(second.at, 1.0, RateLimit(retry_after=2.0))
    assert admission.opens_at(1.0) == opens


@pytest.mark.parametrize("said", [None, RateLimit(), RateLimit(limit=5), RateLimit(reset_after=86_000.0)])
def test_silent_refusals_back_off(said: RateLimit | None) -> None:
    """Refusals that don't say how long close for 1, 2, 4, 8, 16 and then 30 s, plus at most a tenth."""
    admission, now, waits = Admission(4), 0.0, []
    for _ in range(7):
        admission.refused(sure(go(admission, now)).at, now, said)
        waits.append(admission.opens_at(now) - now)
        now = admission.opens_at(now)
    expected = [1, 2, 4, 8, 16, 30, 30]
    assert all(low <= wait <= low * 1.1 + 1e-9 for low, wait in zip(expected, waits, strict=True))


def test_a_success_starts_the_back_off_anew() -> None:
    """After a success the next silent refusal is the first again."""
    admission = Admission(4)
    admission.refused(sure(go(admission)).at, 0.0, None)
    admission.refused(sure(go(admission, 2.0)).at, 2.0, None)
    admission.answered(*sure(go(admission, 5.0)), 5.0, None)
    admission.refused(sure(go(admission, 6.0)).at, 6.0, None)
    assert 7.0 <= admission.opens_at(6.0) <= 7.1


def test_refusal_with_reset_closes_until_the_edge() -> None:
    """Without Retry-After the window's end, as far as it is known, is when the bucket opens."""
    admission = Admission(4)
    admission.refused(sure(go(admission)).at, 0.0, window(0, reset=7.0))
    assert admission.opens_at(0.0) == pytest.approx(8.0, abs=0.01)


def told_to_wait(seconds: float) -> RateLimit:
    """Return a refusal that says how long."""
    return RateLimit(retry_after=seconds)


def test_long_wait_is_looked_into() -> None:
    """Of a wait of a day one call every 15 minutes looks whether it is over; an answer opens the bucket."""
    admission = Admission(100)
    admission.refused(sure(go(admission)).at, 0.0, told_to_wait(86_400.0))
    assert (admission.opens_at(1.0), admission.next_check_at(1.0, Lane.BULK)) == (LONGEST_SILENCE, LONGEST_SILENCE)
    assert go(admission, LONGEST_SILENCE - 0.1) is None
    first = sure(go(admission, LONGEST_SILENCE))
    assert go(admission, LONGEST_SILENCE + 5.0) is None
    admission.refused(first.at, LONGEST_SILENCE + 1.0, told_to_wait(80_000.0))
    assert go(admission, 2 * LONGEST_SILENCE) is None
    second = sure(go(admission, 2 * LONGEST_SILENCE + 1.0))
    admission.answered(*second, 2 * LONGEST_SILENCE + 1.2, None)
    assert admission.opens_at(2 * LONGEST_SILENCE + 1.2) == 2 * LONGEST_SILENCE + 1.2
    assert go(admission, 2 * LONGEST_SILENCE + 1.2) is not None


def test_look_without_an_answer_is_repeated_later() -> None:
    """A call that looked and got no answer leaves the bucket closed for 15 minutes more."""
    admission = Admission(100)
    admission.refused(sure(go(admission)).at, 0.0, told_to_wait(86_400.0))
    admission.abandoned(sure(go(admission, 1000.0)).window, 1010.0, sent=True)
    assert go(admission, 1000.0 + LONGEST_SILENCE - 0.1) is None
    assert go(admission, 1000.0 + LONGEST_SILENCE) is not None


@pytest.mark.parametrize("seconds", [1.0, 60.0, LONGEST_SILENCE])
def test_shorter_wait_is_kept_whole(seconds: float) -> None:
    """A wait of up to 15 minutes is a floor without an exception."""
    admission = Admission(100)
    admission.refused(sure(go(admission)).at, 0.0, told_to_wait(seconds))
    assert go(admission, seconds - 0.01) is None


def test_pause_is_not_looked_into() -> None:
    """A pause that nobody's server asked for is kept, however long."""
    admission = Admission(100)
    admission.pause(86_400.0)
    assert go(admission, 50_000.0) is None


def test_pause_closes_and_is_never_shortened() -> None:
    """A pause closes the admission until its moment; a shorter one changes nothing."""
    admission = Admission(4)
    admission.pause(10.0)
    admission.pause(5.0)
    assert go(admission, 9.9) is None
    assert admission.next_check_at(1.0, Lane.BULK) == 10.0
    assert go(admission, 10.0) is not None


@pytest.mark.parametrize(("limit", "reserve"), [(300, 15), (400, 20), (5000, LARGEST_RESERVE), (19, 0)])
def test_bulk_leaves_a_reserve_to_people_who_call(limit: int, reserve: int) -> None:
    """While people call, bulk stops at one call in twenty, at most fifty, short of the end; people get those."""
    admission = informed(window(limit - 1, limit=limit), max_in_flight=10_000)
    bulk = burst(admission, 1.0, Lane.BULK)
    assert len(bulk) == limit - 1 - reserve
    assert admission.next_check_at(1.0, Lane.BULK) == (pytest.approx(50.99 - 1.6) if reserve else 51.0)
    assert len(burst(admission, 1.0)) == reserve


def test_nothing_is_reserved_where_nobody_calls() -> None:
    """A period after the last call of a person the reserve is gone, and without any there was never one."""
    admission = informed(window(299, limit=300, period=40.0, reset=40.0))
    admission.interactive_at = -20.0
    assert len(burst(admission, 19.9, Lane.BULK)) == 299 - 15
    assert admission.next_check_at(19.9, Lane.BULK) == 20.0
    assert len(burst(admission, 20.1, Lane.BULK)) == 15
    admission = informed(window(299, limit=300))
    admission.interactive_at = -math.inf
    assert len(burst(admission, 1.0, Lane.BULK)) == 299


def test_bulk_gets_the_reserve_back_near_the_end() -> None:
    """Near the end bulk gets the reserve, a quarter each half second, the last just in time, and is called for each."""
    admission, end = informed(window(299, limit=300)), 50.99
    assert len(burst(admission, end - 1.61, Lane.BULK)) == 299 - 15
    taken: list[tuple[float, int]] = []
    at = admission.next_check_at(end - 1.61, Lane.BULK)
    while at is not None and at < end:
        taken.append((round(end - at, 6), len(burst(admission, at, Lane.BULK))))
        at = admission.next_check_at(at, Lane.BULK)
    assert taken == [(1.6, 4), (1.1, 4), (0.6, 4), (0.1, 3)]


def test_person_finds_some_of_the_reserve_near_the_end() -> None:
    """Until just before a window may end there is still a quarter of the reserve, whatever bulk has asked for."""
    admission = informed(window(299, limit=300))
    for at in (48.0, 49.4, 49.9, 50.4, 50.88):
        burst(admission, at, Lane.BULK)
    assert len(burst(admission, 50.88)) == 3


def test_a_short_window_has_no_reserve() -> None:
    """Where the next window is never further than a person's patience, bulk uses everything."""
    admission = informed(window(299, limit=300, period=2.0, reset=1.0))
    assert len(burst(admission, 0.01, Lane.BULK)) == 299


def test_the_next_window_brings_the_limit_back() -> None:
    """After the latest end of a window the whole limit is there again, without a word from the server."""
    admission = informed(window(0, limit=10, period=10.0, reset=4.0))
    assert go(admission, 4.99) is None
    assert len(burst(admission, 5.0)) == 10


def test_an_exhausted_window_says_when_it_opens() -> None:
    """With nothing left and nothing in flight, the earliest end of the window is when a call can go at best."""
    admission = informed(window(0, limit=10, period=10.0, reset=4.0))
    assert admission.opens_at(1.0) == 4.99
    assert Admission(4).opens_at(1.0) == 1.0


def uncertain(said: RateLimit, earliest: float) -> Admission:
    """Return an admission whose server is known to round down and whose window ends no sooner than `earliest`."""
    admission = informed(said)
    admission.interactive_at = -math.inf
    assert admission.window.end is not None
    admission.window.end.rounded_up_by = 0.0
    admission.window.end.earliest = earliest
    return admission


def probes(admission: Admission, now: float, *, left: int = 100) -> list[float]:
    """Return when the eight calls go that the window has left, of fifty that wait and `left` that are to come."""
    times: list[float] = []
    while len(times) < MOST_PROBES:
        if admit(admission, now, Lane.BULK, 50, left - len(times)) is None:
            at = admission.next_check_at(now, Lane.BULK)
            assert at is not None
            assert at > now
            now = at
        else:
            times.append(now)
    return times


def test_probes_halve_the_time_in_which_reset_changes() -> None:
    """While the reset is to change, each probe goes in the middle of when; the last four go around the end."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=3.0), 3.0)
    times = probes(admission, 0.2)
    assert times[:4] == pytest.approx([0.6, 0.8, 0.9, 0.95])
    assert all(3.0 < at <= 4.0 for at in times[4:])
    assert times[4:] == sorted(set(times[4:]))


@pytest.mark.parametrize("left", [0, 150, 151, 157, 158])
def test_a_job_that_cannot_spare_them_sends_no_probes_around_the_end(left: int) -> None:
    """Where one call that misses the window would cost a whole window more, none of the last ones waits for the end."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=0.0), 0.1)
    spare = (8 - (50 + left)) % 200
    assert probes(admission, 0.2, left=left).count(0.2) == max(0, 8 - spare)


def test_probes_are_spread_around_the_end() -> None:
    """In the last second the calls go one by one up to the latest end, so that one of them is the first in the next."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=0.0), 0.1)
    assert probes(admission, 0.2) == pytest.approx([0.3 + 0.1 * number for number in range(8)])


def test_jobs_that_fit_send_no_probes() -> None:
    """Where all that is wanted fits into the window, nothing waits for anything."""
    admission = uncertain(window(58, limit=200, period=10.0, reset=3.0), 3.0)
    admission.window.remaining = 8
    assert [admit(admission, 0.2, Lane.BULK, waiting, 0) is not None for waiting in range(8, 0, -1)] == [True] * 8


def test_a_job_of_a_size_that_nobody_knows_sends_no_probes() -> None:
    """Where nobody tells how many calls are to come, one that misses the window may cost a window more: none waits."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=3.0), 3.0)
    assert [admit(admission, 0.2, Lane.BULK, 50, None) is not None for _ in range(8)] == [True] * 8


@pytest.mark.parametrize(("others", "goes"), [(1, True), (100, False)])
def test_people_are_held_only_for_what_it_is_worth(others: int, goes: bool) -> None:
    """A person waits for a probe's moment only if it saves those who wait for the next window more than it costs."""
    admission = informed(window(8, limit=200, period=10.0, reset=9.0))
    assert admission.window.end is not None
    admission.window.end.earliest = admission.window.end.latest - 1.01
    assert (admit(admission, 0.2, Lane.INTERACTIVE, 8 + others) is not None) is goes


def test_an_answer_changes_the_plan() -> None:
    """What a probe shows of the second narrows the end, and moves the next probe."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=1.0), 1.0)
    assert admit(admission, 0.2, Lane.BULK, 50, 100) is None
    assert admission.next_check_at(0.2, Lane.BULK) == pytest.approx(0.6)
    probe = sure(admit(admission, 0.6, Lane.BULK, 50, 100))
    admission.answered(*probe, 0.61, window(7, limit=200, period=10.0, reset=0.0))
    assert admission.window.end is not None
    assert admission.window.end.width == pytest.approx(0.61)
    assert admit(admission, 0.62, Lane.BULK, 50, 99) is None
    assert admission.next_check_at(0.62, Lane.BULK) == pytest.approx(1.0 + 0.61 / 7)


def test_beside_others_no_probe_goes_around_the_end() -> None:
    """Where others use the limit too, nobody knows how many calls are to come, and so whether one can be spared."""
    admission = uncertain(window(8, limit=200, period=10.0, reset=0.0), 0.1)
    admission.window.others = 0.1
    assert admit(admission, 0.2, Lane.BULK, 50, 100) is not None


def test_states_follow_each_other() -> None:
    """A bucket is unknown until an answer tells of it, closed by a refusal, then probed, and known again."""
    admission = Admission(100)
    states = [admission.state]
    first, second = sure(go(admission)), sure(go(admission))
    admission.answered(*first, 0.1, window(50))
    states.append(admission.state)
    admission.refused(second.at, 0.2, told_to_wait(10.0))
    states.append(admission.state)
    assert go(admission, 5.0) is None
    states.append(admission.state)
    probe = sure(go(admission, 12.0))
    states.append(admission.state)
    admission.answered(*probe, 12.1, window(49))
    assert [*states, admission.state] == [
        State.UNKNOWN, State.KNOWN, State.CLOSED, State.CLOSED, State.PROBING, State.KNOWN,
    ]  # fmt: skip
