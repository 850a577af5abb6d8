"""Documents that are not what they should be: an error that says where, and never an empty object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import CodecError, LinkError
from aiooncall.codec import dumps
from aiooncall.datadog import EscalationPolicy, RoutingRules, Schedule, Team, User
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.jsonapi import link, parse_document, unlink
from tests.support.documents import USER, policy, step
from tests.support.graphs import JSON, Case, as_json, cases, changed, leaves, meaning

if TYPE_CHECKING:
    from aiooncall.jsonapi import Graph

Json = dict[str, Any]


def fault_of(document: Any, kind: Any = EscalationPolicy) -> CodecError:
    """Return the error that linking a document gives."""
    with pytest.raises(CodecError) as caught:
        Case(kind, document).link()
    return caught.value


@pytest.mark.parametrize("body", [b"", b"{", b"<html>slow down</html>", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_no_document(body: bytes) -> None:
    """A body that isn't JSON is a CodecError."""
    with pytest.raises(CodecError, match=r"not JSON|empty"):
        parse_document(body)


@pytest.mark.parametrize(
    "document",
    [None, 5, "text", True, [], [USER], {}, {"meta": {}}, {"errors": ["no"]}, {"data": None}, {"Data": USER}],
)
def test_json_without_data_is_no_document(document: Any) -> None:
    """JSON that is no JSON:API document, or one without data, is an error rather than nothing found."""
    problem = fault_of(document)
    assert (problem.path, problem.resource) == ("$", None)
    assert "`data`" in str(problem)


@pytest.mark.parametrize("included", [{}, {"0": USER}, "users", 0, False, 5])
def test_included_is_a_list(included: Any) -> None:
    """What is included is a list, and nothing else will do."""
    problem = fault_of({"data": policy(), "included": included})
    assert (problem.path, problem.resource) == ("$.included", None)


NO_RESOURCES: list[tuple[Any, str]] = [
    (None, ""), (5, ""), ("users", ""), (True, ""), ([], ""), ([USER], ""),
    ({}, ".type"), ({"id": "u"}, ".type"), ({"type": None, "id": "u"}, ".type"), ({"type": 5, "id": "u"}, ".type"),
    ({"type": ["users"], "id": "u"}, ".type"), ({"type": "users"}, ".id"), ({"type": "users", "id": None}, ".id"),
    ({"type": "users", "id": 7}, ".id"), ({"type": "users", "id": {}}, ".id"), ({"type": "robots", "id": 7}, ".id"),
    ({"type": "robots"}, ".id"), ({"type": 5, "id": 5}, ".type"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "place"), NO_RESOURCES)
def test_resource_says_who_it_is(raw: Any, place: str) -> None:
    """A resource is an object with a type and an id, both text, wherever in the document it stands."""
    included = fault_of({"data": policy(), "included": [USER, raw]})
    assert (included.path, included.resource) == (f"$.included[1]{place}", None)
    second = fault_of({"data": [policy(), raw]})
    assert (second.path, second.resource) == (f"$.data[1]{place}", None)


@pytest.mark.parametrize("raw", [5, "users", True, {}, {"type": "policies"}])
def test_primary_resource_says_who_it_is(raw: Any) -> None:
    """Data that is one thing and no resource is an error in `data`."""
    assert fault_of({"data": raw}).path.startswith("$.data")


@pytest.mark.parametrize(("raw", "place"), NO_RESOURCES)
def test_identifier_says_what_it_refers_to(raw: Any, place: str) -> None:
    """What refers to a resource is as complete; the error names the resource that it stands in."""
    document = {"data": policy("s"), "included": [USER, step("s", USER, raw)]}
    problem = fault_of(document)
    assert (problem.path, problem.resource) == (f"$.included[1].relationships.targets.data[1]{place}", "steps/s")
    if raw is not None:
        member = {"type": "members", "id": "m", "relationships": {"user": {"data": raw}}}
        problem = fault_of({"data": policy(), "included": [member]})
        assert (problem.path, problem.resource) == (f"$.included[0].relationships.user.data{place}", "members/m")


