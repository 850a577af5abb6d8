"""What one bucket admits: against a simulated server, and rule by rule."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiooncall.ratelimit import RateLimit
from aiooncall.transport.gate import LARGEST_RESERVE, LONGEST_SILENCE, PATIENCE, Gate
from aiooncall.transport.messages import Lane
from aiooncall.transport.outcome import LONGEST_PERIOD
from tests.support.window_server import NO_BUCKET, Client, FixedWindowServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.transport.gate import Permit

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
        gate=Gate(draw(st.integers(1, 300))),
        server=server,
        total=server.limit * 3 + draw(st.integers(0, server.limit)),
        concurrency=draw(st.integers(1, 200)),
        latency=draw(st.floats(0.0001, 0.02)) * period,
        random=random.Random(draw(st.integers(0, 2**32))),
        lane=draw(st.sampled_from(LANES)),
    )


@settings(deadline=None, max_examples=200)
@given(client=sole_clients())
def test_no_schedule_exceeds_the_limit(client: Client) -> None:
    """A sole client is never refused, whatever the rounding, the lane and the concurrency."""
    client.run()
    assert client.refused == 0
    assert max(client.server.passed.values()) <= client.server.limit


@settings(deadline=None)
@given(client=sole_clients())
def test_everything_is_sent_in_the_end(client: Client) -> None:
    """Every call passes exactly once, nothing stays in flight, and no window passes unused."""
    client.run()
    assert client.server.passed.total() == client.total
    assert client.gate.window.in_flight == 0
    rounds = client.total / min(client.concurrency, client.gate._max_in_flight)
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
    gate = Gate(100)
    client = Client(
        gate=gate, server=server, total=limit * 4, concurrency=concurrency, latency=0.05,
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
    """Bulk work at a near server uses the windows to the last calls and is as fast as the limit allows."""
    server = FixedWindowServer(limit=200, period=2.0, phase=phase, rounds_up=rounds_up)
    client = Client(
        gate=Gate(100), server=server, total=windows * 200 + beyond, concurrency=64, latency=0.001,
        random=random.Random(seed),
    )  # fmt: skip
    client.run()
    # A server that rounds up never shows a 0; to find that out takes a few calls of one window.
    assert server.lost() <= (8 if rounds_up else 0)
    assert client.now - server.soonest(client.total) < 0.15


@pytest.mark.parametrize("period", [2.0, 3.0, 10.0, 60.0])
@pytest.mark.parametrize("share", [0.05, 0.35, 0.5, 0.65, 0.85, 0.99])
def test_not_a_call_is_lost(period: float, share: float) -> None:
    """From a cold start at any time of a window every call of nine windows is used, and the last one begins in time.

    Nothing is refused. (The whole of the last window would take longer: bulk leaves a reserve until near its end.)
    """
    server = FixedWindowServer(limit=200, period=period, phase=share * period)
    client = Client(gate=Gate(100), server=server, total=1900, concurrency=64, latency=0.001, random=random.Random(1))
    client.run()
    assert (client.refused, server.lost(), len(server.passed)) == (0, 0, 10)
    assert client.now - server.soonest(1900) < 0.12


@pytest.mark.parametrize("share", [0.05, 0.35, 0.5, 0.65, 0.85, 0.99])
def test_which_way_the_server_rounds_costs_a_few_calls_once(share: float) -> None:
    """A server that rounds up never shows a 0; to find that out costs calls of one window, and no refusal."""
    server = FixedWindowServer(limit=200, period=10.0, phase=share * 10.0, rounds_up=True)
    client = Client(gate=Gate(100), server=server, total=1900, concurrency=64, latency=0.001, random=random.Random(1))
    client.run()
    assert client.refused == 0
    assert server.lost() <= 8
    assert sum(server.passed[window] < 200 for window in range(9)) <= 1


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
        gate=Gate(100), server=server, total=server.limit * 2 + 20, concurrency=concurrency, latency=0.02,
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
    assert client.gate.window.in_flight == 0
    assert client.now <= (client.total / limit + garbler.spoilt + client.refused + 3) * max(period, 35.0)


@settings(deadline=None)
@GARBLED
def test_absurd_headers_never_stall(seed: int, limit: int, period: float, concurrency: int, lane: Lane) -> None:
    """Answers that talk nonsense delay by at most the longest wait that is believed, each."""
    garbler = Garbler(random.Random(seed), nonsense)
    client = garbled_client(garbler, FixedWindowServer(limit=limit, period=period), concurrency, lane)
    client.run()
    assert client.gate.window.in_flight == 0
    assert client.now <= (garbler.spoilt + 1) * (LONGEST_PERIOD + 60)


def go(gate: Gate, now: float = 0.0, lane: Lane = Lane.INTERACTIVE, backlog: int = 1) -> Permit | None:
    """Ask for one call."""
    return gate.try_admit(NO_BUCKET, now, lane, backlog)


def sure(permit: Permit | None) -> Permit:
    """Return a permit that must have been given."""
    assert permit is not None
    return permit


def burst(gate: Gate, now: float, lane: Lane = Lane.INTERACTIVE, *, backlog: int = 1) -> list[Permit]:
    """Return the permits for all who may go now."""
    return list(iter(lambda: go(gate, now, lane, backlog), None))


def window(remaining: int, *, limit: int = 1000, period: float = 60.0, reset: float = 50.0) -> RateLimit:
    """Return an answer's headers."""
    return RateLimit("b", limit, remaining, period, reset)


