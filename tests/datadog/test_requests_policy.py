"""How escalation policies are written: what is sent, and what is refused before anything is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from aiooncall import UNSET, LinkError, LossyWrite, OptionsError
from aiooncall.datadog import Assignment, EscalationPolicy, EscalationStep, Schedule, ScheduleTarget, Team, User
from aiooncall.datadog.writing.policy import policy_request
from aiooncall.jsonapi import ResourceRef, UnknownResource
from tests.support.graphs import Case

Json = dict[str, Any]

ADA, BOB = User(id="00000000-aba1-0000-0000-000000000000"), User(id="00000000-abb1-0000-0000-000000000000")
ROTA = Schedule(id="00000000-aba2-0000-0000-000000000000", name="Rota")
TEAM = Team(id="00000000-aba3-0000-0000-000000000000")
OWNER = Team(id="00000000-da3a-0000-0000-000000000000")


def test_example_of_the_reference() -> None:
    """The reference's request is what the plain objects give."""
    policy = EscalationPolicy(
        name="Escalation Policy 1",
        steps=[
            EscalationStep(
                targets=[ADA, ROTA.at("previous"), TEAM],
                escalate_after=timedelta(hours=1),
                assignment=Assignment.DEFAULT,
            ),
            EscalationStep(targets=[ADA, BOB], escalate_after=3600, assignment="round-robin"),
        ],
        retries=2,
        resolve_page_on_policy_end=True,
        teams=[OWNER],
    )
    assert policy_request(policy) == {
        "attributes": {
            "name": "Escalation Policy 1",
            "resolve_page_on_policy_end": True,
            "retries": 2,
            "steps": [
                {
                    "assignment": "default",
                    "escalate_after_seconds": 3600,
                    "targets": [
                        {"id": "00000000-aba1-0000-0000-000000000000", "type": "users"},
                        {
                            "config": {"schedule": {"position": "previous"}},
                            "id": "00000000-aba2-0000-0000-000000000000",
                            "type": "schedules",
                        },
                        {"id": "00000000-aba3-0000-0000-000000000000", "type": "teams"},
                    ],
                },
                {
                    "assignment": "round-robin",
                    "escalate_after_seconds": 3600,
                    "targets": [
                        {"id": "00000000-aba1-0000-0000-000000000000", "type": "users"},
                        {"id": "00000000-abb1-0000-0000-000000000000", "type": "users"},
                    ],
                },
            ],
        },
        "relationships": {"teams": {"data": [{"id": "00000000-da3a-0000-0000-000000000000", "type": "teams"}]}},
        "type": "policies",
    }


def policy(**fields: Any) -> EscalationPolicy:
    """Return a policy with one step."""
    return EscalationPolicy(**{"name": "Nights", "steps": [EscalationStep(targets=[ADA])], **fields})


def stepped(**fields: Any) -> EscalationPolicy:
    """Return a policy whose second step has `fields`."""
    return policy(steps=[EscalationStep(targets=[ADA]), EscalationStep(**{"targets": [ADA], **fields})])


def aimed(target: Any) -> EscalationPolicy:
    """Return a policy whose step has a second target."""
    return policy(steps=[EscalationStep(targets=[ADA, target])])


def test_least_policy() -> None:
    """What is unset isn't sent, and neither are relationships that there are none of."""
    steps = [{"targets": [{"type": "users", "id": ADA.id}]}]
    assert policy_request(policy()) == {"type": "policies", "attributes": {"name": "Nights", "steps": steps}}
    assert policy_request(policy(teams=[]))["relationships"] == {"teams": {"data": []}}
    assert policy_request(policy(retries=None))["attributes"]["retries"] is None


@pytest.mark.parametrize("seconds", [60, 36_000, timedelta(minutes=1), 90.0, None])
def test_waits_up_to_the_bounds(seconds: Any) -> None:
    """Waits of 60 seconds to ten hours are sent in whole seconds."""
    (_, step) = policy_request(stepped(escalate_after=seconds))["attributes"]["steps"]
    expected = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    assert step["escalate_after_seconds"] == expected
    assert type(step["escalate_after_seconds"]) is not float


@pytest.mark.parametrize("count", [1, 10])
def test_steps_and_retries_up_to_the_bounds(count: int) -> None:
    """One to ten steps, and up to ten retries, are sent."""
    found = policy(steps=[EscalationStep(targets=[ADA])] * count, retries=count)
    assert len(policy_request(found)["attributes"]["steps"]) == count


