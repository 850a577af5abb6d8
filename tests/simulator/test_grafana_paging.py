"""Paging in the fake Grafana OnCall: who is called, what is refused, and under which path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import NOTHING, grafana

if TYPE_CHECKING:
    from aiooncall.simulator import Simulator

# The three examples of https://grafana.com/docs/oncall/latest/oncall-api-reference/direct_paging/
CONTENT = {
    "title": "We are seeing a network outage in the datacenter",
    "message": "I need help investigating, can you join the investigation?",
    "source_url": "https://github.com/myorg/myrepo/issues/123",
}
EXCLUSIVE = "alert_group_id and (title, message, source_url) are mutually exclusive"


def people(sim: Simulator) -> dict[str, str]:
    """Put a team and some users in and return their ids."""
    team = sim.grafana.add_team("SRE")
    return {
        "team": team,
        "ann": sim.grafana.add_user("ann", teams=[team]),
        "bob": sim.grafana.add_user("bob", teams=[team]),
        "viewer": sim.grafana.add_user("vic", role="viewer", teams=[team]),
    }


def both(ids: dict[str, str]) -> list[dict[str, Any]]:
    """Return two users to page, the second one by the important rules."""
    return [{"id": ids["ann"], "important": False}, {"id": ids["bob"], "important": True}]


def told(sim: Simulator, group: str) -> list[tuple[str, str | None, bool | None]]:
    """Return by what, and who, and how, people were told of a group."""
    found = [one for one in sim.ledger.notifications if one.page_id == group]
    return [(one.cause, one.user_id, one.important) for one in found]


@pytest.mark.parametrize("paging", ["escalation", "direct_paging"])
async def test_documented_examples(paging: Any) -> None:
    """The vendor's three requests page two users, a team, and two users for a group that is there."""
    async with grafana(GrafanaOptions(paging=paging)) as (sim, caller):
        ids = people(sim)

        async def page(body: Any) -> str:
            answer = await caller.ask("POST", f"{paging}/", body, status=200)
            return str(answer["alert_group_id" if paging == "direct_paging" else "id"])

        users = await page({**CONTENT, "users": both(ids)})
        team = await page({**CONTENT, "team": ids["team"]})
        again = await page({"alert_group_id": team, "users": both(ids)})
        assert (users != team, again) == (True, team)
        assert told(sim, users) == [("page", ids["ann"], False), ("page", ids["bob"], True)]
        assert told(sim, team) == [
            ("page", ids["ann"], False),
            ("page", ids["bob"], False),
            ("add_responders", ids["ann"], False),
            ("add_responders", ids["bob"], True),
        ]
        assert [sim.ledger.count(action) for action in ("page", "add_responders")] == [2, 1]
        assert (await caller.get("alert_groups", team))["team_id"] == ids["team"]


@pytest.mark.parametrize(
    ("paging", "statuses"), [("escalation", [200, 404]), ("direct_paging", [404, 200]), ("both", [200, 200])]
)
async def test_path_is_chosen(paging: Any, statuses: list[int]) -> None:
    """The engine knows one path, the documentation the other; each or both can be had, the rest is an HTML 404."""
    async with grafana(GrafanaOptions(paging=paging)) as (sim, caller):
        body = {"users": both(people(sim)), "team": None}
        replies = [await caller.send("POST", path, json=body) for path in ("escalation/", "direct_paging/")]
    assert [reply.status for reply in replies] == statuses


