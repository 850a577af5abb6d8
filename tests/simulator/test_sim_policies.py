"""Escalation policies in the simulator: what is stored, what answers show, and what is refused."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.datadog_http import (
    NOBODY,
    ON_CALL,
    POLICIES,
    SCHEDULES,
    anybody,
    data_body,
    policy_body,
    schedule_body,
    simulated,
)

if TYPE_CHECKING:
    from aiooncall.simulator import Simulator
    from tests.support.datadog_http import Caller


def target(kind: str, target_id: str, position: str | None = None) -> dict[str, Any]:
    """Return a step's target."""
    config = {} if position is None else {"config": {"schedule": {"position": position}}}
    return {"type": kind, "id": target_id, **config}


async def full_policy(sim: Simulator, caller: Caller) -> tuple[str, dict[str, str]]:
    """Create a policy with every kind of target; return its id and those of what it refers to."""
    ids = {"user": sim.add_user("Ann", "ann@example.com"), "team": sim.add_team("checkout", "Checkout team")}
    ids["schedule"] = await caller.make(SCHEDULES, schedule_body(ids["user"], teams=(ids["team"],)))
    first = [target("users", ids["user"]), target("schedules", ids["schedule"], "current")]
    second = [target("teams", ids["team"]), target("schedules", ids["schedule"], "previous")]
    return await caller.make(POLICIES, policy_body(first, second, teams=(ids["team"],))), ids


def as_request(document: dict[str, Any]) -> dict[str, Any]:
    """Return the request that puts back what an answer with included steps and targets shows."""
    included = {(item["type"], item["id"]): item for item in document["included"]}
    data = copy.deepcopy(document["data"])
    steps = [included["steps", ref["id"]] for ref in data["relationships"]["steps"]["data"]]
    data["attributes"]["steps"] = [
        {
            "id": step["id"],
            **step["attributes"],
            "targets": [as_target(ref, included) for ref in step["relationships"]["targets"]["data"]],
        }
        for step in steps
    ]
    return {"data": data}