@pytest.mark.parametrize("count", [1, 10])
def test_targets_up_to_the_bounds(count: int) -> None:
    """One to ten targets of a step are sent."""
    (_, step) = policy_request(stepped(targets=[ADA] * count))["attributes"]["steps"]
    assert len(step["targets"]) == count


STEP = EscalationStep(targets=[ADA])
NO_WAITS: list[Any] = [59, 36_001, 90.5, "90", True, timedelta(days=1), timedelta(milliseconds=60_500), float("nan")]
REFUSED: list[tuple[EscalationPolicy, str]] = [
    (policy(name=UNSET), "name"), (policy(name=""), "name"), (policy(name="  "), "name"), (policy(name=5), "name"),
    (policy(retries=-1), "retries"), (policy(retries=11), "retries"), (policy(retries=1.5), "retries"),
    (policy(retries=True), "retries"), (policy(steps=UNSET), "steps"), (policy(steps=None), "steps"),
    (policy(steps=[]), "steps"), (policy(steps=[STEP] * 11), "steps"), (policy(steps=[STEP, ADA]), "steps[1]"),
    *((stepped(escalate_after=wait), "steps[1].escalate_after") for wait in NO_WAITS),
    (stepped(targets=UNSET), "steps[1].targets"), (stepped(targets=None), "steps[1].targets"),
    (stepped(targets=[]), "steps[1].targets"), (stepped(targets=[ADA] * 11), "steps[1].targets"),
    (aimed(User(name="new")), "steps[0].targets[1]"), (aimed("ada"), "steps[0].targets[1]"),
    (aimed(None), "steps[0].targets[1]"), (aimed(STEP), "steps[0].targets[1]"),
    (aimed(Schedule().at("next")), "steps[0].targets[1].schedule"),
    (aimed(ScheduleTarget(position="next")), "steps[0].targets[1].schedule"),
    (aimed(ScheduleTarget(position="next", schedule=ADA.ref)), "steps[0].targets[1].schedule"),
    (aimed(ScheduleTarget(schedule=ROTA)), "steps[0].targets[1].position"),
    (aimed(ROTA.at("")), "steps[0].targets[1].position"),
    (policy(teams=[OWNER, Team()]), "teams[1]"), (policy(teams=[ADA]), "teams[0]"), (policy(teams=None), "teams"),
    (policy(teams=[UnknownResource(kind="squads", id="q")]), "teams[0]"),
    (policy(teams=[ResourceRef("users", "u")]), "teams[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("refused", "field"), REFUSED)
def test_what_is_wrong_is_refused(refused: EscalationPolicy, field: str) -> None:
    """What the API would refuse is refused here, with the place."""
    with pytest.raises(OptionsError) as caught:
        policy_request(refused)
    assert caught.value.field == field
    assert not isinstance(caught.value, LossyWrite)


@pytest.mark.parametrize(
    ("unread", "place"),
    [
        (policy(steps=[STEP, ResourceRef("steps", "s")]), "steps[1]"),
        (aimed(ResourceRef("schedule_target", "s_previous")), "steps[0].targets[1]"),
    ],
)
def test_what_was_not_read_cannot_be_written(unread: EscalationPolicy, place: str) -> None:
    """A step or a configured target that is only a reference would lose its content: the error names the remedy."""
    with pytest.raises(LinkError) as caught:
        policy_request(unread, update=True)
    assert str(caught.value).startswith(f"{place} is only a reference")
    assert "include" in str(caught.value)


@pytest.mark.parametrize("kind", ["users", "teams", "schedules", "robots"])
def test_references_are_as_good_as_resources(kind: str) -> None:
    """A target is only referred to, so a reference will do, even to a kind that isn't known."""
    (step,) = policy_request(aimed(ResourceRef(kind, "1")))["attributes"]["steps"]
    assert step["targets"][1] == {"type": kind, "id": "1"}
    assert policy_request(policy(teams=[OWNER.ref])) == policy_request(policy(teams=[OWNER]))
    target = ScheduleTarget(position="next", schedule=ROTA.ref)
    (step,) = policy_request(aimed(target))["attributes"]["steps"]
    assert step["targets"][1] == {"type": "schedules", "id": ROTA.id, "config": {"schedule": {"position": "next"}}}


def test_unknown_target() -> None:
    """A target of an unknown kind is sent if it is but a reference, and refused if it has content."""
    robot = UnknownResource(kind="robots", id="r")
    (step,) = policy_request(aimed(robot))["attributes"]["steps"]
    assert step["targets"][1] == {"type": "robots", "id": "r"}
    with pytest.raises(LossyWrite) as caught:
        policy_request(aimed(attrs.evolve(robot, attributes={"arms": 2})))
    assert caught.value.field == "steps[0].targets[1]"
    assert "'robots'" in str(caught.value)


STEP_ID, TARGET_ID = {"type": "steps", "id": "s"}, {"type": "schedule_target", "id": "r_someday"}
ROTA_ID = {"type": "schedules", "id": "r"}


def drifted(**step_links: Json) -> EscalationPolicy:
    """Return a policy as a newer server would send it, with unknown things on every level."""
    document = {
        "data": {
            "type": "policies", "id": "p", "attributes": {"name": "Nights", "mood": "calm"}, "colour": "red",
            "relationships": {
                "steps": {"data": [STEP_ID], "links": {"next": "/"}},
                "reviewers": {"data": [{"type": "users", "id": "u"}]},
                "audit": {"links": {"self": "/"}}, "odd": None,
            },
            "links": {"self": "/p"}, "meta": {"version": 3},
        },
        "included": [
            {
                **STEP_ID, "size": 1,
                "attributes": {"assignment": "by-moon", "escalate_after_seconds": 60, "noise": [1]},
                "relationships": {"targets": {"data": [TARGET_ID]}, **step_links}, "links": {"self": "/s"},
            },
            {
                **TARGET_ID, "attributes": {"position": "someday", "offset": 2},
                "relationships": {"schedule": {"data": ROTA_ID}},
            },
        ],
    }  # fmt: skip
    found = Case(EscalationPolicy, document).link().data[0]
    assert isinstance(found, EscalationPolicy)
    return found


def test_unknown_things_survive() -> None:
    """Unknown attributes, members, relationships and values go back; only the server's own links and meta don't."""
    target = {**ROTA_ID, "config": {"schedule": {"position": "someday", "offset": 2}}}
    step = {
        "id": "s",
        "assignment": "by-moon",
        "escalate_after_seconds": 60,
        "noise": [1],
        "size": 1,
        "targets": [target],
    }
    assert policy_request(drifted(), update=True) == {
        "type": "policies", "id": "p", "colour": "red",
        "attributes": {"name": "Nights", "mood": "calm", "steps": [step]},
        "relationships": {"reviewers": {"data": [{"type": "users", "id": "u"}]}},
    }  # fmt: skip


def test_teams_stand_beside_what_is_unknown() -> None:
    """The teams that are set are sent together with relationships that aren't known."""
    found = drifted()
    found.teams = [OWNER]
    assert policy_request(found)["relationships"] == {
        "reviewers": {"data": [{"type": "users", "id": "u"}]}, "teams": {"data": [{"type": "teams", "id": OWNER.id}]}
    }  # fmt: skip


def test_what_has_no_place_is_refused() -> None:
    """A relationship of a step that isn't known has no place in a request: nothing is lost silently."""
    with pytest.raises(LossyWrite) as caught:
        policy_request(drifted(watchers={"data": [{"type": "users", "id": "u"}]}), update=True)
    assert caught.value.field == "steps[0].watchers"
    empty: Any
    for empty in ({"data": []}, {"data": None}, {"links": {"self": "/"}}, {}, None):
        assert policy_request(drifted(watchers=empty), update=True)


def test_null_steps_do_not_come_back() -> None:
    """Steps that were null on the wire are sent as what they are set to, and as nothing else."""
    links = {"steps": {"data": None}}
    data = {"type": "policies", "id": "p", "attributes": {"name": "n"}, "relationships": links}
    found: Any = Case(EscalationPolicy, {"data": data}).link().data[0]
    found.steps = [STEP]
    assert "relationships" not in policy_request(found, update=True)


def test_nothing_is_changed_by_writing() -> None:
    """Making a request changes nothing about the policy."""
    found = drifted()
    policy_request(found, update=True)
    assert found == drifted()