async def test_answer_is_the_alert_group() -> None:
    """Escalation answers 200 with the group as a read shows it, its texts escaped for HTML."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        body = {"title": "<b>It's & down", "message": '"now"', "team": None, "users": both(ids)}
        group = await caller.ask("POST", "escalation/", body, status=200)
        assert group == await caller.get("alert_groups", group["id"])
        assert sim.ledger.pages_by_title(group["title"]) == [group["id"]]
    payload = group["last_alert"]["payload"]["oncall"]
    assert group["title"] == "&lt;b&gt;It's &amp; down"
    assert (payload["message"], payload["permalink"], payload["author_username"]) == ('"now"', None, "admin")
    assert (group["state"], group["team_id"], group["labels"]) == ("firing", None, [])


async def test_group_belongs_to_an_integration_of_the_team() -> None:
    """Pages of a team come through its own paging integration, which nobody can create or delete."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        groups = [await caller.ask("POST", "escalation/", {"team": ids["team"]}, status=200) for _ in range(2)]
        (integration_id,) = {group["integration_id"] for group in groups}
        integration = await caller.get("integrations", integration_id)
        assert "detail" in await caller.refusal("DELETE", f"integrations/{integration_id}/")
        assert "detail" in await caller.refusal("POST", "integrations/", {"type": "direct_paging"})
    assert (integration["type"], integration["team_id"]) == ("direct_paging", ids["team"])
    assert integration["name"] == "Direct paging (SRE team)"
    assert integration["link"] is None


@pytest.mark.parametrize(
    ("users", "title"),
    [
        (["ann"], "admin is paging ann to join escalation"),
        (["ann", "bob"], "admin is paging ann and bob to join escalation"),
        ([], "admin is paging SRE to join escalation"),
    ],
)
async def test_title_is_made_up(users: list[str], title: str) -> None:
    """Without a title the group says who pages whom."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        paged = [{"id": ids[name], "important": False} for name in users]
        body = {"users": paged, "team": None} if users else {"team": ids["team"]}
        assert (await caller.ask("POST", "escalation/", body, status=200))["title"] == title


async def test_equal_requests_make_two_groups() -> None:
    """Nothing tells that a page was sent twice, except the ledger."""
    async with grafana() as (sim, caller):
        body = {**CONTENT, "team": None, "users": both(people(sim))}
        groups = [(await caller.ask("POST", "escalation/", body, status=200))["id"] for _ in range(2)]
        other = (await caller.ask("POST", "escalation/", {**body, "title": "Another"}, status=200))["id"]
        assert sim.ledger.doubled() == groups
        for _ in range(2):
            more = {"alert_group_id": other, "team": None, "users": both(people(sim))}
            await caller.ask("POST", "escalation/", more, status=200)
        assert sim.ledger.doubled() == [*groups, other]
    assert len(set(groups)) == 2


async def test_viewers_are_not_called() -> None:
    """Paging a viewer, or a team with one, is 200 and leaves the viewer in peace."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        body = {"team": None, "users": [{"id": ids["viewer"], "important": True}]}
        alone = await caller.ask("POST", "escalation/", body, status=200)
        await caller.ask("POST", "escalation/", {"team": ids["team"], "important_team_escalation": True}, status=200)
        assert told(sim, alone["id"]) == []
        assert [(one.user_id, one.important) for one in sim.ledger.notifications] == [
            (ids["ann"], True),
            (ids["bob"], True),
        ]