def informed(said: RateLimit, *, max_in_flight: int = 1000) -> Gate:
    """Return a wide open gate that has had the answer `said` at 0, and is as good as sure of the window's end."""
    gate = Gate(max_in_flight)
    gate._ramp = max_in_flight
    gate.answered(sure(go(gate)), 0.0, said)
    assert gate.window.edge is not None
    gate.window.edge.earliest = gate.window.edge.latest - 0.01
    return gate


def test_unknown_limit_starts_with_four_and_grows() -> None:
    """While nothing is known four calls go, and each answer allows one more."""
    gate = Gate(100)
    permits = burst(gate, 0.0)
    assert len(permits) == 4
    gate.answered(permits[0], 0.1, None)
    assert len(burst(gate, 0.1)) == 2
    assert gate.window.in_flight == 5


def test_growth_ends_at_the_most_in_flight() -> None:
    """However many answers come, no more than the given number are in flight."""
    gate = Gate(6)
    for now in range(20):
        gate.answered(sure(go(gate, float(now))), now + 0.5, None)
    assert len(burst(gate, 21.0)) == 6


def test_a_gate_may_be_narrower_than_the_first_step() -> None:
    """One in flight at most means one, also at the start."""
    assert len(burst(Gate(1), 0.0)) == 1


def test_calls_in_flight_count_as_not_counted_yet() -> None:
    """What the server says is left has to do for the calls in flight as well."""
    gate = informed(window(3))
    assert len(burst(gate, 1.0)) == 3
    assert gate.look_again_at(1.0, Lane.INTERACTIVE) == 51.0


def test_abandoned_call_counts_if_it_was_sent() -> None:
    """A call without an answer may have been counted by the server; one that never left was not."""
    gate = informed(window(3))
    first, second, _ = burst(gate, 1.0)
    gate.abandoned(first, 1.5, sent=True)
    assert go(gate, 2.0) is None
    gate.abandoned(second, 2.0, sent=False)
    assert len(burst(gate, 2.0)) == 1


@pytest.mark.parametrize("said", [None, RateLimit(retry_after=5.0), window(0, reset=5.0)])
def test_callers_probe_one_at_a_time_after_a_refusal(said: RateLimit | None) -> None:
    """After a refusal 64 callers send nothing until it is over, then one call, and more only once that has passed."""
    gate = Gate(64)
    refused, *others = burst(gate, 0.0)
    gate.refused(refused, 0.1, said)
    for permit in others:
        gate.refused(permit, 0.2, said)
    assert burst(gate, 0.3, backlog=64) == []
    opens = gate.opens_at(0.3)
    assert burst(gate, opens - 1e-6, backlog=64) == []
    probes = burst(gate, opens, backlog=64)
    assert len(probes) == 1
    gate.answered(probes[0], opens + 0.1, window(999, limit=1000))
    assert 1 <= len(burst(gate, opens + 0.1, backlog=64)) <= 4


