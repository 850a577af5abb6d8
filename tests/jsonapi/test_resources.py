"""What every resource and every reference can do."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import LinkError, OnCallError
from aiooncall.datadog import EscalationPolicy, EscalationStep, Member, ScheduleTarget, Team, User
from aiooncall.datadog.models.kinds import KINDS
from aiooncall.jsonapi import ResourceRef, UnknownResource, has_content, reachable, related
from aiooncall.jsonapi.resources import NOTHING_ELSE
from tests.support.documents import OTHER, USER, linked, policy, step

if TYPE_CHECKING:
    from aiooncall.jsonapi import Resource

REF = ResourceRef("schedules", "s-1")


@pytest.mark.parametrize("name", ["name", "layers", "label", "anything"])
def test_reference_has_no_content(name: str) -> None:
    """Asking a reference for content is an error that names the resource, the attribute and the remedy."""
    with pytest.raises(LinkError) as caught:
        getattr(REF, name)
    said = str(caught.value)
    assert "schedules/s-1" in said
    assert repr(name) in said
    assert "include" in said
    assert isinstance(caught.value, OnCallError)
    assert isinstance(caught.value, AttributeError)


def test_reference_can_be_asked() -> None:
    """Whether a reference has content can be asked in Python's own ways."""
    assert not hasattr(REF, "name")
    assert getattr(REF, "name", "nobody") == "nobody"
    assert (REF.type, REF.id) == ("schedules", "s-1")


def test_reference_is_a_value() -> None:
    """References are equal by what they say, can be keys, don't change, and survive pickling and copying."""
    assert REF == ResourceRef("schedules", "s-1") != ResourceRef("users", "s-1")
    assert {REF: 1}[ResourceRef("schedules", "s-1")] == 1
    assert pickle.loads(pickle.dumps(REF)) == copy.copy(REF) == copy.deepcopy(REF) == REF
    assert repr(REF) == "ResourceRef(type='schedules', id='s-1')"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        REF.id = "other"  # type: ignore[misc]  # (that is the point)


def test_reference_is_no_resource() -> None:
    """A reference is never equal to the resource that it refers to, from either side."""
    assert User(id="u") != ResourceRef("users", "u")
    assert ResourceRef("users", "u") != User(id="u")
    assert User(id="u").ref == ResourceRef("users", "u")


def test_resources_are_equal_by_value() -> None:
    """Resources are equal if they are of one class and everything about them is equal."""
    ada = User(id="u", name="Ada")
    assert ada == User(id="u", name="Ada")
    assert ada != User(id="u", name="Ada", email=None)
    assert ada != User(id="v", name="Ada")
    assert ada != Team(id="u", name="Ada")
    assert ada != User(id="u", name="Ada", extra={"meta": 1})
    assert ada != "Ada"


def test_graphs_are_equal_by_value() -> None:
    """What a resource leads to counts, in its order; a list is as good as a tuple, and one more makes a difference."""

    def one(*targets: Any) -> EscalationPolicy:
        return EscalationPolicy(id="p", steps=[EscalationStep(id="s", targets=targets)])

    ada, team = User(id="a"), Team(id="t")
    assert one(ada, team) == one(User(id="a"), Team(id="t"))
    assert one(ada, team) != one(team, ada)
    assert one(ada, team) != one(ada)
    assert one(ada) != one(User(id="a", name="Ada"))
    assert one(ada) != one(ResourceRef("users", "a"))
    assert one() != EscalationPolicy(id="p", steps=[EscalationStep(id="s")])
    assert User(id="a", extra={"x": [1]}) == User(id="a", extra={"x": [1]})


def test_sharing_is_no_matter_of_equality() -> None:
    """Two equal users are as good as one that is there twice."""
    ada = User(id="a", name="Ada")
    shared = EscalationStep(id="s", targets=[ada, ada])
    assert shared == EscalationStep(id="s", targets=[User(id="a", name="Ada"), User(id="a", name="Ada")])


def test_circles_of_other_lengths_differ() -> None:
    """Graphs that lead back to themselves are compared to their end, whichever of them has a link more."""

    def circle(links: int) -> EscalationStep:
        made = EscalationStep(id="s")
        made.targets = [made] * links  # type: ignore[list-item]
        return made

    assert circle(1) != circle(2)
    assert circle(2) != circle(1)
    assert circle(2) == circle(2)