async def test_team_does_nothing_for_a_group() -> None:
    """A team beside an alert group is accepted and ignored."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        group = sim.grafana.add_alert_group("Down")
        body = {"alert_group_id": group, "team": ids["team"]}
        assert (await caller.ask("POST", "escalation/", body, status=200))["id"] == group
        assert (sim.ledger.effects, sim.ledger.notifications) == ([], [])


async def test_left_out_team_is_the_callers() -> None:
    """Without the key `team` the caller's current team is meant, which clashes with users; null says none."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        sim.grafana.add_user("admin", role="admin", current_team=ids["team"])
        clash = await caller.refusal("POST", "escalation/", {"users": both(ids)})
        await caller.ask("POST", "escalation/", {"users": both(ids), "team": None}, status=200)
        paged = await caller.ask("POST", "escalation/", {"title": "Down"}, status=200)
    assert clash == {"non_field_errors": ["users and team are mutually exclusive"]}
    assert paged["team_id"] == ids["team"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, {"detail": "No team or user(s) specified"}),
        ({"users": [], "team": None}, {"detail": "No team or user(s) specified"}),
        ({"alert_group_id": "GROUP", "team": None}, {"detail": "No team or user(s) specified"}),
        ({"users": "BOTH", "team": "TEAM"}, {"non_field_errors": ["users and team are mutually exclusive"]}),
        ({"alert_group_id": "GROUP", "users": "BOTH", "title": "x"}, {"non_field_errors": [EXCLUSIVE]}),
        ({"alert_group_id": "GROUP", "users": "BOTH", "message": "x"}, {"non_field_errors": [EXCLUSIVE]}),
        ({"alert_group_id": "GROUP", "users": "BOTH", "source_url": "http://x"}, {"non_field_errors": [EXCLUSIVE]}),
        (
            {"alert_group_id": NOTHING, "users": "BOTH"},
            {"non_field_errors": [f"Alert group {NOTHING} does not exist"]},
        ),
        (
            {"alert_group_id": "RESOLVED", "users": "BOTH"},
            {"detail": "Cannot add responders for a resolved alert group"},
        ),
        (
            {"users": [{"id": NOTHING, "important": False}]},
            {"users": [{"non_field_errors": [f"User {NOTHING} does not exist"]}]},
        ),
        ({"team": NOTHING}, {"team": ["Object does not exist"]}),
        ({"users": [{"id": "ANN"}]}, {"users": [{"important": ["This field is required."]}]}),
        ({"users": "BOTH", "title": None}, {"title": ["This field may not be null."]}),
        ({"users": "BOTH", "alert_group_id": None}, {"alert_group_id": ["This field may not be null."]}),
        ({"users": None}, {"users": ["This field may not be null."]}),
        ({"users": "BOTH", "title": ""}, {"title": ["This field may not be blank."]}),
        ({"users": "BOTH", "title": " \n"}, {"title": ["This field may not be blank."]}),
        ({"users": "BOTH", "message": "  "}, {"message": ["This field may not be blank."]}),
        ({"users": "BOTH", "source_url": "nowhere"}, {"source_url": ["Enter a valid URL."]}),
        (
            {"users": {}},
            {"users": {"non_field_errors": ['Expected a list of items but got type "dict".']}},
        ),
    ],
)
async def test_refusals(body: Any, problem: Any) -> None:
    """What is missing, contradictory or unknown is 400 in the engine's shape, and pages nobody."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        stand_ins = {
            "GROUP": sim.grafana.add_alert_group("Down"),
            "RESOLVED": sim.grafana.add_alert_group("Up", state="resolved"),
            "BOTH": both(ids),
            "TEAM": ids["team"],
        }
        sent = {name: stand_ins.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
        assert await caller.refusal("POST", "escalation/", sent) == problem
        assert (sim.ledger.effects, sim.ledger.notifications) == ([], [])


async def test_only_the_wrong_user_is_blamed() -> None:
    """Of several users the wrong ones are told by their place."""
    async with grafana() as (sim, caller):
        users = [*both(people(sim)), {"id": NOTHING, "important": True}]
        problem = await caller.refusal("POST", "escalation/", {"users": users})
    assert problem == {"users": [{}, {}, {"non_field_errors": [f"User {NOTHING} does not exist"]}]}


@pytest.mark.parametrize("name", ["message", "source_url", "team"])
async def test_some_fields_accept_null(name: str) -> None:
    """Message, source and team may be null."""
    async with grafana() as (sim, caller):
        await caller.ask("POST", "escalation/", {"users": both(people(sim)), name: None}, status=200)


async def test_paging_reaches_an_acknowledged_group() -> None:
    """Responders can be added to a group in any state but resolved."""
    async with grafana() as (sim, caller):
        ids = people(sim)
        for state in ("firing", "acknowledged", "silenced"):
            group = sim.grafana.add_alert_group("Down", state=state)
            await caller.ask("POST", "escalation/", {"alert_group_id": group, "users": both(ids)}, status=200)
            assert len(told(sim, group)) == 2