def as_target(ref: dict[str, Any], included: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Return the target that an identifier in an answer stands for."""
    if ref["type"] != "schedule_target":
        return ref
    configured = included["schedule_target", ref["id"]]
    schedule = configured["relationships"]["schedule"]["data"]
    return {**ref, **schedule, "config": {"schedule": configured["attributes"]}}


async def test_policy_reads_as_recorded() -> None:
    """A policy shows its attributes and identifiers, and includes nothing that was not asked for."""
    async with simulated() as (sim, caller):
        policy_id, ids = await full_policy(sim, caller)
        reply = await caller.send("GET", f"{POLICIES}/{policy_id}")
    document = reply.json
    steps = document["data"]["relationships"].pop("steps")["data"]
    assert reply.headers["Content-Type"] == "application/vnd.api+json"
    assert [step["type"] for step in steps] == ["steps", "steps"]
    assert document == {
        "data": {
            "id": policy_id,
            "type": "policies",
            "attributes": {"name": "Checkout", "resolve_page_on_policy_end": False, "retries": 0, "tags": []},
            "relationships": {"teams": {"data": [{"id": ids["team"], "type": "teams"}]}},
        }
    }


async def test_targets_come_with_their_steps() -> None:
    """Asking for targets brings the steps too; a position other than the current makes a resource of its own."""
    async with simulated() as (sim, caller):
        policy_id, ids = await full_policy(sim, caller)
        document = await caller.ask("GET", f"{POLICIES}/{policy_id}", include="steps.targets")
    steps = [item for item in document["included"] if item["type"] == "steps"]
    others = {item["id"]: item for item in document["included"] if item["type"] != "steps"}
    previous = f"{ids['schedule']}_previous"
    assert [step["attributes"] for step in steps] == [{"assignment": "default"}] * 2
    assert [step["relationships"]["targets"]["data"] for step in steps] == [
        [target("users", ids["user"]), target("schedules", ids["schedule"])],
        [target("teams", ids["team"]), target("schedule_target", previous)],
    ]
    assert others.keys() == {*ids.values(), previous}
    assert others[previous] == {
        "id": previous,
        "type": "schedule_target",
        "attributes": {"position": "previous"},
        "relationships": {"schedule": {"data": {"id": ids["schedule"], "type": "schedules"}}},
    }
    assert others[ids["user"]]["attributes"] == {"email": "ann@example.com", "name": "Ann", "status": "active"}
    assert others[ids["team"]]["attributes"] == {
        "avatar": "", "description": "", "handle": "checkout", "name": "Checkout team",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("include", "types"),
    [
        ("teams", {"teams"}),
        ("steps", {"steps"}),
        ("teams,steps", {"teams", "steps"}),
        ("steps.targets", {"steps", "users", "schedules", "teams", "schedule_target"}),
    ],
)
async def test_only_what_is_asked_for_is_included(include: str, types: set[str]) -> None:
    """Each answer with a policy includes exactly what its request asked for, each resource once."""
    async with simulated() as (sim, caller):
        policy_id, _ = await full_policy(sim, caller)
        read = await caller.ask("GET", f"{POLICIES}/{policy_id}", include="steps.targets")
        one = await caller.ask("GET", f"{POLICIES}/{policy_id}", include=include)
        put = await caller.ask("PUT", f"{POLICIES}/{policy_id}", as_request(read), include=include)
        made = await caller.ask("POST", POLICIES, policy_body(anybody(caller.sim)), status=201, include=include)
    assert {item["type"] for item in one["included"]} == types
    assert put == one
    assert len({(item["type"], item["id"]) for item in one["included"]}) == len(one["included"])
    assert {item["type"] for item in made["included"]} <= {"steps", "users"}


@pytest.mark.parametrize(
    ("method", "include"), [("GET", "layers"), ("PUT", "teams,users"), ("POST", "step"), ("DELETE", "steps")]
)
async def test_unknown_include_is_refused(method: str, include: str) -> None:
    """An operation includes only what it knows, and does nothing when asked for more."""
    async with simulated() as (sim, caller):
        policy_id, _ = await full_policy(sim, caller)
        path = POLICIES if method == "POST" else f"{POLICIES}/{policy_id}"
        before = sim.stored("policies", policy_id)
        assert "include" in await caller.refusal(method, path, policy_body(anybody(caller.sim)), include=include)
        assert sim.stored("policies", policy_id) == before


async def test_steps_keep_their_ids() -> None:
    """Replacing a policy keeps the steps whose ids it names, in the new order, and gives new ids to the others."""
    async with simulated() as (sim, caller):
        policy_id = await caller.make(POLICIES, policy_body(anybody(caller.sim), anybody(caller.sim)))
        first, second = [step["id"] for step in sim.stored("policies", policy_id)["attributes"]["steps"]]
        targets = anybody(sim)
        steps = [{"id": second, "targets": targets}, {"targets": targets}]
        await caller.ask(
            "PUT", f"{POLICIES}/{policy_id}", data_body("policies", {"name": "n", "steps": steps}, id=policy_id)
        )
        kept, new = [step["id"] for step in sim.stored("policies", policy_id)["attributes"]["steps"]]
        assert kept == second
        assert new not in {first, second}
        for bad in ([{"id": first, "targets": targets}], [{"id": second, "targets": targets}] * 2):
            body = data_body("policies", {"name": "n", "steps": bad}, id=policy_id)
            assert bad[0]["id"] in await caller.refusal("PUT", f"{POLICIES}/{policy_id}", body)


async def test_what_a_replacement_leaves_out_is_gone() -> None:
    """A policy that is replaced takes nothing over from the old one but ids."""
    async with simulated() as (sim, caller):
        policy_id, _ = await full_policy(sim, caller)
        await caller.ask(
            "PUT",
            f"{POLICIES}/{policy_id}",
            {"data": {**policy_body(anybody(caller.sim), name="n")["data"], "id": policy_id}},
        )
        stored = sim.stored("policies", policy_id)
    assert stored["relationships"]["teams"]["data"] == []
    assert len(stored["attributes"]["steps"]) == 1


@pytest.mark.parametrize("drift", [False, True])
async def test_unchanged_replacement_changes_nothing(drift: bool) -> None:
    """Putting back what was read leaves the stored policy equal, unknown attributes at every depth included."""
    async with simulated(drift=drift) as (sim, caller):
        user, schedule = sim.add_user(), await caller.make(SCHEDULES, schedule_body(sim.add_user()))
        configured = {**target("schedules", schedule, "next"), "weight": 1}
        configured["config"]["schedule"]["depth"] = 2
        targets = [{**target("users", user), "config": {"tone": "loud"}}, configured]
        step = {"assignment": "round-robin", "escalate_after_seconds": 60, "targets": targets, "colour": {"r": 1}}
        body = data_body("policies", {"name": "n", "steps": [step], "tags": ["a:b"], "retries": 3}, sim.add_team("t"))
        body["data"]["relationships"]["owner"] = {"data": {"id": "o", "type": "owners"}}
        body["data"]["links"] = {"self": "here"}
        policy_id = await caller.make(POLICIES, body)
        before = sim.stored("policies", policy_id)
        read = await caller.ask("GET", f"{POLICIES}/{policy_id}", include="steps.targets")
        await caller.ask("PUT", f"{POLICIES}/{policy_id}", as_request(read))
        assert sim.stored("policies", policy_id) == before
    del before["id"], before["attributes"]["steps"][0]["id"]
    body["data"]["attributes"]["resolve_page_on_policy_end"] = False
    assert before == body["data"]


async def test_stored_is_a_copy() -> None:
    """Changing what a test has looked at changes nothing at the server."""
    async with simulated() as (sim, caller):
        policy_id = await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        sim.stored("policies", policy_id)["attributes"]["steps"].clear()
        assert len(sim.stored("policies", policy_id)["attributes"]["steps"]) == 1
        for kind, resource_id in (("policies", NOBODY), ("pigeons", policy_id), ("users", policy_id)):
            with pytest.raises(KeyError):
                sim.stored(kind, resource_id)


def attributes(**changes: Any) -> dict[str, Any]:
    """Return good attributes of a policy with changes."""
    return {"name": "n", "steps": [{"targets": [target("users", NOBODY)]}], **changes}


def step(**changes: Any) -> dict[str, Any]:
    """Return good attributes of a policy with a changed step."""
    return attributes(steps=[{"targets": [target("users", NOBODY)], **changes}])


BAD: list[tuple[dict[str, Any], str]] = [
    (attributes(name=""), "data.attributes.name"),
    (attributes(name=None), "data.attributes.name"),
    (attributes(retries=11), "data.attributes.retries"),
    (attributes(retries=-1), "data.attributes.retries"),
    (attributes(retries=True), "data.attributes.retries"),
    (attributes(retries=1.5), "data.attributes.retries"),
    (attributes(resolve_page_on_policy_end="yes"), "data.attributes.resolve_page_on_policy_end"),
    (attributes(steps=[]), "data.attributes.steps"),
    (attributes(steps=None), "data.attributes.steps"),
    (attributes(steps={}), "data.attributes.steps"),
    (attributes(steps=["x"]), "data.attributes.steps[0]"),
    (attributes(steps=[{"targets": []}] * 11), "data.attributes.steps"),
    (step(targets=None), "data.attributes.steps[0].targets"),
    (step(targets=[]), "data.attributes.steps[0].targets: must hold 1 to 10 targets"),
    (step(targets=[target("users", NOBODY)] * 11), "data.attributes.steps[0].targets: must hold 1 to 10 targets"),
    (step(assignment="random"), "data.attributes.steps[0].assignment"),
    (step(escalate_after_seconds=59), "data.attributes.steps[0].escalate_after_seconds"),
    (step(escalate_after_seconds=36_001), "data.attributes.steps[0].escalate_after_seconds"),
    (step(id=NOBODY), "data.attributes.steps[0].id"),
    (step(targets=[{"id": "x"}]), "data.attributes.steps[0].targets[0].type"),
    (step(targets=[{"id": "x", "type": "pigeons"}]), "data.attributes.steps[0].targets[0].type"),
    (step(targets=[{"id": NOBODY, "type": "users"}]), f"user[{NOBODY}]"),
    (step(targets=[{"id": NOBODY, "type": "teams"}]), f"team[{NOBODY}]"),
    (step(targets=[{"id": NOBODY, "type": "schedules"}]), f"schedule[{NOBODY}]"),
]


@pytest.mark.parametrize(("bad", "named"), BAD, ids=str)
async def test_bad_policy_is_refused(bad: dict[str, Any], named: str) -> None:
    """A policy that breaks a rule is 400 with an error that names the place, and changes nothing."""
    async with simulated() as (sim, caller):
        policy_id = await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        before = sim.stored("policies", policy_id)
        assert named in await caller.refusal("POST", POLICIES, data_body("policies", bad))
        assert named in await caller.refusal("PUT", f"{POLICIES}/{policy_id}", data_body("policies", bad, id=policy_id))
        assert sim.stored("policies", policy_id) == before


async def test_bad_position_and_team_are_refused() -> None:
    """A position must be one of three, and the teams of a policy must exist."""
    async with simulated() as (_, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(None))
        assert "position" in await caller.refusal(
            "POST", POLICIES, policy_body([target("schedules", schedule, "last")])
        )
        assert f"team[{NOBODY}]" in await caller.refusal(
            "POST", POLICIES, policy_body(anybody(caller.sim), teams=(NOBODY,))
        )


@pytest.mark.parametrize(
    "body", [None, [], {}, {"data": []}, {"data": {"type": "policies"}}, schedule_body(None)], ids=str
)
async def test_bad_document_is_refused(body: Any) -> None:
    """A body that is not a document about a policy is 400 with an error object."""
    async with simulated() as (_, caller):
        assert await caller.refusal("POST", POLICIES, body)


@pytest.mark.parametrize("body_id", [NOBODY, None, 5])
async def test_ids_must_agree(body_id: Any) -> None:
    """The id in the body of a replacement must be the path's."""
    async with simulated() as (_, caller):
        policy_id = await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        body = {"data": {**policy_body(anybody(caller.sim))["data"], "id": body_id}}
        assert "data.id" in await caller.refusal("PUT", f"{POLICIES}/{policy_id}", body)


async def test_unknown_policy_is_404() -> None:
    """Each operation on a policy that is not there, or no more, is 404 with an error object that names it."""
    async with simulated() as (_, caller):
        policy_id = await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        await caller.ask("DELETE", f"{POLICIES}/{policy_id}", status=204)
        for method in ("GET", "PUT", "DELETE"):
            detail = await caller.refusal(method, f"{POLICIES}/{policy_id}", status=404)
            assert detail == f"escalation_policy[{policy_id}] not found"


async def test_list_in_slices() -> None:
    """The list is sorted by name and comes in slices, which say how many rows there are and what comes next."""
    async with simulated() as (sim, caller):
        ann = sim.add_user("Ann")
        for name in ("c", "a", "b"):
            await caller.make(POLICIES, policy_body([target("users", ann)], name=name))
        both = {"page[size]": "2", "page[number]": "0"}
        first = await caller.ask("GET", POLICIES, query=both, include="steps.targets")
        second = await caller.ask("GET", POLICIES, query={**both, "page[number]": "1"})
        assert "page[size]" in await caller.refusal("GET", POLICIES, query={"page[size]": "101"})
        assert "include" in await caller.refusal("GET", POLICIES, include="robots")
    assert [row["attributes"]["name"] for row in (*first["data"], *second["data"])] == ["a", "b", "c"]
    assert [one["type"] for one in first["included"]] == ["steps", "steps", "users"]
    assert [page["meta"]["page"]["next_number"] for page in (first, second)] == [1, None]
    assert first["meta"]["page"]["total"] == 3


async def test_used_policy_stays() -> None:
    """A policy that a routing rule leads to cannot be deleted, and the error says whose rule it is."""
    async with simulated() as (sim, caller):
        team, policy_id = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        rules = f"{ON_CALL}/teams/{team}/routing-rules"
        await caller.ask("PUT", rules, data_body("team_routing_rules", {"rules": [{"policy_id": policy_id}]}))
        assert f"team[{team}]" in await caller.refusal("DELETE", f"{POLICIES}/{policy_id}", status=409)
        await caller.ask("PUT", rules, data_body("team_routing_rules", {"rules": []}))
        await caller.ask("DELETE", f"{POLICIES}/{policy_id}", status=204)


async def test_included_can_be_bare() -> None:
    """On request included users, schedules and teams have no attributes, while steps keep theirs."""
    async with simulated(bare_included=True) as (sim, caller):
        policy_id, _ = await full_policy(sim, caller)
        document = await caller.ask("GET", f"{POLICIES}/{policy_id}", include="teams,steps.targets")
    with_attributes = {item["type"] for item in document["included"] if "attributes" in item}
    assert with_attributes == {"steps", "schedule_target"}


async def test_drift_adds_to_every_resource() -> None:
    """With drift each resource has unknown members, and values of known kinds are unknown.

    Parts get no relationship, as a request has no place for one in them.
    """
    async with simulated(drift=True) as (sim, caller):
        user = sim.add_user()
        body = policy_body([target("users", user)])
        body["data"]["attributes"]["steps"][0]["assignment"] = "round-robin"
        policy_id = await caller.make(POLICIES, body)
        document = await caller.ask("GET", f"{POLICIES}/{policy_id}", include="steps.targets")
    robots = [item for item in document["included"] if item["type"] == "robots"]
    known = [item for item in document["included"] if item["type"] != "robots"]
    assert len(robots) == 1
    assert all(item["robot"] for item in [document["data"], *known])
    assert ["robot" in item["relationships"] for item in [document["data"], *known]] == [True, False, True]
    assert known[0]["attributes"]["assignment"] not in {"default", "round-robin"}
    assert known[1]["attributes"]["status"] not in {"active", "deactivated", "pending"}


async def test_configuration_notifies_nobody() -> None:
    """Configuring enters requests in the ledger, and neither effects nor notifications."""
    async with simulated() as (sim, caller):
        await full_policy(sim, caller)
    assert len(sim.ledger.requests) == 2
    assert (sim.ledger.effects, sim.ledger.notifications) == ([], [])