def test_late_answers_do_not_widen_the_probe() -> None:
    """Answers to calls that were in flight at the refusal don't make more than one probe go."""
    gate = Gate(64)
    refused, *others = burst(gate, 0.0)
    gate.refused(refused, 0.1, RateLimit(retry_after=1.0))
    for permit in others:
        gate.answered(permit, 0.2, None)
    assert len(burst(gate, gate.opens_at(0.2), backlog=64)) == 1


def test_a_probe_that_takes_the_last_call_does_not_stall() -> None:
    """After a refusal without a word, an answer with nothing left and a reset opens the gate at that reset."""
    gate = Gate(64)
    gate.refused(sure(go(gate)), 0.1, None)
    gate.answered(sure(go(gate, 2.0)), 2.1, window(0, limit=1, period=10.0, reset=5.0))
    assert gate.look_again_at(2.1, Lane.BULK) == pytest.approx(8.1)


def test_a_refused_probe_closes_again() -> None:
    """Each refused probe costs one call, not a burst."""
    gate, sent, now = Gate(64), 0, 0.0
    for permit in burst(gate, now):
        gate.refused(permit, 0.1, RateLimit(retry_after=1.0))
    for _ in range(5):
        now = gate.opens_at(now)
        probes = burst(gate, now, backlog=64)
        sent += len(probes)
        for permit in probes:
            gate.refused(permit, now + 0.1, RateLimit(retry_after=1.0))
        now += 0.1
    assert sent == 5


def test_retry_after_is_a_floor() -> None:
    """The bucket opens when the server said or a little later, never sooner, and a shorter wait doesn't shorten it."""
    gate = Gate(4)
    first, second, *_ = burst(gate, 0.0)
    gate.refused(first, 1.0, RateLimit(retry_after=20.0))
    opens = gate.opens_at(1.0)
    assert 21.0 <= opens <= 21.5
    gate.refused(second, 1.0, RateLimit(retry_after=2.0))
    assert gate.opens_at(1.0) == opens


@pytest.mark.parametrize("said", [None, RateLimit(), RateLimit(limit=5), RateLimit(reset_after=86_000.0)])
def test_silent_refusals_back_off(said: RateLimit | None) -> None:
    """Refusals that don't say how long close for 1, 2, 4, 8, 16 and then 30 s, plus at most a tenth."""
    gate, now, waits = Gate(4), 0.0, []
    for _ in range(7):
        gate.refused(sure(go(gate, now)), now, said)
        waits.append(gate.opens_at(now) - now)
        now = gate.opens_at(now)
    expected = [1, 2, 4, 8, 16, 30, 30]
    assert all(low <= wait <= low * 1.1 + 1e-9 for low, wait in zip(expected, waits, strict=True))


def test_a_success_starts_the_back_off_anew() -> None:
    """After a success the next silent refusal is the first again."""
    gate = Gate(4)
    gate.refused(sure(go(gate)), 0.0, None)
    gate.refused(sure(go(gate, 2.0)), 2.0, None)
    gate.answered(sure(go(gate, 5.0)), 5.0, None)
    gate.refused(sure(go(gate, 6.0)), 6.0, None)
    assert 7.0 <= gate.opens_at(6.0) <= 7.1


def test_refusal_with_reset_closes_until_the_edge() -> None:
    """Without Retry-After the window's end, as far as it is known, is when the bucket opens."""
    gate = Gate(4)
    gate.refused(sure(go(gate)), 0.0, window(0, reset=7.0))
    assert 6.0 <= gate.opens_at(0.0) <= 8.0


def told_to_wait(seconds: float) -> RateLimit:
    """Return a refusal that says how long."""
    return RateLimit(retry_after=seconds)


