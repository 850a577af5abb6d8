"""Where a window ends: what narrows the interval, and that the truth stays inside."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.limits.window_end import DRIFT, WindowEnd

FLOAT = 1e-6
"""What sums of floats may be off."""
ROUGHLY = 0.01
"""The drift of two clocks widens an end that is some seconds away by less."""


@st.composite
def exchanges(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    """Draw exchanges of one window that ends at 0: sent, stamped and received, in order of receipt."""
    found: list[tuple[float, float, float]] = []
    for _ in range(draw(st.integers(1, 12))):
        stamped = -draw(st.floats(0.0001, 60))
        there, back = draw(st.floats(0, 2)), draw(st.floats(0, 2))
        found.append((stamped - there, stamped, stamped + back))
    return sorted(found, key=lambda exchange: exchange[2])


def reset_of(stamped: float, rounds_up: bool) -> float:
    """Return what the server says at `stamped` of a window that ends at 0."""
    return float(math.ceil(-stamped) if rounds_up else math.floor(-stamped))


def watch(seen: list[tuple[float, float, float]], rounds_up: bool) -> WindowEnd:
    """Return the end after the exchanges `seen`."""
    sent, stamped, received = seen[0]
    reset = reset_of(stamped, rounds_up)
    end = WindowEnd(sent + reset - 1, received + reset + 1)
    for sent, stamped, received in seen:
        end.saw_reset(sent, received, reset_of(stamped, rounds_up))
    return end


def holds(end: WindowEnd, truth: float) -> bool:
    """Return whether the true end is inside."""
    return end.earliest - FLOAT <= truth <= end.latest + FLOAT


@given(seen=exchanges(), rounds_up=st.booleans())
def test_the_truth_stays_inside(seen: list[tuple[float, float, float]], rounds_up: bool) -> None:
    """Whatever honest answers say, whichever way they round, the true end is never excluded."""
    assert holds(watch(seen, rounds_up), 0.0)


@given(
    seen=exchanges(),
    rounds_up=st.booleans(),
    period=st.floats(1, 3600),
    drift=st.floats(-DRIFT, DRIFT),
    windows=st.integers(1, 20),
)
def test_the_truth_stays_inside_over_windows(
    *, seen: list[tuple[float, float, float]], rounds_up: bool, period: float, drift: float, windows: int
) -> None:
    """The interval follows the windows of a drifting clock."""
    end = watch(seen, rounds_up)
    end.shift(windows * period)
    assert holds(end, windows * period * (1 + drift))


@given(seen=exchanges(), rounds_up=st.booleans())
def test_words_only_narrow(seen: list[tuple[float, float, float]], rounds_up: bool) -> None:
    """With each honest answer the interval stays or shrinks."""
    widths = [watch(seen[:number], rounds_up).width for number in range(1, len(seen) + 1)]
    assert widths == sorted(widths, reverse=True)


def test_reset_narrows_to_a_second_either_way() -> None:
    """A first reset may have been rounded up or down by up to a second."""
    end = WindowEnd(-math.inf, math.inf)
    end.saw_reset(10.0, 10.2, 5.0)
    assert (end.earliest, end.latest) == pytest.approx((14.0, 16.2), abs=ROUGHLY)


def test_zero_shows_that_the_server_rounds_down() -> None:
    """After a reset of 0 no reset is taken as rounded up any more."""
    end = WindowEnd(0.0, 100.0)
    end.saw_reset(10.0, 10.1, 0.0)
    assert (end.earliest, end.latest) == (10.0, 11.1)
    end.shift(20.0)
    end.saw_reset(25.0, 25.1, 5.0)
    assert end.earliest == pytest.approx(30.0, abs=ROUGHLY)


@given(seen=exchanges(), rounds_up=st.booleans())
def test_the_right_way_of_rounding_is_learned(seen: list[tuple[float, float, float]], rounds_up: bool) -> None:
    """What honest answers show of the way they are rounded is so."""
    end = watch(seen, rounds_up)
    assert (end.rounded_up_by if rounds_up else end.rounded_down_by) == 1.0


@given(
    stamped=st.floats(0.0001, 60),
    latency=st.floats(0, 0.05),
    looked=st.floats(0, 60),
    rounds_up=st.booleans(),
    known=st.booleans(),
)
def test_the_next_step_comes_when_it_should(
    *, stamped: float, latency: float, looked: float, rounds_up: bool, known: bool
) -> None:
    """The reset changes once in the interval, whichever way it is rounded and whether that is known or not."""
    end = watch([(-stamped - latency, -stamped, -stamped + latency)], rounds_up)
    if known:
        end.rounded_up_by, end.rounded_down_by = (1.0, 0.0) if rounds_up else (0.0, 1.0)
        end.saw_reset(-stamped - latency, -stamped + latency, reset_of(stamped=-stamped, rounds_up=rounds_up))
    now = -stamped + latency + looked
    first, last = end.next_step(now)
    # Whoever does not know that the server rounds up counts from an end that is a second later.
    tick = (rounds_up and end.width >= 1.0 and end.rounded_up_by == end.rounded_down_by) - round(end.latest - last)
    assert first - FLOAT <= tick <= last + FLOAT
    assert last == end.latest or now - FLOAT <= last <= now + 1.0 + FLOAT
    assert last - first <= 1.0 + 2 * latency + 2 * DRIFT * 60 + FLOAT


def test_the_last_tick_is_the_edge() -> None:
    """In the last second there is no other change of the reset to wait for."""
    end = WindowEnd(10.2, 10.4)
    assert end.next_step(7.3) == pytest.approx((7.2, 7.4))
    assert end.next_step(9.5) == (10.2, 10.4)
    assert end.next_step(12.0) == (10.2, 10.4)


def test_contradiction_believes_the_newest_word() -> None:
    """A server that changes its mind is followed at once, in either direction."""
    end = WindowEnd(10.0, 11.0)
    end.saw_reset(5.0, 5.1, 30.0)
    assert (end.earliest, end.latest) == pytest.approx((34.0, 36.1), abs=ROUGHLY)
    end.saw_reset(6.0, 6.1, 3.0)
    assert (end.earliest, end.latest) == pytest.approx((8.0, 10.1), abs=ROUGHLY)


def test_known_things_change_nothing() -> None:
    """What is already known leaves the interval as it is."""
    end = WindowEnd(10.0, 10.5)
    end.saw_reset(5.0, 5.1, 5.0)
    assert (end.earliest, end.latest) == (10.0, 10.5)


@given(period=st.floats(0.1, 86_400), windows=st.integers(1, 100))
def test_drift_widens(period: float, windows: int) -> None:
    """Each window that passes without a word makes the end less certain, by the drift of two clocks."""
    end = WindowEnd(10.0, 11.0)
    end.shift(windows * period)
    assert end.width == pytest.approx(1.0 + 2 * DRIFT * windows * period)
    assert (end.earliest + end.latest) / 2 == pytest.approx(10.5 + windows * period)


@given(now=st.floats(0, 1000), period=st.floats(0.5, 100))
def test_advance_moves_to_the_window_of_now(now: float, period: float) -> None:
    """Advancing leaves a window alone that isn't over, and else moves on by whole windows to the one `now` is in."""
    end = WindowEnd(10.0, 11.0)
    end.advance(now, period)
    if now < 11.0:
        assert (end.earliest, end.latest) == (10.0, 11.0)
    else:
        assert now < end.latest
        assert end.latest - period * (1 + DRIFT) <= now + 2 * DRIFT * (now + period) + FLOAT


