"""Linking, unlinking and comparing take time that grows with the document, and no faster; counted, not timed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from aiooncall.datadog import EscalationPolicy, User
from aiooncall.jsonapi import Resource, unlink
from tests.support.counting import operations
from tests.support.documents import OTHER, USER, policy, step, to
from tests.support.graphs import Case

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def made(work: Callable[[], object]) -> int:
    """Return how many resources are made."""
    resources = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal resources
        is_start = event == "call" and frame.f_code.co_name == "__init__"
        resources += is_start and isinstance(frame.f_locals.get("self"), Resource)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return resources


def large(steps: int) -> Case:
    """Return a policy whose every step has targets of its own, a shared one, and itself."""
    names = [str(number) for number in range(steps)]
    own = [{"type": "schedules", "id": name, "relationships": {"layers": to("layers", name)}} for name in names]
    included = [step(name, USER, OTHER, {"type": "schedules", "id": name}, USER, x=1, y=2, z=3) for name in names]
    return Case(EscalationPolicy, {"data": policy(*names), "included": [*included, *own, USER]})


def doubled(case: Case) -> Case:
    """Return a document that includes everything twice."""
    return Case(case.kind, {**case.document, "included": case.document["included"] * 2})


def wide(attributes: int) -> Case:
    """Return a resource that says many things that nobody knows."""
    said = {str(number): number for number in range(attributes)}
    return Case(User, {"data": {**USER, "attributes": said}})


@pytest.mark.parametrize("make", [large, lambda steps: doubled(large(steps)), wide])
@pytest.mark.parametrize("work", [Case.link, lambda case: unlink(case.link()), lambda case: case.link() == case.link()])
def test_time_is_linear(make: Callable[[int], Case], work: Callable[[Case], object]) -> None:
    """Four times the resources take four times the operations: to link, to unlink and to compare."""
    small, four_times = make(25), make(100)
    work(small)  # what is found out once
    assert operations(lambda: work(four_times)) <= 4.5 * operations(lambda: work(small))


def test_linking_makes_each_resource_once() -> None:
    """A document is read in one pass, which makes as many objects as it has resources."""
    case = large(50)
    assert made(case.link) == 1 + len(case.document["included"]) == 102
