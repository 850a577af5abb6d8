"""Alert groups of the fake Grafana OnCall: their states, filters, actions and ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import NOTHING, STACK, grafana
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from tests.support.grafana_http import GrafanaCaller

# Which states each action accepts, and what comes of it.
OUTCOMES = {
    "acknowledge": {"firing": "acknowledged", "silenced": "acknowledged"},
    "unacknowledge": {"acknowledged": "firing"},
    "resolve": {"firing": "resolved", "acknowledged": "resolved", "silenced": "resolved"},
    "unresolve": {"resolved": "firing"},
    "silence": {"firing": "silenced", "silenced": "silenced"},
    "unsilence": {"silenced": "firing"},
}
BAD_DELAYS: list[Any] = [-2, "soon", "1.5", True, []]
STATES = ("firing", "acknowledged", "resolved", "silenced")


async def act(caller: GrafanaCaller, group: str, verb: str, **body: Any) -> Any:
    """Post an action, which must work."""
    body = {"delay": 3600} if verb == "silence" and not body else body
    reply = await caller.send("POST", f"alert_groups/{group}/{verb}/", json=body)
    assert (reply.status, reply.body) == (200, b""), reply
    assert "Content-Type" not in reply.headers


async def state(caller: GrafanaCaller, group: str) -> str:
    """Return a group's state."""
    return str((await caller.get("alert_groups", group))["state"])


async def test_group_reads_as_documented() -> None:
    """A group shows every documented field."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        group_id = sim.grafana.add_alert_group("Down", team=team, created_at=EPOCH, labels=[("env", "prod")])
        group = await caller.get("alert_groups", group_id)
        integration = await caller.get("integrations", group["integration_id"])
    alert = group.pop("last_alert")
    env, prod = ({"id": text, "name": text} for text in ("env", "prod"))
    assert group == {
        "id": group_id,
        "integration_id": integration["id"],
        "team_id": team,
        "route_id": integration["default_route"]["id"],
        "alerts_count": 1,
        "state": "firing",
        "created_at": "2027-01-15T08:00:00.250000Z",
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "silenced_at": None,
        "labels": [{"key": env, "value": prod}],
        "title": "Down",
        "permalinks": {
            "slack": None,
            "slack_app": None,
            "telegram": None,
            "web": f"{STACK}/a/grafana-oncall-app/alert-groups/{group_id}",
        },
    }
    assert alert.keys() == {"id", "alert_group_id", "created_at", "payload"}
    assert alert["alert_group_id"] == group_id


@pytest.mark.parametrize("mark", ["acknowledged", "resolved"])
async def test_group_that_somebody_put_into_its_state(mark: Any) -> None:
    """A group that was acknowledged or resolved before names who did it, and when."""
    async with grafana() as (sim, caller):
        group = await caller.get("alert_groups", sim.grafana.add_alert_group("Down", state=mark, created_at=EPOCH))
        assert group[f"{mark}_by"] == sim.grafana.user_id("admin")
    assert group[f"{mark}_at"] == group["created_at"]


@pytest.mark.parametrize("verb", OUTCOMES)
@pytest.mark.parametrize("before", STATES)
async def test_action_depends_on_the_state(verb: str, before: Any) -> None:
    """An action works in some states with 200 and nothing else, and is 400 in all others, without any effect."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down", state=before)
        after = OUTCOMES[verb].get(before)
        if after is None:
            problem = await caller.refusal("POST", f"alert_groups/{group}/{verb}/", {"delay": 60})
            assert problem["detail"].startswith(f"Can't {verb} a")
        else:
            await act(caller, group, verb)
        assert await state(caller, group) == (after or before)
        assert sim.ledger.count(verb, group) == (after is not None)  # type: ignore[arg-type]  # parametrised


async def test_unresolve_clears_everything() -> None:
    """After resolve and unresolve nothing is left of acknowledgement and silence."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        await act(caller, group, "acknowledge")
        await act(caller, group, "resolve")
        resolved = await caller.get("alert_groups", group)
        await act(caller, group, "unresolve")
        fresh = await caller.get("alert_groups", group)
        user = sim.grafana.user_id("admin")
    assert (resolved["acknowledged_by"], resolved["resolved_by"]) == (user, user)
    assert fresh["state"] == "firing"
    assert {fresh[f"{mark}_at"] for mark in ("acknowledged", "resolved", "silenced")} == {None}
    assert {fresh[f"{mark}_by"] for mark in ("acknowledged", "resolved")} == {None}


async def test_one_of_many_wins() -> None:
    """Of eight acknowledges at once one takes effect and seven are 400."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        sends = (caller.send("POST", f"alert_groups/{group}/acknowledge/") for _ in range(8))
        statuses = sorted(reply.status for reply in await asyncio.gather(*sends))
        assert sim.ledger.count("acknowledge", group) == 1
    assert statuses == [200] + [400] * 7