@pytest.mark.parametrize("data", [{}, USER, "", "steps", 0, 5, False, True])
def test_list_of_resources_is_a_list(data: Any) -> None:
    """Where several resources are promised, one is as wrong as none of another type; only null means none."""
    problem = fault_of({"data": policy() | {"relationships": {"steps": {"data": data}}}})
    assert (problem.path, problem.resource) == ("$.data.relationships.steps.data", "policies/p")


@pytest.mark.parametrize("relationship", [None, [], [USER], "", "data", "other", 0, 5, False])
def test_relationship_is_an_object(relationship: Any) -> None:
    """A relationship that is known is an object, whatever else it could be mistaken for."""
    problem = fault_of({"data": policy() | {"relationships": {"teams": relationship}}})
    assert (problem.path, problem.resource) == ("$.data.relationships.teams", "policies/p")


@pytest.mark.parametrize("relationship", [None, [], "data", 5, {"data": [5]}])
def test_unknown_relationship_is_left_alone(relationship: Any) -> None:
    """A relationship that isn't known is kept as it came, whatever it is."""
    document = {"data": policy() | {"relationships": {"x": relationship}}}
    assert as_json(unlink(Case(EscalationPolicy, document).link())) == document


@pytest.mark.parametrize("member", ["attributes", "relationships"])
@pytest.mark.parametrize("kind", ["users", "steps", "robots"])
@pytest.mark.parametrize("value", [[], [1], "", "name", 0, 5, False])
def test_members_are_objects(member: str, kind: str, value: Any) -> None:
    """Attributes and relationships are objects, of a known kind and of an unknown one."""
    problem = fault_of({"data": policy(), "included": [{"type": kind, "id": "1", member: value}]})
    assert (problem.path, problem.resource) == (f"$.included[0].{member}", f"{kind}/1")


@pytest.mark.parametrize("member", ["attributes", "relationships"])
def test_null_members_are_none(member: str) -> None:
    """A resource whose attributes or relationships are null says nothing by them."""
    assert Case(User, {"data": USER | {member: None}}).link().data == [User(id="u")]


def test_primary_resource_of_another_type() -> None:
    """Data of another type than was asked for is an error, in a list as well."""
    problem = fault_of({"data": [policy(), USER]})
    assert (problem.path, problem.resource) == ("$.data[1].type", "users/u")
    assert "'policies'" in str(problem)
    assert fault_of({"data": {"type": "Policies", "id": "p"}}).path == "$.data.type"


@pytest.mark.parametrize("said", [{}, {"attributes": None}, {"attributes": {}}, {"attributes": {"retries": 1}}])
def test_required_attribute_is_missing(said: Json) -> None:
    """A primary resource without what its kind always has is an error that says what is missing."""
    problem = fault_of({"data": {"type": "policies", "id": "p", **said}})
    name = ".name" if said.get("attributes") is not None else ""
    assert (problem.path, problem.resource) == (f"$.data.attributes{name}", "policies/p")
    assert "required field missing" in str(problem)


def test_required_attribute_of_what_is_included() -> None:
    """What is included may be bare; once it says something, it says what its kind always has."""
    target = {"type": "schedule_target", "id": "s_previous"}
    Case(EscalationPolicy, {"data": policy(), "included": [target]}).link()
    problem = fault_of({"data": policy(), "included": [target | {"attributes": {"x": 1}}]})
    assert (problem.path, problem.resource) == ("$.included[0].attributes.position", "schedule_target/s_previous")


WINDOW = {"start_day": "monday", "start_time": "09:00:00"}


