"""What the resolver makes of things that a document names or includes more than once."""

from __future__ import annotations

from typing import Any

import pytest

from aiooncall.datadog import RoutingRules, User
from aiooncall.jsonapi import ResourceRef, UnknownResource, unlink
from tests.support.documents import OTHER, USER, linked, policy, step
from tests.support.graphs import Case

Json = dict[str, Any]


def test_duplicates_in_a_list_stay() -> None:
    """A list that names one resource twice has it twice, as the same object."""
    graph = linked(step("s", USER, USER, OTHER, OTHER), USER, data=policy("s", "s"))
    one, two = graph.data[0].steps
    assert one is two
    assert one.targets == (User(id="u"), User(id="u"), ResourceRef("users", "v"), ResourceRef("users", "v"))
    assert one.targets[0] is one.targets[1]


BARE = {"type": "users", "id": "u"}
FULL = {"type": "users", "id": "u", "attributes": {"name": "Ada"}, "meta": {"x": 1}}
BETTER = {"type": "users", "id": "u", "attributes": {"email": "a@example.com"}, "links": {"self": "/u"}, "meta": 2}
JOINED = {**BETTER, **FULL}


@pytest.mark.parametrize(
    ("doubles", "expected"),
    [
        ([FULL, FULL], FULL), ([BARE, FULL], FULL), ([FULL, BARE], FULL), ([BARE, BARE], BARE),
        ([FULL, BETTER], JOINED), ([BARE, FULL, BETTER, BARE], JOINED), ([BETTER, FULL], {**FULL, **BETTER}),
    ],
)  # fmt: skip
def test_resource_that_is_included_twice(doubles: list[Json], expected: Json) -> None:
    """Of a resource that is included twice there is one object; of each member the first mention counts."""
    graph = linked(step("s", USER), *doubles)
    assert unlink(graph).included == [step("s", USER), expected]
    assert graph.data[0].steps[0].targets[0] is (graph.included or [])[1]


def test_relationships_of_the_first_mention_count() -> None:
    """A step that comes bare, then with its targets, then with others, has the first targets."""
    bare = {"type": "steps", "id": "s"}
    graph = linked(bare, USER, step("s", USER, escalate_after_seconds=60), step("s", OTHER), OTHER)
    (found,) = graph.data[0].steps
    assert (found.escalate_after, found.targets) == (60, (User(id="u"),))


def test_unknown_kinds_come_once_as_well() -> None:
    """What is of an unknown kind is included once, too, and the same id means another thing in another kind."""
    robot = {"type": "robots", "id": "u", "attributes": {"arms": 2}}
    graph = linked(step("s", USER, {"type": "robots", "id": "u"}), robot, USER, robot)
    user, found = graph.data[0].steps[0].targets
    assert (type(user), type(found), found.attributes) == (User, UnknownResource, {"arms": 2})
    assert len(graph.included or []) == 3


def test_primary_resource_counts_before_an_included_one() -> None:
    """References lead to the primary resource, even if it is included as well, with less."""
    graph = linked(step("s", {"type": "policies", "id": "p"}), {"type": "policies", "id": "p"})
    assert graph.data[0].steps[0].targets[0] is graph.data[0]


def test_one_type_with_two_meanings() -> None:
    """A team's rules and each rule have the same type, and one id doesn't make them one thing."""
    ident = {"type": "team_routing_rules", "id": "t"}
    rules = {**ident, "relationships": {"rules": {"data": [ident]}}}
    graph = Case(RoutingRules, {"data": rules, "included": [{**ident, "attributes": {"query": "a"}}]}).link()
    (rule,) = graph.data[0].rules  # type: ignore[attr-defined]  # (of RoutingRules)
    assert (type(rule).__name__, rule.query) == ("RoutingRule", "a")
