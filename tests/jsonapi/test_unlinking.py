"""From objects back to the document: nothing that the server sent is lost, and edits arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given

from aiooncall import UNSET, LinkError
from aiooncall.datadog import EscalationPolicy, EscalationStep, Layer, Shift, Team, User
from aiooncall.jsonapi import Graph, ResourceRef, identifier, unlink
from tests.support.documents import OTHER, USER, linked, policy, step
from tests.support.graphs import Case, as_json, cases, meaning, there_and_back

if TYPE_CHECKING:
    from aiooncall.jsonapi import Resource

Json = dict[str, Any]


@given(case=cases())
def test_documents_survive(case: Case) -> None:
    """Any document comes back with the same meaning and in the same order, unknown members and all."""
    assert meaning(there_and_back(case)) == meaning(case.document)


def returned(kind: type[Resource], **members: Any) -> Json:
    """Return a resource that was linked and unlinked."""
    data = {"type": kind.type, "id": "1", **members}
    found: Json = there_and_back(Case(kind, {"data": data}))["data"]
    return found


@pytest.mark.parametrize("kind", [User, Shift, Layer, EscalationStep])
@pytest.mark.parametrize(
    "members", [{}, {"attributes": {}}, {"relationships": {}}, {"attributes": {"x": None}, "relationships": {"x": {}}}]
)
def test_empty_is_not_absent(kind: type[Resource], members: Json) -> None:
    """An empty object stays one, and what wasn't there isn't afterwards."""
    assert returned(kind, **members) == {"type": kind.type, "id": "1", **members}


@pytest.mark.parametrize(
    "relationship",
    [
        {"data": []}, {"data": None}, {"links": {"self": "/"}}, {}, {"data": [], "meta": {"total": 0}},
        {"data": None, "meta": 1}, {"data": [USER, OTHER, USER], "links": {"next": None}},
    ],
)  # fmt: skip
def test_relationships_survive(relationship: Json) -> None:
    """A relationship keeps what stands beside its data, and says null or nothing where the server did."""
    links = {"targets": relationship}
    assert returned(EscalationStep, relationships=links)["relationships"] == links


@pytest.mark.parametrize("relationship", [{"data": None}, {"data": USER}, {"data": None, "meta": 1}, {"meta": 1}])
def test_relationships_to_one_survive(relationship: Json) -> None:
    """A relationship to one resource keeps what stands beside its data, and its null."""
    links = {"user": relationship}
    assert returned(Shift, relationships=links)["relationships"] == links


@pytest.mark.parametrize("seconds", [0, 60, 2**53 + 1, 2**63 - 1, -1, 0.5])
def test_numbers_are_exact(seconds: float) -> None:
    """A duration comes back as the same number, however large."""
    found = returned(EscalationStep, attributes={"escalate_after_seconds": seconds})["attributes"]
    assert found == {"escalate_after_seconds": seconds}
    assert type(found["escalate_after_seconds"]) is type(seconds)


def test_null_of_a_list_gives_way_to_what_is_put_in() -> None:
    """A list that was null is what it is set to; what stood beside it stays."""
    links = {"targets": {"data": None, "meta": 1}}
    graph = linked(step("s") | {"relationships": links})
    graph.data[0].steps[0].targets = [User(id="u")]
    assert (unlink(graph).included or [])[0]["relationships"] == {"targets": {"data": [USER], "meta": 1}}


def test_an_edit_changes_only_its_place() -> None:
    """After an edit the document differs there and nowhere else."""
    document = {"data": policy("s"), "included": [step("s", USER, escalate_after_seconds=60, x=1), USER], "meta": 3}
    graph: Graph[Any] = Case(EscalationPolicy, document).link()
    graph.data[0].steps[0].escalate_after = 90
    graph.data[0].retries = None
    expected = {"name": "Nights", "retries": None}
    assert as_json(unlink(graph)) == {
        "data": policy("s", attributes=expected),
        "included": [step("s", USER, escalate_after_seconds=90, x=1), USER],
        "meta": 3,
    }


def test_what_is_unset_is_left_out() -> None:
    """An attribute or a relationship that is set to UNSET is not in the document any more."""
    graph = linked(step("s", USER, escalate_after_seconds=60))
    graph.data[0].steps[0].escalate_after = graph.data[0].steps[0].targets = UNSET
    assert unlink(graph).included == [{"type": "steps", "id": "s"}]


def test_what_was_added_is_included() -> None:
    """A resource that an edit brought into a graph is included, once, after what was there."""
    graph = linked(step("s", USER), data=policy("s"))
    ada = User(id="ada", name="Ada")
    graph.data[0].teams = [Team(id="t", name="Ops")]
    graph.data[0].steps[0].targets = [ada, ResourceRef("users", "gone"), ada]
    found = unlink(graph).included or []
    assert [it["id"] for it in found] == ["s", "t", "ada"]
    assert found[2] == {"type": "users", "id": "ada", "attributes": {"name": "Ada"}}


def test_resources_of_ones_own_become_a_document() -> None:
    """A graph without anything included includes what its resources lead to, and not the resources themselves."""
    found = EscalationPolicy(id="p", name="Nights", teams=[Team(id="t")])
    document = unlink(Graph(data=[found], single=True))
    links = {"teams": {"data": [{"type": "teams", "id": "t"}]}}
    assert document.data == [{"type": "policies", "id": "p", "attributes": {"name": "Nights"}, "relationships": links}]
    assert document.included == [{"type": "teams", "id": "t"}]
    assert unlink(Graph(data=[Team(id="t")], single=True)).included is None


@pytest.mark.parametrize("found", [Team(name="Ops"), EscalationPolicy(id="p", teams=[Team()])])
def test_what_has_no_id_cannot_be_referred_to(found: Resource) -> None:
    """A resource that wasn't created yet has no place in a document, and the error says which kind it is."""
    with pytest.raises(LinkError, match="this Team has no id yet"):
        unlink(Graph(data=[found], single=True))


def test_identifiers() -> None:
    """What refers to a resource is its type and id, whether its content is there or not."""
    assert identifier(User(id="u", name="Ada")) == identifier(ResourceRef("users", "u")) == USER
    with pytest.raises(LinkError):
        identifier(User(name="Ada"))


def test_document_facts_survive() -> None:
    """What stands beside the data is on the graph, and `meta` is an object whatever the server sent."""
    graph = Case(User, {"data": [], "meta": {"page": {"number": 1}}, "jsonapi": {"version": "1.1"}}).link()
    assert (graph.data, graph.single, graph.included) == ([], False, None)
    assert graph.meta == {"page": {"number": 1}}
    assert as_json(unlink(graph))["jsonapi"] == {"version": "1.1"}
    assert attrs.evolve(graph, extra={"meta": [1]}).meta == {}