async def test_silence_ends_by_itself() -> None:
    """A silence lasts its delay; -1 is for ever, and a longer one replaces a shorter."""
    async with grafana() as (sim, caller):
        short, long, forever = (sim.grafana.add_alert_group(title) for title in "abc")
        await act(caller, short, "silence", delay="60")
        await act(caller, long, "silence", delay=60)
        await act(caller, long, "silence", delay=600)
        await act(caller, forever, "silence", delay=-1)
        await asyncio.sleep(59)
        before = [await state(caller, group) for group in (short, long, forever)]
        await asyncio.sleep(2)
        after = [await state(caller, group) for group in (short, long, forever)]
        await asyncio.sleep(1e6)
        last = [await state(caller, group) for group in (short, long, forever)]
    assert before == ["silenced"] * 3
    assert after == ["firing", "silenced", "silenced"]
    assert last == ["firing", "firing", "silenced"]


async def test_end_of_a_silence_touches_nothing_else() -> None:
    """A group acknowledged meanwhile stays so when the silence would have ended."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        await act(caller, group, "silence", delay=60)
        await act(caller, group, "acknowledge")
        await asyncio.sleep(61)
        assert await state(caller, group) == "acknowledged"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "delay is required"),
        *(({"delay": delay}, "invalid delay value") for delay in BAD_DELAYS),
    ],
)
async def test_silence_needs_a_delay(body: Any, words: str) -> None:
    """A silence without a whole number of seconds is 400."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        assert await caller.refusal("POST", f"alert_groups/{group}/silence/", body) == {"detail": words}
        assert await state(caller, group) == "firing"


async def test_filters_choose() -> None:
    """Each filter keeps what it names, newest first, and several go together."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        first = sim.grafana.add_alert_group("a", team=team, created_at=EPOCH, labels=[("env", "prod"), ("x", "y")])
        second = sim.grafana.add_alert_group("b", state="resolved", created_at=EPOCH + 100, labels=[("env", "prod")])
        third = sim.grafana.add_alert_group("c", state="acknowledged", created_at=EPOCH + 200)
        fourth = sim.grafana.add_alert_group("d", state="silenced", created_at=EPOCH + 200)
        group = await caller.get("alert_groups", first)
        expected: list[tuple[Any, list[str]]] = [
            ({}, [fourth, third, second, first]),
            ({"id": second}, [second]),
            ({"state": "new"}, [first]),
            ({"state": "RESOLVED"}, [second]),
            ({"state": "acknowledged"}, [third]),
            ({"state": "silenced"}, [fourth]),
            ({"team_id": team}, [first]),
            ({"team_id": "null"}, [fourth, third, second]),
            ({"team_id": ""}, [fourth, third, second, first]),
            ({"integration_id": group["integration_id"]}, [first]),
            ({"route_id": group["route_id"]}, [first]),
            ({"label": "env:prod"}, [second, first]),
            ([("label", "env:prod"), ("label", "x:y")], [first]),
            ({"label": "malformed"}, [fourth, third, second, first]),
            ({"started_at": "2027-01-15T08:01:00_2027-01-15T08:02:00"}, [second]),
            ({"state": "new", "label": "env:prod"}, [first]),
        ]
        for query, groups in expected:
            page = await caller.ask("GET", "alert_groups/", query=query)
            assert [found["id"] for found in page["results"]] == groups, query


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"state": "firing"}, {"state": "Must be one of the following: new, acknowledged, resolved, silenced"}),
        ({"started_at": "2027-01-15"}, {"detail": "Invalid range value"}),
        ({"started_at": "2027-01-15T08:00:00Z_2027-01-16T08:00:00Z"}, {"detail": "Invalid range value"}),
        ({"started_at": "2027-02-30T08:00:00_2027-03-16T08:00:00"}, {"detail": "Invalid range value"}),
        ({"started_at": "2027-01-15T08:00:01_2027-01-15T08:00:00"}, {"detail": "Invalid range value"}),
    ],
)
async def test_bad_filters_are_400(query: Any, problem: Any) -> None:
    """The state is called `new`, never `firing`, and a range has two times without zone, in order."""
    async with grafana() as (_, caller):
        assert await caller.refusal("GET", "alert_groups/", query=query) == problem


async def test_unknown_team_in_a_filter_is_400() -> None:
    """A team that is not there is refused under its field."""
    async with grafana() as (_, caller):
        assert (await caller.refusal("GET", "alert_groups/", query={"team_id": NOTHING})).keys() == {"team_id"}


async def test_delete_is_a_promise() -> None:
    """After the 204 a deleted group is still there for a while, then it and its alerts are gone."""
    async with grafana(GrafanaOptions(delete_delay=5)) as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        reply = await caller.send("DELETE", f"alert_groups/{group}/", json={"mode": "delete"})
        assert await state(caller, group) == "firing"
        assert len(await caller.listed("alerts", alert_group_id=group)) == 1
        await asyncio.sleep(5.1)
        assert await caller.refusal("GET", f"alert_groups/{group}/", status=404)
        assert await caller.listed("alerts") == []
        with pytest.raises(KeyError):
            sim.grafana.stored("alert_groups", group)
        assert (sim.ledger.count("delete", group), sim.ledger.unfinished()) == (1, [])
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize("body", [None, {}, {"mode": "wipe"}])
async def test_wipe_keeps_an_empty_group(body: Any) -> None:
    """Without a mode, and with `wipe`, the group stays, resolved and without title, and its alert says nothing."""
    async with grafana() as (sim, caller):
        group_id = sim.grafana.add_alert_group("Down")
        reply = await caller.send("DELETE", f"alert_groups/{group_id}/", json=body)
        assert reply.status == 204
        assert await state(caller, group_id) == "firing"
        await asyncio.sleep(0.1)
        group = await caller.get("alert_groups", group_id)
        assert (sim.ledger.count("wipe", group_id), sim.ledger.unfinished()) == (1, [])
    assert (group["state"], group["title"], group["last_alert"]["payload"]) == ("resolved", None, {})


async def test_bad_mode_is_a_bare_text() -> None:
    """An unknown mode is 400 with a JSON string instead of an object."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        wrong = await caller.refusal("DELETE", f"alert_groups/{group}/", {"mode": "explode"})
        listed = await caller.refusal("DELETE", f"alert_groups/{group}/", ["wipe"])
    assert wrong == "Invalid mode"
    assert isinstance(listed, str)


