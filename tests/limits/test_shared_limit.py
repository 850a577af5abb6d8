"""What several clients, who know nothing of each other, make of one limit."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.limits.admission import FIRST_IN_FLIGHT, Admission
from aiooncall.limits.lane import Lane
from aiooncall.ratelimit import RateLimit
from tests.support.window_server import Client, FixedWindowServer, admit, run_together

if TYPE_CHECKING:
    from tests.support.window_server import Sent

pytestmark = pytest.mark.slow


def crew(server: FixedWindowServer, *, number: int = 4, total: int, latency: float, seed: int) -> list[Client]:
    """Return clients of one server with a share of the calls each."""
    return [
        Client(
            admission=Admission(64), server=server, total=total // number, concurrency=64, latency=latency,
            random=random.Random(seed * 100 + place),
        )
        for place in range(number)
    ]  # fmt: skip


def refused(clients: list[Client]) -> int:
    """Return how many calls were refused, of all clients."""
    return sum(client.refused for client in clients)


@pytest.mark.no_cover
@settings(deadline=None, max_examples=25)
@given(phase=st.floats(0, 1.99), latency=st.floats(0.0005, 0.02), rounds_up=st.booleans(), seed=st.integers(0, 2**32))
def test_four_clients_share_a_limit(phase: float, latency: float, rounds_up: bool, seed: int) -> None:
    """Nothing is lost, hardly a call is refused, and it takes a window longer than one client would at most."""
    server = FixedWindowServer(limit=200, period=2.0, phase=phase, rounds_up=rounds_up)
    clients = crew(server, total=1900, latency=latency, seed=seed)
    run_together(clients)
    assert server.passed.total() == 1900
    assert refused(clients) <= 0.05 * 1900
    assert max(client.now for client in clients) - server.soonest(1900) <= server.period + 40 * latency


@pytest.mark.no_cover
@settings(deadline=None, max_examples=20)
@given(number=st.integers(2, 12), phase=st.floats(0, 9.99), seed=st.integers(0, 2**32))
def test_any_number_of_clients(number: int, phase: float, seed: int) -> None:
    """With a dozen clients, too, what is refused is little beside what goes through."""
    server = FixedWindowServer(limit=500, period=10.0, phase=phase)
    clients = crew(server, number=number, total=number * 300, latency=0.02, seed=seed)
    run_together(clients)
    assert server.passed.total() == number * 300
    assert refused(clients) <= 0.1 * number * 300


def go(admission: Admission, now: float) -> Sent | None:
    """Ask for a bulk call, of many that wait."""
    return admit(admission, now, Lane.BULK, 1000)


def burst(admission: Admission, now: float) -> list[Sent]:
    """Return the permits for all who may go now."""
    return list(iter(lambda: go(admission, now), None))


def said(remaining: int, reset: float = 5.0) -> RateLimit:
    """Return an answer's headers."""
    return RateLimit("b", 1000, remaining, 10.0, reset)


def beside_others(mine: int, gone: int) -> Admission:
    """Return a admission that knows the end, and has had `mine` answers while `gone` calls were counted."""
    admission = Admission(1000)
    admission._ramp = 1000
    left = 1000
    for number in range(mine):
        permit = go(admission, 0.0)
        assert permit is not None
        left = 999 - gone * number // (mine - 1)
        admission.answered(*permit, 0.0, said(left))
    assert admission.window.end is not None
    admission.window.end.earliest = admission.window.end.latest - 0.01
    return admission


@pytest.mark.parametrize(("gone", "each"), [(99, 0.0), (399, 3.0), (899, 8.0)])
def test_others_are_counted_by_what_is_gone(gone: int, each: float) -> None:
    """What is gone from the window and was not answered here was taken by others."""
    window = beside_others(100, gone).window
    window.look_for_others()
    assert window.others == pytest.approx(each, abs=0.1)


def test_who_has_hardly_an_answer_still_sees_that_the_window_is_gone() -> None:
    """Where few answers came and much is gone, others are there, however many calls they make for each of ours."""
    window = beside_others(2, 399).window
    window.look_for_others()
    assert window.others == pytest.approx(50, abs=1)


def test_a_crowd_that_comes_later_in_a_window_is_seen() -> None:
    """Others who begin when we are half way through the first window get room in it all the same."""
    admission = beside_others(100, 99)
    assert admission.window.others == 0
    for number in range(16):
        permit = go(admission, 4.0)
        assert permit is not None
        admission.answered(*permit, 4.0, said(860 - 40 * number, reset=1.0))
    assert admission.window.others > 1


def test_a_sole_client_leaves_no_room() -> None:
    """Whoever has a limit for themselves uses all of it at once."""
    assert len(burst(beside_others(100, 99), 4.0)) == 900


def test_others_get_room_for_what_they_have_in_flight() -> None:
    """With three calls of others for each of ours, half of a quarter of what is left goes at once."""
    assert 60 <= len(burst(beside_others(100, 399), 4.0)) <= 80


def test_the_next_window_begins_gently_beside_others() -> None:
    """Others may have begun a window that only the time says is whole: a few calls go until an answer tells."""
    admission = beside_others(100, 399)
    first = burst(admission, 6.5)
    assert len(first) == FIRST_IN_FLIGHT
    admission.answered(*first[0], 6.6, said(900, reset=9.0))
    assert len(burst(admission, 6.6)) > 100


def test_what_the_window_before_told_is_not_forgotten() -> None:
    """Early in a window, while much of it is in flight from here, others are not taken to have gone."""
    admission = beside_others(100, 399)
    permits = burst(admission, 6.5)
    admission.answered(*permits.pop(), 6.6, said(990, reset=9.0))
    permits += burst(admission, 6.6)
    for permit in permits[:20]:
        admission.answered(*permit, 6.7, said(960, reset=8.0))
    assert admission.window.others == pytest.approx(3.0, abs=0.1)


def test_others_who_have_gone_are_forgotten_with_the_next_window() -> None:
    """A window that shows nobody else leaves room for nobody in the one after it."""
    admission = beside_others(100, 399)
    admission.answered(*burst(admission, 6.5)[0], 6.6, said(999, reset=9.0))
    for number in range(20):
        permit = go(admission, 7.0)
        assert permit is not None
        admission.answered(*permit, 7.0, said(995 - number, reset=9.0))
    assert len(burst(admission, 16.5)) > 900