def test_a_reset_as_long_as_the_period_is_rounded_up() -> None:
    """Nothing has longer to go than a whole window, so that such a number cannot have been rounded down."""
    end = WindowEnd(-math.inf, math.inf)
    end.saw_reset(0.0, 0.1, 10.0, 10.0)
    assert (end.rounded_up_by, end.rounded_down_by) == (1.0, 0.0)
    assert (end.earliest, end.latest) == pytest.approx((9.0, 10.1), abs=ROUGHLY)
    end = WindowEnd(-math.inf, math.inf)
    end.saw_reset(0.0, 0.1, 9.0, 10.0)
    assert (end.earliest, end.latest) == pytest.approx((8.0, 10.1), abs=ROUGHLY)


def test_an_end_that_is_carried_far_grows_by_the_drift_of_two_clocks() -> None:
    """After an hour the end is no longer as sharp as it was."""
    end = WindowEnd(10.0, 10.1)
    end.advance(10.2, 3600.0)
    assert (end.earliest < 3610.0, end.latest > 3610.1) == (True, True)
    assert end.width == pytest.approx(0.1 + 2 * 3600.0 * DRIFT)


@pytest.mark.parametrize("drift", [-DRIFT, DRIFT])
def test_an_end_that_is_far_away_is_less_certain(drift: float) -> None:
    """A server's hour is a moment more or less by the local clock, which an answer at its beginning allows for."""
    end = WindowEnd(-math.inf, math.inf)
    end.saw_reset(0.0, 0.0, 3600.0, 3600.0)
    end.earliest += 1.0  # as if the server had been asked at the very moment
    assert holds(end, 3600.0 * (1 + drift))