@pytest.mark.parametrize("kind", [*KINDS.values(), UnknownResource], ids=lambda kind: kind.__name__)
def test_resources_are_no_keys(kind: type[Resource]) -> None:
    """A resource can be edited, so it has no hash."""
    resource = UnknownResource(kind="x") if kind is UnknownResource else kind()
    with pytest.raises(TypeError, match="unhashable"):
        hash(resource)


def test_repr_shows_what_is_known() -> None:
    """A resource prints what it has, null included, and nothing of what is unset or what nobody knows."""
    assert repr(User()) == "User(id='')"
    found = User(id="u", name=None, extra={"attributes": {"password": "hunter2"}})
    assert repr(found) == "User(id='u', name=None)"
    assert repr(Member(id="m", user=found)) == f"Member(id='m', user={found!r})"
    assert repr(EscalationStep(targets=[])) == "EscalationStep(id='', targets=())"
    assert repr(EscalationStep(targets=[REF])) == f"EscalationStep(id='', targets=({REF!r},))"


def test_repr_shows_a_resource_once() -> None:
    """What is there twice is shown once in full, and then by its id."""
    ada = User(id="u", name="Ada")
    assert repr(EscalationStep(targets=[ada, ada])).endswith("targets=(User(id='u', name='Ada'), User(id='u', ...)))")


def mesh(size: int) -> EscalationPolicy:
    """Return a policy of steps that all have all steps as targets."""
    names = [str(number) for number in range(size)]
    targets = [{"type": "steps", "id": name} for name in names]
    found: EscalationPolicy = linked(*(step(name, *targets) for name in names), data=policy("0")).data[0]
    return found


def test_repr_is_no_larger_than_its_graph() -> None:
    """A graph in which everything leads to everything prints in a text that grows with the number of links."""
    assert len(repr(mesh(40))) < 50 * 40 * 40
    assert mesh(40) == mesh(40)


def chain(length: int) -> EscalationPolicy:
    """Return a policy whose first step leads to a second, and so on."""
    included = [step(str(number), {"type": "steps", "id": str(number + 1)}) for number in range(length)]
    found: EscalationPolicy = linked(*included, data=policy("0")).data[0]
    return found


def test_long_chains_need_no_stack() -> None:
    """A chain longer than Python's stack is linked, compared, printed and walked."""
    found = chain(3000)
    assert found == chain(3000)
    assert found != chain(2999)
    assert repr(found).count("EscalationStep") <= 12
    assert len(reachable([found])) == 3001


@pytest.mark.parametrize(
    "spoil",
    [
        lambda extra: extra.__setitem__("x", 1), lambda extra: extra.update(x=1), lambda extra: extra.update({"x": 1}),
        lambda extra: extra.setdefault("x", 1), lambda extra: extra.__ior__({"x": 1}),
    ],
)  # fmt: skip
def test_default_extra_stays_empty(spoil: Any) -> None:
    """Resources share one empty `extra`, so nothing can be put into it, in whatever way."""
    extra = User().extra
    assert extra is Team().extra is NOTHING_ELSE
    with pytest.raises(TypeError, match="shared"):
        spoil(extra)
    assert extra == {} == NOTHING_ELSE
    assert "extra" not in repr(User())


def test_default_extra_is_one_after_pickling() -> None:
    """The shared empty `extra` is the same object after pickling and copying."""
    found = User(id="u", name="Ada")
    for twin in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), attrs.evolve(found)):
        assert twin.extra is NOTHING_ELSE
        assert twin == found


def test_unknown_kinds_have_a_type() -> None:
    """A resource of an unknown kind has its type on the wire like any other resource."""
    robot = UnknownResource(kind="robots", id="r")
    assert (robot.type, robot.ref, robot.kind) == ("robots", ResourceRef("robots", "r"), "robots")


def test_content() -> None:
    """A resource that says only who it is has no content; null, a link or something unknown is some."""
    assert not has_content(User(id="u"))
    for full in (User(name=None), Member(user=None), EscalationStep(targets=[]), User(extra={"meta": 1})):
        assert has_content(full)


def test_neighbours() -> None:
    """What a resource leads to comes in order, references included; what can be reached comes once."""
    graph = linked(step("s", USER, OTHER, USER), USER)
    (first,) = graph.data[0].steps
    user = first.targets[0]
    assert list(related(first)) == [user, ResourceRef("users", "v"), user]
    assert list(related(ScheduleTarget(schedule=REF))) == [REF]
    assert list(related(Member(user=None))) == list(related(Member())) == []
    assert [id(it) for it in reachable(graph.data)] == [id(graph.data[0]), id(first), id(user)]