async def test_ancient_groups_are_only_wiped() -> None:
    """A group of before July 2020 can't be deleted."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down", created_at=1.5e9)
        assert "detail" in await caller.refusal("DELETE", f"alert_groups/{group}/", {"mode": "delete"})
        assert (await caller.send("DELETE", f"alert_groups/{group}/")).status == 204


async def test_alerts_are_found() -> None:
    """Alerts are listed newest first, by id, by group, and by what their payload says."""
    async with grafana() as (sim, caller):
        groups = [sim.grafana.add_alert_group(title, created_at=at) for at, title in enumerate(("Disk", "Network"))]
        alerts = await caller.listed("alerts")
        assert [alert["alert_group_id"] for alert in alerts] == groups[::-1]
        for query in ({"id": alerts[0]["id"]}, {"alert_group_id": groups[1]}, {"search": "NETWORK"}):
            assert await caller.listed("alerts", **query) == alerts[:1]


async def test_title_can_be_missing() -> None:
    """A group whose title is not rendered yet has none."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group(None)
        assert (await caller.get("alert_groups", group))["title"] is None


async def test_doing_again_after_undoing_is_not_double() -> None:
    """The ledger holds nothing against a group that was acknowledged, reopened and acknowledged again."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        for verb in ("acknowledge", "unacknowledge", "acknowledge", "resolve", "unresolve", "acknowledge", "resolve"):
            await act(caller, group, verb)
        assert [effect.action for effect in sim.ledger.effects][-2:] == ["acknowledge", "resolve"]
        assert (sim.ledger.doubled(), sim.ledger.unfinished()) == ([], [])
        await act(caller, group, "unresolve")
        assert sim.ledger.unfinished() == [group]


async def test_integration_of_a_group_must_be_there() -> None:
    """A group can be put in at an integration of one's own, and nowhere else."""
    async with grafana() as (sim, caller):
        integration = await caller.make("integrations", type="webhook", name="Hook")
        group = sim.grafana.add_alert_group("Down", integration=integration)
        assert [one["id"] for one in await caller.listed("alert_groups", integration_id=integration)] == [group]
        with pytest.raises(KeyError):
            sim.grafana.add_alert_group("Down", integration=NOTHING)