@pytest.mark.parametrize(
    ("kind", "attributes", "place"),
    [
        ("users", {"name": 5}, ".name"),
        ("users", {"disabled": "no"}, ".disabled"),
        ("users", {"created_at": "soon"}, ".created_at"),
        ("users", {"created_at": 1800000000}, ".created_at"),
        ("steps", {"escalate_after_seconds": "60"}, ".escalate_after_seconds"),
        ("steps", {"escalate_after_seconds": True}, ".escalate_after_seconds"),
        ("steps", {"assignment": 1}, ".assignment"),
        ("schedule_target", {"position": None}, ".position"),
        ("schedules", {"tags": "team:ops"}, ".tags"),
        ("schedules", {"tags": ["a", None]}, ".tags[1]"),
        ("layers", {"interval": 1}, ".interval"),
        ("layers", {"interval": {"days": 1.5}}, ".interval.days"),
        ("layers", {"restrictions": [WINDOW, WINDOW | {"end_time": 17}]}, ".restrictions[1].end_time"),
        ("notification_rules", {"delay_minutes": "1"}, ".delay_minutes"),
        ("notification_rules", {"channel_settings": {"type": "phone"}}, ".channel_settings.method"),
        ("notification_channels", {"config": {"type": "email", "address": "a@b"}}, ".config.formats"),
        ("notification_channels", {"config": {"address": "a@b"}}, ".config.type"),
        ("notification_channels", {"config": []}, ".config"),
        ("team_routing_rules", {"actions": {}}, ".actions"),
        ("team_routing_rules", {"actions": [None]}, ".actions[0]"),
        (
            "team_routing_rules",
            {"actions": [{"type": "workflow", "handle": "h"}, {"type": "escalation_policy", "policy_id": 5}]},
            ".actions[1].policy_id",
        ),
        (
            "team_routing_rules",
            {"actions": [{"type": "escalation_policy", "policy_id": "p", "ack_timeout_minutes": "5"}]},
            ".actions[0].ack_timeout_minutes",
        ),
        (
            "team_routing_rules",
            {"time_restriction": {"time_zone": "", "restrictions": [WINDOW, {"start_day": 1}]}},
            ".time_restriction.restrictions[1].start_day",
        ),
        ("team_routing_rules", {"time_restriction": {"restrictions": []}}, ".time_restriction.time_zone"),
    ],
)
def test_attribute_of_a_wrong_type(kind: str, attributes: Json, place: str) -> None:
    """An attribute that isn't what it should be is named as it is on the wire, with the resource that has it."""
    raw = {"type": kind, "id": "1", "attributes": attributes}
    problem = fault_of({"data": policy(), "included": [USER, raw]})
    assert (problem.path, problem.resource) == (f"$.included[1].attributes{place}", f"{kind}/1")
    assert str(problem).count(problem.path) == 1


def test_first_fault_is_told() -> None:
    """Of several faults the first in the document is told: the data before what is included."""
    bad = {"attributes": {"name": 5}}
    assert fault_of({"data": policy(), "included": [USER, USER | bad, 5]}).path == "$.included[1].attributes.name"
    assert fault_of({"data": policy() | bad, "included": [USER | bad]}).path == "$.data.attributes.name"


ANY_JSON = JSON | st.sampled_from([{"data": USER}, {"data": [USER, None]}, [USER], USER, "", {}])


def linked_or_fault(kind: Any, document: Any) -> Graph[Any] | CodecError:
    """Return the graph of a document, or the error that it gives."""
    try:
        return link(parse_document(dumps(document)), kind, KINDS)
    except CodecError as problem:
        return problem


@given(document=ANY_JSON, kind=st.sampled_from([EscalationPolicy, RoutingRules, Schedule, Team, User]))
def test_any_json_is_a_graph_or_a_codec_error(document: Any, kind: Any) -> None:
    """No JSON whatever raises anything but CodecError, and what isn't JSON:API always does."""
    found = linked_or_fault(kind, document)
    assert isinstance(found, CodecError) or (isinstance(document, dict) and found.data[0].id == document["data"]["id"])


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where everything in JSON is, itself included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, child in inner for found in nodes(child, (*path, name)))]


@given(case=cases(), data=st.data())
def test_any_damage_is_told_or_kept(case: Case, data: st.DataObject) -> None:
    """Whatever in a document is replaced by whatever, the error is a CodecError, or the document survives as it is."""
    path = data.draw(st.sampled_from(nodes(case.document)))
    damage = data.draw(ANY_JSON)
    damaged = changed(case.document, path, damage)
    found = linked_or_fault(case.kind, damaged)
    if isinstance(found, CodecError):
        assert found.path.startswith("$")
        return
    try:
        written = as_json(unlink(found))
    except LinkError:  # an id that is an empty text is none
        assert any(place[-1] == "id" and leaf == "" for place, leaf in leaves(damaged))
        return
    is_nothing = damage is None and path[-1] in {"included", "attributes", "relationships"}
    assert is_nothing or meaning(written) == meaning(damaged)
