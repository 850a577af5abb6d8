"""The marker `oncall_faults`: from its arguments to the simulator's plan, and what is left of that at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest

from aiooncall.simulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator import FaultPlan, Simulator

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
LATEST: Final = 10
"""How many requests are told of a test in which a fault did not strike."""


def script(faults: FaultPlan, marks: Iterable[pytest.Mark]) -> None:
    """Enter the faults of markers in a plan; the marker that is nearest to the test comes first."""
    for mark in marks:
        method, path, *steps = _checked(mark)
        faults.script(method, path, *map(_step, steps))


def _checked(mark: pytest.Mark) -> tuple[Any, ...]:
    """Return the arguments of a marker, which are enough, and of which the first two are a method and a path."""
    if mark.kwargs:
        _refuse(", ".join(mark.kwargs), "no argument by name: oncall_faults(method, path, *steps)")
    if len(mark.args) < 3:  # noqa: PLR2004 (method, path, step)
        _refuse(mark.args, "a method, a path and at least one step")
    method, path = mark.args[:2]
    if method not in METHODS:
        _refuse(method, f"one of the methods {', '.join(METHODS)}")
    if not isinstance(path, str) or not path.startswith(("/", "*")):
        _refuse(path, "a path, exact or a glob, such as '/api/v2/on-call/pages' or '*/acknowledge'")
    return mark.args


def _step(step: object) -> Fault | None:
    """Return what a marker means by one of its steps."""
    if step is None or isinstance(step, Fault):
        return step
    if not isinstance(step, str) or step not in set(FaultKind):
        _refuse(step, f"a Fault, None, a FaultKind or the text of one: {', '.join(FaultKind)}")
    return Fault(FaultKind(step))


def _refuse(value: object, expected: str) -> NoReturn:
    pytest.fail(f"oncall_faults: got {value!r}; expected {expected}", pytrace=False)


def expect_all_struck(simulator: Simulator) -> None:
    """Fail a test in which a fault that was scripted did not strike, as it did not show what it says."""
    pending = simulator.faults.pending()
    if not pending:
        return
    left = "; ".join(f"{fault.kind} for {method} {path}" for method, path, fault in pending)
    latest = [f"{request.method} {request.path}" for request in simulator.ledger.requests[-LATEST:]]
    pytest.fail(f"faults that did not strike: {left}. Latest requests: {', '.join(latest) or 'none'}", pytrace=False)