def test_long_wait_is_looked_into() -> None:
    """Of a wait of a day one call every 15 minutes looks whether it is over; an answer opens the bucket."""
    gate = Gate(100)
    gate.refused(sure(go(gate)), 0.0, told_to_wait(86_400.0))
    assert (gate.opens_at(1.0), gate.look_again_at(1.0, Lane.BULK)) == (LONGEST_SILENCE, LONGEST_SILENCE)
    assert go(gate, LONGEST_SILENCE - 0.1) is None
    first = sure(go(gate, LONGEST_SILENCE))
    assert go(gate, LONGEST_SILENCE + 5.0) is None
    gate.refused(first, LONGEST_SILENCE + 1.0, told_to_wait(80_000.0))
    assert go(gate, 2 * LONGEST_SILENCE) is None
    second = sure(go(gate, 2 * LONGEST_SILENCE + 1.0))
    gate.answered(second, 2 * LONGEST_SILENCE + 1.2, None)
    assert gate.opens_at(2 * LONGEST_SILENCE + 1.2) == 2 * LONGEST_SILENCE + 1.2
    assert go(gate, 2 * LONGEST_SILENCE + 1.2) is not None


def test_look_without_an_answer_is_repeated_later() -> None:
    """A call that looked and got no answer leaves the bucket closed for 15 minutes more."""
    gate = Gate(100)
    gate.refused(sure(go(gate)), 0.0, told_to_wait(86_400.0))
    gate.abandoned(sure(go(gate, 1000.0)), 1010.0, sent=True)
    assert go(gate, 1000.0 + LONGEST_SILENCE - 0.1) is None
    assert go(gate, 1000.0 + LONGEST_SILENCE) is not None


@pytest.mark.parametrize("seconds", [1.0, 60.0, LONGEST_SILENCE])
def test_shorter_wait_is_kept_whole(seconds: float) -> None:
    """A wait of up to 15 minutes is a floor without an exception."""
    gate = Gate(100)
    gate.refused(sure(go(gate)), 0.0, told_to_wait(seconds))
    assert go(gate, seconds - 0.01) is None


def test_pause_is_not_looked_into() -> None:
    """A pause that nobody's server asked for is kept, however long."""
    gate = Gate(100)
    gate.pause(86_400.0)
    assert go(gate, 50_000.0) is None


def test_pause_closes_and_is_never_shortened() -> None:
    """A pause closes the gate until its moment; a shorter one changes nothing."""
    gate = Gate(4)
    gate.pause(10.0)
    gate.pause(5.0)
    assert go(gate, 9.9) is None
    assert gate.look_again_at(1.0, Lane.BULK) == 10.0
    assert go(gate, 10.0) is not None


@pytest.mark.parametrize(("limit", "reserve"), [(300, 15), (400, 20), (5000, LARGEST_RESERVE), (19, 0)])
def test_bulk_leaves_a_reserve_in_a_long_window(limit: int, reserve: int) -> None:
    """Bulk stops at one call in twenty, at most fifty, short of the end; people get those."""
    gate = informed(window(limit - 1, limit=limit), max_in_flight=10_000)
    bulk = burst(gate, 1.0, Lane.BULK)
    assert len(bulk) == limit - 1 - reserve
    assert gate.look_again_at(1.0, Lane.BULK) == (50.99 - PATIENCE if reserve else 51.0)
    assert len(burst(gate, 1.0)) == reserve


def test_bulk_gets_the_reserve_back_near_the_end() -> None:
    """Once a person would wait no longer than their patience for the next window, bulk may use the rest."""
    gate = informed(window(299, limit=300))
    assert len(burst(gate, 50.99 - PATIENCE - 0.01, Lane.BULK)) == 299 - 15
    assert len(burst(gate, 50.99 - PATIENCE, Lane.BULK)) == 15


def test_a_short_window_has_no_reserve() -> None:
    """Where the next window is never further than a person's patience, bulk uses everything."""
    gate = informed(window(299, limit=300, period=2.0, reset=1.0))
    assert len(burst(gate, 0.01, Lane.BULK)) == 299


def test_the_next_window_brings_the_limit_back() -> None:
    """After the latest end of a window the whole limit is there again, without a word from the server."""
    gate = informed(window(0, limit=10, period=10.0, reset=4.0))
    assert go(gate, 4.99) is None
    assert len(burst(gate, 5.0)) == 10


def test_an_exhausted_window_says_when_it_opens() -> None:
    """With nothing left and nothing in flight, the earliest end of the window is when a call can go at best."""
    gate = informed(window(0, limit=10, period=10.0, reset=4.0))
    assert gate.opens_at(1.0) == 4.99
    assert Gate(4).opens_at(1.0) == 1.0


