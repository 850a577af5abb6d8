"""How long to wait before another attempt, and when to give up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import RetryPolicy
from aiooncall._base.backoff import backoff_wait, refusal_wait
from aiooncall.transport.outcome import Outcome
from aiooncall.transport.retry import ceilings, delay_before_retry

POLICIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 200),
    max_refusals=st.integers(0, 50),
    base=st.floats(0.001, 100),
    cap=st.floats(0.001, 1000),
)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (RetryPolicy(), (0.2, 0.4, 0.8, 1.6)),
        (RetryPolicy(max_attempts=1), (0.2,)),
        (RetryPolicy(max_attempts=5, base=1, cap=3), (1, 2, 3, 3, 3)),
        (RetryPolicy(max_attempts=2, base=9, cap=3), (3, 3)),
    ],
)
def test_ceilings_double_up_to_the_cap(policy: RetryPolicy, expected: tuple[float, ...]) -> None:
    """The ceilings of the waits start at the base, double, and stop at the cap."""
    assert ceilings(policy) == pytest.approx(expected)


@given(policy=POLICIES)
def test_every_attempt_has_a_ceiling(policy: RetryPolicy) -> None:
    """There is one ceiling an attempt; none falls, none is above the cap, however many there are."""
    found = ceilings(policy)
    assert len(found) == policy.max_attempts
    assert list(found) == sorted(found)
    assert found[0] > 0
    assert found[-1] <= policy.cap


@given(policy=POLICIES, failures=st.integers(1, 250))
def test_jitter_stays_below_the_ceiling(policy: RetryPolicy, failures: int) -> None:
    """A transient failure waits between nothing and its ceiling, until the attempts are used up."""
    delay = delay_before_retry(policy, Outcome.TRANSIENT, failures=failures, refusals=0)
    if failures >= policy.max_attempts:
        assert delay is None
    else:
        assert delay is not None
        assert 0 <= delay <= ceilings(policy)[failures - 1]


def test_jitter_is_full() -> None:
    """The waits are spread over the whole range, so that clients don't come back together."""
    policy = RetryPolicy(base=1, cap=1)
    delays = [delay_before_retry(policy, Outcome.TRANSIENT, failures=1, refusals=0) or 0.0 for _ in range(500)]
    assert min(delays) < 0.1
    assert max(delays) > 0.9


@given(policy=POLICIES, failures=st.integers(0, 250), refusals=st.integers(1, 60))
def test_refusals_are_counted_apart(policy: RetryPolicy, failures: int, refusals: int) -> None:
    """A refusal goes again at once (the budget waits) as long as refusals are left, whatever has failed before."""
    delay = delay_before_retry(policy, Outcome.THROTTLED, failures=failures, refusals=refusals)
    assert delay == (0.0 if refusals <= policy.max_refusals else None)


@given(outcome=st.sampled_from([Outcome.REJECTED, Outcome.AMBIGUOUS]), policy=POLICIES)
def test_the_rest_is_final(outcome: Outcome, policy: RetryPolicy) -> None:
    """What was refused for good or may have happened is never repeated."""
    assert delay_before_retry(policy, outcome, failures=0, refusals=0) is None


@given(seconds=st.floats(0, 1e6))
def test_refusal_wait_is_a_floor(seconds: float) -> None:
    """A server's wait is never shortened, and grows by at most a tenth and half a second."""
    wait = refusal_wait(seconds)
    assert seconds <= wait <= seconds + min(seconds * 0.1, 0.5) + 1e-9 * seconds


def test_refusal_waits_differ() -> None:
    """Two clients that were told the same don't come back at the same moment."""
    assert len({refusal_wait(10.0) for _ in range(50)}) > 40


@pytest.mark.parametrize(("attempt", "wait"), [(1, 1), (2, 2), (5, 16), (6, 30), (64, 30), (10**9, 30)])
def test_backoff_wait_is_exponential(attempt: int, wait: float) -> None:
    """The wait without jitter doubles up to the cap, and any number of attempts is fine."""
    assert backoff_wait(attempt, base=1.0, cap=30.0) == wait
