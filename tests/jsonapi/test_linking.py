"""The resolver: one object for each resource, wherever it is referred to, in linear time."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.datadog import Member, RoutingRules, Schedule
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.jsonapi import ResourceRef, UnknownResource, reachable
from tests.support.documents import OTHER, USER, linked, policy, step, to
from tests.support.graphs import PRIMARY, TO_MANY, TO_ONE, Case, cases, changed, is_moment, leaves

if TYPE_CHECKING:
    from aiooncall.datadog import EscalationPolicy
    from aiooncall.jsonapi import Graph, Resource

FEWER = settings(max_examples=settings().max_examples // 2)


def relations_of(kind: type[Resource]) -> tuple[str, ...]:
    """Return the names of a class's relationships, which are called the same on the wire."""
    if kind.__name__.startswith("Routing"):
        return ("rules",) if kind is RoutingRules else ("policy",)
    return TO_ONE.get(kind.type, ()) + TO_MANY.get(kind.type, ())


@given(case=cases())
def test_each_resource_is_one_object(case: Case) -> None:
    """Each resource of a document is one object, and every reference to it is that object, or else a ResourceRef."""
    graph = case.link()
    included = graph.included or []
    raws = [*case.raws, *case.document.get("included", [])]
    made = [*graph.data, *included]
    assert [(it.ref.type, it.id) for it in made] == [(raw["type"], raw["id"]) for raw in raws]
    assert len({id(it) for it in made}) == len(made)
    primary = graph.data if KINDS.get(case.kind.type) is case.kind else []
    known = {it.ref: it for it in [*included, *primary]}
    for raw, resource in zip(raws, made, strict=True):
        for name in () if isinstance(resource, UnknownResource) else relations_of(type(resource)):
            said = raw.get("relationships", {}).get(name, {})
            if said.get("data"):
                found, data = getattr(resource, name), said["data"]
                wanted = [ResourceRef(**it) for it in ([data] if isinstance(data, dict) else data)]
                found = found if isinstance(found, tuple) else (found,)
                assert len(found) == len(wanted)
                assert all(it is known.get(ref, it) for it, ref in zip(found, wanted, strict=True))
                assert all(it == ref for it, ref in zip(found, wanted, strict=True) if ref not in known)


@given(case=cases())
@FEWER
def test_same_document_gives_an_equal_graph(case: Case) -> None:
    """Linking a document again gives equal objects, also with cycles; pickling and copying them does, too."""
    graph, again = case.link(), case.link()
    assert graph == again
    assert graph.data[0] is not again.data[0]
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert copy.deepcopy(graph) == graph


def other(leaf: Any) -> Any:
    """Return another value that fits where `leaf` does."""
    return not leaf if isinstance(leaf, bool) else leaf + 1 if isinstance(leaf, int) else f"{leaf}!"


@given(case=cases(), data=st.data())
@FEWER
def test_another_leaf_gives_an_unequal_graph(case: Case, data: st.DataObject) -> None:
    """Whatever changes in a document, in a resource or beside, the graph isn't equal any more."""
    fixed = {("data", "type"), *(("data", number, "type") for number in range(3))}
    places = [
        (path, leaf)
        for path, leaf in leaves(case.document)
        if path not in fixed and isinstance(leaf, (str, int)) and not (isinstance(leaf, str) and is_moment(leaf))
    ]
    path, leaf = data.draw(st.sampled_from(places))
    edited = Case(case.kind, changed(case.document, path, other(leaf)))
    assert edited.link() != case.link()


@pytest.mark.parametrize("kind", [*KINDS.values(), RoutingRules], ids=lambda kind: kind.__name__)
def test_every_kind_links_without_anything(kind: type[Resource]) -> None:
    """A resource that says only who it is links, included, and so does a primary one that needs no attributes."""
    bare = {"type": kind.type, "id": "1"}
    found = linked(bare, data=policy()).included or []
    assert [(type(it), it.id) for it in found] == [(KINDS[kind.type], "1")]
    if kind.type not in {"policies", "schedule_target", "pages"}:
        assert Case(kind, {"data": bare}).link().data == [kind(id="1")]


def test_kinds_of_documents_are_all_covered() -> None:
    """The documents that the properties are about have every kind that can be included."""
    assert set(KINDS) <= set(PRIMARY)


def test_shared_resource_is_shared() -> None:
    """A user whom two steps name is one object, and what isn't included stays a reference."""
    graph = linked(step("s", USER, OTHER), step("t", USER), USER, data=policy("s", "t", "gone"))
    first, second, gone = graph.data[0].steps
    assert first.targets[0] is second.targets[0] is (graph.included or [])[2]
    assert first.targets[1] == ResourceRef("users", "v")
    assert gone == ResourceRef("steps", "gone")


@pytest.fixture
def cycle() -> Graph[Any]:
    """Return a policy that is a target of its own step, beside a step that is its own target."""
    itself = {"type": "steps", "id": "t"}
    return linked(step("s", {"type": "policies", "id": "p"}), step("t", itself, USER), USER, data=policy("s", "t"))


def test_cycles_link(cycle: Graph[Any]) -> None:
    """Resources that lead back to themselves are the same objects again."""
    found = cycle.data[0]
    assert found.steps[0].targets[0] is found
    assert found.steps[1].targets[0] is found.steps[1]
    assert len(reachable([found])) == 4


def test_cycles_compare_print_pickle_and_copy(cycle: Graph[Any]) -> None:
    """Nothing that Python does to any object runs in circles."""
    found = cycle.data[0]
    twin: EscalationPolicy
    for twin in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        first: Any = (*(twin.steps or ()),)[0]
        assert twin == found
        assert first.targets[0] is twin
        first.assignment = "nobody"
        assert twin != found
    assert repr(found).count("EscalationPolicy(") == 2
    assert len(repr(found)) < 500


def test_empty_places_and_new_members() -> None:
    """A member without a user has None, or nothing if nothing was said."""
    members = [
        {"type": "members", "id": "1", "relationships": {"user": {"data": None}}},
        {"type": "members", "id": "2"},
    ]
    layer = {"type": "layers", "id": "l", "relationships": {"members": to("members", "1", "2")}}
    data = {"type": "schedules", "id": "s", "relationships": {"layers": to("layers", "l")}}
    graph = Case(Schedule, {"data": data, "included": [layer, *members]}).link()
    assert graph.data[0].layers[0].members == (Member(id="1", user=None), Member(id="2"))  # type: ignore[attr-defined]  # (of Schedule)