def test_refusal_of_the_previous_window_closes_nothing() -> None:
    """A late refusal of a call that was sent before the edge says nothing of the new window."""
    gate = informed(window(5, limit=10, period=10.0, reset=4.0))
    late = sure(go(gate, 1.0))
    assert go(gate, 5.5) is not None
    gate.refused(late, 5.6, RateLimit("b", 10, 0, 10.0, 9.0))
    assert go(gate, 5.7) is not None


def uncertain(said: RateLimit, earliest: float) -> Gate:
    """Return a gate whose server is known to round down and whose window ends no sooner than `earliest`."""
    gate = informed(said)
    assert gate.window.edge is not None
    gate.window.edge.rounded_up_by = 0.0
    gate.window.edge.earliest = earliest
    return gate


def scouts(gate: Gate, now: float) -> list[float]:
    """Return when the eight bulk calls go that the window has left, of many that wait."""
    times: list[float] = []
    while len(times) < 8:
        if go(gate, now, Lane.BULK, 50) is None:
            at = gate.look_again_at(now, Lane.BULK)
            assert at is not None
            assert at > now
            now = at
        else:
            times.append(now)
    return times


def test_scouts_go_one_by_one_around_a_whole_second_before_the_edge() -> None:
    """While the end is uncertain and more calls wait than fit, the last few look for the next change of the reset."""
    gate = uncertain(window(8, limit=200, period=10.0, reset=1.0), 1.0)
    times = scouts(gate, 0.2)
    assert times == pytest.approx([0.3 + 0.1 * number for number in range(8)])
    assert gate.window.edge is not None
    assert times[-1] <= gate.window.edge.latest - 1.0


def test_scouts_go_at_once_when_they_have_seen_enough() -> None:
    """Once the end is known well, the rest of the calls has nothing to wait for."""
    gate = uncertain(window(8, limit=200, period=10.0, reset=1.0), 1.95)
    assert scouts(gate, 0.2) == [0.2] * 8


def test_there_are_no_scouts_where_the_next_window_is_long_enough() -> None:
    """In the last second all calls go: the next window can begin a little late without losing any."""
    gate = uncertain(window(8, limit=200, period=10.0, reset=0.0), 0.1)
    assert scouts(gate, 0.2) == [0.2] * 8


def test_scouts_look_for_the_edge_of_a_short_window() -> None:
    """Where beginning late would cost too much of the next window, the calls are spread up to the latest end."""
    gate = uncertain(window(8, limit=200, period=1.0, reset=0.0), 0.1)
    assert scouts(gate, 0.2) == pytest.approx([0.3 + 0.1 * number for number in range(8)])


def test_one_scout_finds_out_which_way_the_server_rounds() -> None:
    """If only that is unknown, one call waits for the last second before the latest end, where it must show."""
    gate = informed(window(8, limit=200, period=10.0, reset=2.0))
    assert gate.window.edge is not None
    gate.window.edge.earliest = gate.window.edge.latest - 1.01
    assert scouts(gate, 0.2) == [0.2] * 7 + [2.0]


def test_who_does_not_know_the_rounding_keeps_one_scout_for_it() -> None:
    """While neither the second nor the rounding is known, all but one look for the second."""
    gate = informed(window(8, limit=200, period=10.0, reset=2.0))
    assert gate.window.edge is not None
    gate.window.edge.earliest = 1.0
    times = scouts(gate, 0.3)
    assert times[:7] == pytest.approx([0.4 + 0.1 * number for number in range(7)])
    assert times[7:] == [2.0]


def test_an_answer_changes_the_plan() -> None:
    """A scout that shows where the second is lets the others go at once."""
    gate = uncertain(window(8, limit=200, period=10.0, reset=1.0), 1.0)
    first = gate.look_again_at(0.2, Lane.BULK) if go(gate, 0.2, Lane.BULK, 50) is None else None
    assert first is not None
    scout = sure(go(gate, first, Lane.BULK, 50))
    assert go(gate, first + 0.01, Lane.BULK, 50) is None
    gate.answered(scout, first + 0.01, window(7, limit=200, period=10.0, reset=0.0))
    assert len(burst(gate, first + 0.02, Lane.BULK, backlog=50)) == 7
