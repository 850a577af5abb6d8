"""What time it is on a server, from the answers that carry its time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiooncall.distributed.server_clock import MICROSECONDS, ServerClock

ways = st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 60))


@given(apart=st.floats(-1e6, 2e9), trips=st.lists(ways, min_size=1), asked=st.floats(0, 1e4))
def test_truth_is_inside(apart: float, trips: list[tuple[float, float, float]], asked: float) -> None:
    """However long answers travel, the true moment lies between the earliest and the latest one."""
    clock, now = ServerClock(), 0.0
    for there, back, pause in trips:
        sent, received = now, now + there + back
        clock.saw(sent, received, round((sent + there + apart) * MICROSECONDS))
        now = received + pause
    truth = (asked + apart) * MICROSECONDS
    assert clock.earliest_there(asked) - 2 <= truth <= clock.latest_there(asked) + 2
    stamp = round(truth)
    assert clock.earliest_here(stamp) - 1e-5 <= asked <= clock.latest_here(stamp) + 1e-5


def test_it_is_set_by_an_answer() -> None:
    """Before the first answer nothing is known of the other clock."""
    clocks = ServerClock(), ServerClock()
    clocks[1].saw(0.0, 0.1, 5)
    assert [clock.is_set for clock in clocks] == [False, True]


def test_fast_answers_narrow_it() -> None:
    """An answer that took a millisecond tells more than one that took a second, and is not forgotten soon."""
    clock = ServerClock()
    clock.saw(0.0, 1.0, 500 * MICROSECONDS)
    assert clock.latest_here(500 * MICROSECONDS) - clock.earliest_here(500 * MICROSECONDS) == 1.0
    clock.saw(2.0, 2.001, 502_000_000)
    clock.saw(3.0, 4.0, 503_500_000)
    assert clock.latest_here(0) - clock.earliest_here(0) < 0.003


def test_another_server_is_believed() -> None:
    """When the other clock jumps, as after a failover, the newest word counts."""
    clock = ServerClock()
    clock.saw(0.0, 0.001, 100 * MICROSECONDS)
    clock.saw(1.0, 1.001, 50 * MICROSECONDS)
    assert abs(clock.earliest_there(1.0) - 50 * MICROSECONDS) <= 1001
