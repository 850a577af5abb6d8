"""What nobody knows survives an edit, and what would be lost is refused before anything is sent."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import LinkError, LossyWrite, OptionsError, PreciseTime, ResourceRef, UnknownResource, evolve
from aiooncall.datadog import PolicyInclude, ScheduleInclude
from tests.support.datadog_edits import POLICY, RULES, SCHEDULE, edited
from tests.support.datadog_world import MANNERS, answering, but, without_ids, world

if TYPE_CHECKING:
    from tests.support.datadog_edits import Kind
    from tests.support.datadog_world import Json

ODD: Final[dict[str, Any]] = {"robot_like": [1, None, {"deep": 0.5}]}
"""A member that no version knows."""


KINDS: Final = [pytest.param(kind, id=kind.stored_as) for kind in (POLICY, SCHEDULE, RULES)]


def planted(value: Any) -> Any:
    """Return a request with an unknown member in every object that is not a reference."""
    if isinstance(value, list):
        return [planted(item) for item in value]
    if not isinstance(value, dict):
        return value
    grown = {name: value[name] if name == "relationships" else planted(value[name]) for name in value}
    is_reference = value.keys() <= {"type", "id", "config"} or value.keys() == {"schedule"}
    return grown if is_reference else {**grown, **ODD}


@pytest.mark.parametrize("kind", KINDS)
async def test_unknown_members_survive_an_edit(kind: Kind) -> None:
    """What no version knows, at every level of a resource, is still there after an edit of something else."""
    async with world() as w:
        stored = planted(kind.stored(w))
        stored.setdefault("relationships", {})["owner"] = {"data": {"type": "robots", "id": "robot-7"}}
        before = await kind.put(w, stored)
        assert str(before).count("robot_like") == str(stored).count("robot_like") >= 6
        found = await kind.read(w)
        await kind.write(w, found)
        assert kind.stored(w) == before
        if kind is RULES:
            await kind.write(w, evolve(found, rules=edited(found.rules, 0, query="New")))
        else:
            await kind.write(w, evolve(found, name="New"))
        place = ("rules", 0, "query") if kind is RULES else ("name",)
        assert kind.stored(w) == but(before, "attributes", *place, value="New")


UNLINKED: list[tuple[Kind, tuple[str, ...], str]] = [
    (POLICY, (), r"steps\[0\]"),
    (POLICY, ("teams",), r"steps\[0\]"),
    (POLICY, ("steps",), r"steps\[1\]\.targets\[0\]"),
    (SCHEDULE, (), r"layers\[0\]"),
    (SCHEDULE, ("teams",), r"layers\[0\]"),
    (SCHEDULE, ("layers",), r"layers\[0\]\.members\[0\]"),
    (RULES, (), r"rules\[0\]"),
]


@pytest.mark.parametrize(("kind", "include", "place"), UNLINKED)
@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_parts_that_were_not_read_are_not_written(
    kind: Kind, include: tuple[str, ...], place: str, manner: Json
) -> None:
    """Writing something of which a part is only a reference is a LinkError that says which; nothing is sent."""
    async with world(manner) as w:
        found, before = await kind.read(w, include), kind.stored(w)
        w.sent()
        with pytest.raises(LinkError, match=f"{place} is only a reference.*include"):
            await kind.write(w, found)
        assert w.sent() == []
        assert kind.stored(w) == before


@pytest.mark.parametrize("manner", MANNERS, ids=str)
@pytest.mark.parametrize("kind", [POLICY, SCHEDULE], ids=["policies", "schedules"])
async def test_copying_sends_no_ids(kind: Kind, manner: Json) -> None:
    """A copy under another name has everything that the original has, with ids of its own, and leaves that alone."""
    async with world(manner) as w:
        before, found = kind.stored(w), await kind.read(w)
        service = w.client.escalation_policies if kind is POLICY else w.client.schedules
        made = await service.create(evolve(found, name="Copy"))
        copy = w.sim.stored(kind.stored_as, made.id)
        assert without_ids(copy) == without_ids(but(before, "attributes", "name", value="Copy"))
        parts = "steps" if kind is POLICY else "layers"
        old, new = ({part["id"] for part in one["attributes"][parts]} for one in (before, copy))
        assert old.isdisjoint(new)
        assert kind.stored(w) == before


def linkage(*refs: str) -> Json:
    """Return a relationship to many resources, each written as type/id."""
    return {"data": [dict(zip(("type", "id"), ref.split("/"), strict=True)) for ref in refs]}


def policy_document() -> Json:
    """Return an answer with a policy, in which no id is a UUID."""
    target = {"schedule": {"data": {"type": "schedules", "id": "sched-7"}}}
    step = {"escalate_after_seconds": 60, "assignment": "default"}
    refs = ("users/ann@example.com", "schedule_target/sched-7_next")
    return {
        "data": {
            "type": "policies",
            "id": "pol:1",
            "attributes": {"name": "Checkout"},
            "relationships": {"steps": linkage("steps/virtual-pol-1-step-0"), "teams": linkage("teams/42")},
        },
        "included": [
            {
                "type": "steps",
                "id": "virtual-pol-1-step-0",
                "attributes": step,
                "relationships": {"targets": linkage(*refs)},
            },
            {
                "type": "schedule_target",
                "id": "sched-7_next",
                "attributes": {"position": "next"},
                "relationships": target,
            },
        ],
    }


def schedule_document() -> Json:
    """Return an answer with a schedule, with times that are finer than microseconds or have offsets."""
    layer = {
        "name": "Days",
        "effective_date": "2027-01-01T00:00:00.123456789Z",
        "rotation_start": "2027-01-01T09:00:00.000000001+09:00",
        "end_date": "2028-01-01T00:00:00.5-05:00",
        "interval": {"days": 1},
    }
    return {
        "data": {
            "type": "schedules",
            "id": "s-1",
            "attributes": {"name": "Primary", "time_zone": "Asia/Tokyo", "tags": []},
            "relationships": {"layers": linkage("layers/l1")},
        },
        "included": [
            {"type": "layers", "id": "l1", "attributes": layer, "relationships": {"members": linkage("members/m1")}},
            {
                "type": "members",
                "id": "m1",
                "relationships": {"user": {"data": {"type": "users", "id": "ann"}}},
            },
        ],
    }


async def test_ids_are_opaque() -> None:
    """Ids that are no UUIDs go back as they came, each in its place."""
    async with answering(policy_document()) as (recorder, client):
        policy = await client.escalation_policies.get("pol:1", include=PolicyInclude)
        await client.escalation_policies.update(policy)
        sent = recorder.bodies[1]["data"]
        assert (sent["id"], sent["relationships"]["teams"]) == ("pol:1", linkage("teams/42"))
        assert sent["attributes"]["steps"] == [
            {
                "id": "virtual-pol-1-step-0",
                "escalate_after_seconds": 60,
                "assignment": "default",
                "targets": [
                    {"type": "users", "id": "ann@example.com"},
                    {"type": "schedules", "id": "sched-7", "config": {"schedule": {"position": "next"}}},
                ],
            }
        ]


async def test_instants_keep_their_text() -> None:
    """Nanoseconds and offsets are understood, and go back in the very text that came."""
    async with answering(schedule_document()) as (recorder, client):
        schedule = await client.schedules.get("s-1", include=ScheduleInclude)
        (layer,) = schedule.layers
        assert isinstance(layer.effective_date, PreciseTime)
        assert (layer.effective_date.nanosecond, layer.rotation_start.nanosecond) == (123_456_789, 1)
        await client.schedules.update(evolve(schedule, name="New"))
        (sent,) = recorder.bodies[1]["data"]["attributes"]["layers"]
        was = schedule_document()["included"][0]["attributes"]
        assert {name: sent[name] for name in was if name != "end_date"} == {
            name: value for name, value in was.items() if name != "end_date"
        }
        assert sent["end_date"] == "2028-01-01T00:00:00.500000-05:00"


async def test_unknown_kind_of_target_survives_an_edit() -> None:
    """A target of a kind that is not known goes back as the reference it was, included or not."""
    for included in ([], [{"type": "robots", "id": "r2"}]):
        document = policy_document()
        document["included"][0]["relationships"]["targets"] = linkage("robots/r2", "users/ann")
        document["included"] += included
        async with answering(document) as (recorder, client):
            policy = await client.escalation_policies.get("pol:1", include=PolicyInclude)
            kind = UnknownResource if included else ResourceRef
            assert isinstance(policy.steps[0].targets[0], kind)
            await client.escalation_policies.update(evolve(policy, name="New"))
            sent = recorder.bodies[1]["data"]["attributes"]["steps"][0]["targets"]
            assert sent == [{"type": "robots", "id": "r2"}, {"type": "users", "id": "ann"}]


async def test_target_whose_content_has_no_place_is_refused() -> None:
    """A target of an unknown kind with content of its own is a LossyWrite; nothing is sent."""
    document = policy_document()
    document["included"][0]["relationships"]["targets"] = linkage("robots/r2")
    document["included"].append({"type": "robots", "id": "r2", "attributes": {"mood": "calm"}})
    async with answering(document) as (recorder, client):
        policy = await client.escalation_policies.get("pol:1", include=PolicyInclude)
        with pytest.raises(LossyWrite, match=r"steps\[0\]\.targets\[0\].*robots"):
            await client.escalation_policies.update(policy)
        assert len(recorder.bodies) == 1


@pytest.mark.parametrize(("part", "place"), [(0, r"steps\[0\]"), (1, r"steps\[0\]\.targets\[1\]")])
async def test_unknown_relationship_of_a_policys_part_is_refused(part: int, place: str) -> None:
    """A step or target with a relationship that a request has no place for is a LossyWrite; nothing is sent."""
    document = policy_document()
    document["included"][part]["relationships"]["owner"] = {"data": {"type": "robots", "id": "r2"}}
    async with answering(document) as (recorder, client):
        policy = await client.escalation_policies.get("pol:1", include=PolicyInclude)
        with pytest.raises(LossyWrite, match=rf"{place}\.owner.*robots"):
            await client.escalation_policies.update(policy)
        assert len(recorder.bodies) == 1


@pytest.mark.parametrize(("part", "place"), [(0, r"layers\[0\]"), (1, r"layers\[0\]\.members\[0\]")])
async def test_unknown_relationship_of_a_schedules_part_is_refused(part: int, place: str) -> None:
    """A layer or member with a relationship that a request has no place for is a LossyWrite; nothing is sent."""
    document = schedule_document()
    document["included"][part]["relationships"]["owner"] = linkage("robots/r2")
    async with answering(document) as (recorder, client):
        schedule = await client.schedules.get("s-1", include=ScheduleInclude)
        with pytest.raises(LossyWrite, match=rf"{place}\.owner.*robots"):
            await client.schedules.update(schedule)
        assert len(recorder.bodies) == 1


async def test_relationship_that_says_nothing_is_no_loss() -> None:
    """An unknown relationship without data, or with links only, does not keep a part from being written."""
    nothing: list[Json] = [{"data": None}, {"data": []}, {"links": {"self": "/x"}}]
    for empty in nothing:
        document = policy_document()
        document["included"][0]["relationships"]["owner"] = empty
        async with answering(document) as (recorder, client):
            policy = await client.escalation_policies.get("pol:1", include=PolicyInclude)
            await client.escalation_policies.update(policy)
            assert "owner" not in str(recorder.bodies[1])


async def test_one_user_twice_and_nobody() -> None:
    """A member who takes two turns is sent twice, and an empty slot between them stays where it is."""
    document = schedule_document()
    members = [copy.deepcopy(document["included"][1]) | {"id": f"m{number}"} for number in range(3)]
    members[1]["relationships"] = {"user": {"data": None}}
    document["included"][1:] = members
    document["included"][0]["relationships"]["members"] = linkage("members/m0", "members/m1", "members/m2")
    async with answering(document) as (recorder, client):
        await client.schedules.update(await client.schedules.get("s-1", include=ScheduleInclude))
        (layer,) = recorder.bodies[1]["data"]["attributes"]["layers"]
        assert layer["members"] == [{"user": {"id": "ann"}}, {}, {"user": {"id": "ann"}}]


@pytest.mark.parametrize("include", [("layers",), tuple(ScheduleInclude)])
async def test_layer_whose_members_nobody_told_is_not_written(include: tuple[str, ...]) -> None:
    """A layer that came without its members is refused: writing it would drop them."""
    document = schedule_document()
    del document["included"][0]["relationships"]["members"]
    async with answering(document) as (recorder, client):
        schedule = await client.schedules.get("s-1", include=include)
        with pytest.raises(OptionsError, match=r"layers\[0\]\.members"):
            await client.schedules.update(schedule)
        assert len(recorder.bodies) == 1
