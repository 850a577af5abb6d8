"""Everything in the fake Grafana OnCall that is created, read, changed and deleted; every operation is served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import NOTHING, grafana

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.simulator import Simulator
    from tests.support.grafana_http import GrafanaCaller

VERBS = ("acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence")
WHOLE_LIFE = (
    "schedules", "on_call_shifts", "escalation_chains", "escalation_policies", "personal_notification_rules",
    "resolution_notes", "integrations", "routes", "shift_swaps", "webhooks", "actions",
)  # fmt: skip
OPERATIONS = [
    ("POST", "direct_paging/"),
    ("POST", "escalation/"),
    ("GET", "alert_groups/"),
    ("GET", "alert_groups/{id}/"),
    ("DELETE", "alert_groups/{id}/"),
    *(("POST", f"alert_groups/{{id}}/{verb}/") for verb in VERBS),
    ("GET", "alerts/"),
    ("GET", "users/"),
    ("GET", "users/{id}/"),
    ("GET", "users/{id}/schedule_export/"),
    ("GET", "teams/"),
    ("GET", "teams/{id}/"),
    *((method, f"{kind}/") for kind in WHOLE_LIFE for method in ("GET", "POST")),
    *((method, f"{kind}/{{id}}/") for kind in WHOLE_LIFE for method in ("GET", "PUT", "PATCH", "DELETE")),
    ("GET", "schedules/{id}/final_shifts/"),
    ("GET", "schedules/{id}/export/"),
    ("POST", "integrations/{id}/maintenance_start/"),
    ("POST", "integrations/{id}/maintenance_stop/"),
    ("POST", "shift_swaps/{id}/take/"),
    ("GET", "user_groups/"),
    ("GET", "slack_channels/"),
    ("GET", "webhooks/{id}/responses/"),
    ("GET", "organizations/"),
    ("GET", "organizations/{id}/"),
    ("GET", "info/"),
    ("POST", "make_call/"),
    ("POST", "send_sms/"),
]
"""Every operation of the vendor's API."""


class Case(NamedTuple):
    """A kind of object: what creates one, what that reads as beside what was sent, and a change."""

    kind: str
    body: Callable[[Setting], dict[str, Any]]
    reads: dict[str, Any]
    change: dict[str, Any]


class Setting(NamedTuple):
    """What objects refer to."""

    user: str
    team: str
    group: str
    chain: str
    integration: str
    schedule: str


async def setting(sim: Simulator, caller: GrafanaCaller) -> Setting:
    """Put one of each in."""
    return Setting(
        user=sim.grafana.add_user("ann"),
        team=sim.grafana.add_team("SRE"),
        group=sim.grafana.add_alert_group("Down"),
        chain=await caller.make("escalation_chains", name="default"),
        integration=await caller.make("integrations", type="webhook", name="Hook"),
        schedule=await caller.make("schedules", type="calendar", name="Primary", time_zone="UTC"),
    )


SECRETS = {"password": "*" * 16, "authorization_header": None}
CASES = [
    Case("escalation_chains", lambda it: {"name": "night", "team_id": it.team}, {}, {"name": "day"}),
    Case(
        "escalation_policies",
        lambda it: {"escalation_chain_id": it.chain, "type": "wait", "duration": 300},
        {"position": 0},
        {"duration": 600},
    ),
    Case(
        "personal_notification_rules",
        lambda it: {"user_id": it.user, "type": "notify_by_sms"},
        {"position": 0, "important": False},
        {"type": "notify_by_email"},
    ),
    Case(
        "resolution_notes", lambda it: {"alert_group_id": it.group, "text": "Fixed"}, {"source": "Web"}, {"text": "x"}
    ),
    Case(
        "integrations",
        lambda it: {"type": "alertmanager", "name": "Prometheus", "team_id": it.team, "description_short": "x"},
        {"maintenance_mode": None, "inbound_email": None},
        {"name": "Other"},
    ),
    Case(
        "routes",
        lambda it: {"integration_id": it.integration, "escalation_chain_id": it.chain, "routing_regex": "us-.*"},
        {"routing_type": "regex", "position": 0, "is_the_last_route": False},
        {"routing_regex": "eu-.*"},
    ),
    Case(
        "schedules",
        lambda it: {"type": "ical", "name": "Secondary", "team_id": it.team, "ical_url_primary": "https://x/c.ics"},
        {"ical_url_overrides": None, "on_call_now": [], "slack": {"channel_id": None, "user_group_id": None}},
        {"name": "Tertiary"},
    ),
    Case(
        "on_call_shifts",
        lambda it: {
            "type": "single_event",
            "name": "Once",
            "start": "2027-01-16T08:00:00",
            "duration": 3600,
            "users": [it.user],
        },
        {"level": 0, "rotation_start": "2027-01-16T08:00:00", "team_id": None, "schedule": None, "time_zone": None},
        {"name": "Twice"},
    ),
    Case(
        "shift_swaps",
        lambda it: {
            "schedule": it.schedule,
            "swap_start": "2027-02-01T08:00:00.000000Z",
            "swap_end": "2027-02-02T08:00:00.000000Z",
            "beneficiary": it.user,
        },
        {"status": "open", "benefactor": None, "description": None},
        {"description": "Holidays"},
    ),
    Case(
        "webhooks",
        lambda it: {
            "name": "Tell",
            "url": "https://x/",
            "http_method": "PATCH",
            "trigger_type": "resolve",
            "password": "p",
            "integration_filter": [it.integration],
        },
        {**SECRETS, "team": None, "preset": None},
        {"url": "https://y/"},
    ),
    Case(
        "actions",
        lambda it: {"name": "Do", "url": "https://x/", "password": "p"},
        {**SECRETS, "team_id": None, "trigger_type": "escalation", "http_method": "POST"},
        {"url": "https://y/"},
    ),
]
NAMES = [case.kind for case in CASES]


def test_list_of_operations_is_whole() -> None:
    """The vendor's API has 96 operations, each of which is tested here."""
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 96
    assert set(NAMES) == set(WHOLE_LIFE)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_operation_is_served(method: str, path: str) -> None:
    """Each operation leads somewhere; only the list of organizations fails, as in the engine."""
    async with grafana(GrafanaOptions(paging="both")) as (_, caller):
        reply = await caller.send(method, path.format(id=NOTHING))
    html = reply.headers["Content-Type"].startswith("text/html")
    assert html == (path == "organizations/")
    assert (reply.status == 500) == html


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_object_lives(case: Case) -> None:
    """An object is created with 201, reads and lists as it was answered, changes by PATCH, and is gone after 204."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        sent = case.body(it)
        made = await caller.ask("POST", f"{case.kind}/", sent)
        path = f"{case.kind}/{made['id']}/"
        expected = {**sent, **case.reads}
        assert {name: made[name] for name in expected} == expected
        assert await caller.ask("GET", path) == made
        assert made["id"] in [one["id"] for one in await caller.listed(case.kind)]
        assert sim.grafana.stored(case.kind, made["id"])["id"] == made["id"]
        changed = await caller.ask("PATCH", path, {**case.change, "text": case.change.get("text", "x")})
        read = await caller.ask("GET", path)
        deleted = await caller.send("DELETE", path)
        assert await caller.refusal("GET", path, status=404) == {"detail": "Not found."}
        assert await caller.refusal("DELETE", path, status=404)
    assert changed == read
    same = made.keys() - case.change.keys() - {"updated_at", "integration_filter"}
    assert {name: changed[name] for name in same} == {name: made[name] for name in same}
    assert {name: changed[name] for name in case.change} == case.change
    assert (deleted.status, deleted.body) == (204, b"")
    assert "Content-Type" not in deleted.headers


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_unknown_fields_are_ignored(case: Case) -> None:
    """What no field is called is neither refused nor kept."""
    async with grafana() as (sim, caller):
        body = {**case.body(await setting(sim, caller)), "robot": 7, "id": "mine"}
        made = await caller.ask("POST", f"{case.kind}/", body)
    assert "robot" not in made
    assert made["id"] != "mine"


NEEDED = {
    "escalation_chains": {"name"},
    "escalation_policies": {"escalation_chain_id", "type"},
    "personal_notification_rules": {"user_id"},
    "resolution_notes": {"alert_group_id", "text"},
    "integrations": {"type"},
    "routes": {"integration_id", "escalation_chain_id", "routing_regex"},
    "on_call_shifts": {"type", "start", "duration"},
    "shift_swaps": {"schedule", "swap_start", "swap_end"},
    "webhooks": {"name", "url", "http_method", "trigger_type"},
    "actions": {"name", "url"},
}


@pytest.mark.parametrize("kind", NEEDED)
async def test_needed_fields_are_told(kind: str) -> None:
    """A create that brings nothing is told of every field that it needs."""
    async with grafana() as (_, caller):
        problem = await caller.refusal("POST", f"{kind}/", {})
    assert problem == {name: ["This field is required."] for name in NEEDED[kind]}


BY_TEAM: Final = ("escalation_chains", "schedules", "integrations", "webhooks", "actions", "on_call_shifts")


@pytest.mark.parametrize("kind", BY_TEAM)
async def test_filter_by_team_fails(kind: str) -> None:
    """Filtering these by a team, or by none, is an HTML 500; only unknown teams get a proper answer."""
    async with grafana() as (sim, caller):
        team = (await setting(sim, caller)).team
        for wanted in (team, "null"):
            failed = await caller.send("GET", f"{kind}/", params={"team_id": wanted})
            assert (failed.status, failed.headers["Content-Type"][:9]) == (500, "text/html")
        unknown = await caller.refusal("GET", f"{kind}/", query={"team_id": NOTHING})
    assert unknown.keys() == {"team_id"}


TEXTS = [
    ("escalation_chains", "name"),
    ("resolution_notes", "text"),
    ("integrations", "name"),
    ("integrations", "description_short"),
    ("routes", "routing_regex"),
    ("schedules", "name"),
    ("schedules", "ical_url_primary"),
    ("on_call_shifts", "name"),
    ("shift_swaps", "description"),
    *(("webhooks", name) for name in ("name", "url", "username", "data", "headers", "trigger_template")),
    *(("actions", name) for name in ("name", "url", "user")),
]


@pytest.mark.parametrize(("kind", "field"), TEXTS)
async def test_texts_are_trimmed(kind: str, field: str) -> None:
    """A text loses the blanks around it, and one of blanks only, or of nothing, is refused."""
    async with grafana() as (sim, caller):
        case = next(case for case in CASES if case.kind == kind)
        body = case.body(await setting(sim, caller))
        made = await caller.ask("POST", f"{kind}/", {**body, field: " \thttps://pad \n"})
        blank = [await caller.refusal("POST", f"{kind}/", {**body, field: value}) for value in ("", "  ", "\u00a0\n")]
        path = f"{kind}/{made['id']}/"
        assert await caller.refusal("PATCH", path, {field: " "}) == {field: ["This field may not be blank."]}
    assert made[field] == "https://pad"
    assert blank == [{field: ["This field may not be blank."]}] * 3


async def test_secrets_are_trimmed() -> None:
    """A password is a text like others."""
    async with grafana() as (sim, caller):
        hook = {"name": "h", "url": "https://x/", "http_method": "GET", "trigger_type": "resolve"}
        made = await caller.make("webhooks", **hook, password=" secret ")
        assert sim.grafana.stored("webhooks", made)["password"] == "secret"


@pytest.mark.parametrize(("kind", "field"), [("webhooks", "team"), ("actions", "team_id")])
async def test_team_of_what_sends(kind: str, field: str) -> None:
    """Webhooks and actions get the caller's current team unless they name one, or none, and are found by name."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        sim.grafana.add_user("admin", role="admin", current_team=team)
        base = {"url": "https://x/", "http_method": "GET", "trigger_type": "escalation"}
        ours = await caller.make(kind, name="a", **base)
        theirs = await caller.make(kind, name="b", **base, **{field: None})
        assert [one[field] for one in await caller.listed(kind)] == [team, None]
        assert [one["id"] for one in await caller.listed(kind, name="a")] == [ours]
        assert [one["id"] for one in await caller.listed(kind, name="b")] == [theirs]


TOO_LONG: Final = [
    ("integrations", {"name": "x" * 151}, 500),
    ("actions", {"user": "x" * 101}, 500),
    ("webhooks", {"username": "x" * 101}, 400),
    ("webhooks", {"name": "x" * 101}, 400),
    ("escalation_chains", {"name": "x" * 101}, 400),
    ("schedules", {"name": "x" * 201}, 400),
]


@pytest.mark.parametrize(("kind", "change", "status"), TOO_LONG)
async def test_names_that_are_too_long(kind: str, change: dict[str, str], status: int) -> None:
    """A name that is too long is refused, or breaks the engine down where only its database knows the bound."""
    async with grafana() as (sim, caller):
        body = next(case.body for case in CASES if case.kind == kind)
        made = await caller.make(kind, **body(await setting(sim, caller)))
        for length in (0, 1):
            short = {name: value[length:] for name, value in change.items()}
            reply = await caller.send("PATCH", f"{kind}/{made}/", json=short)
            assert reply.status == (200 if length else status)


@pytest.mark.parametrize("kind", ["escalation_chains", "webhooks", "actions"])
async def test_names_are_unique(kind: str) -> None:
    """Two objects of a kind can't share a name, neither by create nor by change."""
    async with grafana() as (_, caller):
        base = {"url": "https://x/", "http_method": "GET", "trigger_type": "escalation"}
        await caller.make(kind, name="a", **base)
        other = await caller.make(kind, name="b", **base)
        problems = [
            await caller.refusal("POST", f"{kind}/", {"name": "a", **base}),
            await caller.refusal("PATCH", f"{kind}/{other}/", {"name": "a"}),
        ]
    assert all(problem.keys() == {"non_field_errors"} for problem in problems)


async def test_action_changes_by_nothing() -> None:
    """A change of an action needs no field, a PUT neither."""
    async with grafana() as (_, caller):
        made = await caller.ask("POST", "actions/", {"name": "a", "url": "https://x/"})
        assert await caller.ask("PUT", f"actions/{made['id']}/", {}) == made


async def test_team_can_be_cleared_by_a_word() -> None:
    """The text "null" is as good as null for a team."""
    async with grafana() as (sim, caller):
        chain = await caller.make("escalation_chains", name="a", team_id=sim.grafana.add_team("SRE"))
        changed = await caller.ask("PUT", f"escalation_chains/{chain}/", {"name": "a", "team_id": "null"})
        assert changed["team_id"] is None
        assert await caller.refusal("PUT", f"escalation_chains/{chain}/", {}) == {"name": ["This field is required."]}
        assert "team_id" in await caller.refusal("PATCH", f"escalation_chains/{chain}/", {"team_id": NOTHING})


async def policies(caller: GrafanaCaller, chain: str) -> list[tuple[str, int]]:
    """Return the ids and positions of a chain's steps, in order."""
    steps = await caller.listed("escalation_policies", escalation_chain_id=chain)
    return [(step["id"], step["position"]) for step in steps]


async def test_steps_keep_an_order() -> None:
    """New steps go to the end or push others; a move makes room, -1 is the end, and Terraform swaps."""
    async with grafana() as (_, caller):
        chain = await caller.make("escalation_chains", name="a")
        step = {"escalation_chain_id": chain, "type": "resolve"}
        a, b, c = [await caller.make("escalation_policies", **step) for _ in range(3)]
        first = await caller.make("escalation_policies", **step, position=0)
        assert await policies(caller, chain) == [(first, 0), (a, 1), (b, 2), (c, 3)]
        await caller.ask("PATCH", f"escalation_policies/{first}/", {"position": 2})
        assert await policies(caller, chain) == [(a, 0), (b, 1), (first, 2), (c, 3)]
        await caller.ask("PATCH", f"escalation_policies/{a}/", {"position": -1})
        assert await policies(caller, chain) == [(b, 0), (first, 1), (c, 2), (a, 3)]
        await caller.ask("PATCH", f"escalation_policies/{b}/", {"position": 3, "manual_order": True})
        assert await policies(caller, chain) == [(a, 0), (first, 1), (c, 2), (b, 3)]
        await caller.ask("PATCH", f"escalation_policies/{c}/", {"type": "wait", "duration": 60})
        assert await policies(caller, chain) == [(a, 0), (first, 1), (c, 2), (b, 3)]
        for bad in ({"position": -2}, {"position": -1, "manual_order": True}):
            problem = await caller.refusal("PATCH", f"escalation_policies/{c}/", bad)
            assert problem == {"detail": "Invalid value for position field"}


STEPS: dict[str, dict[str, Any]] = {
    "wait": {"duration": 300},
    "notify_persons": {"persons_to_notify": ["USER"], "important": True},
    "notify_person_next_each_time": {"persons_to_notify_next_each_time": ["USER"], "important": False},
    "notify_on_call_from_schedule": {"notify_on_call_from_schedule": "SCHEDULE", "important": False},
    "notify_user_group": {"group_to_notify": "USER_GROUP", "important": True},
    "notify_team_members": {"team_to_notify": "TEAM", "important": False},
    "trigger_webhook": {"action_to_trigger": "WEBHOOK"},
    "resolve": {},
    "notify_whole_channel": {},
    "notify_if_time_from_to": {"notify_if_time_from": "09:00:00Z", "notify_if_time_to": "18:00:00Z"},
    "notify_if_num_alerts_in_window": {"num_alerts_in_window": 3, "num_minutes_in_window": 5},
    "repeat_escalation": {},
    "declare_incident": {"severity": "critical"},
}


@pytest.mark.parametrize("kind", STEPS)
async def test_step_shows_what_its_type_has(kind: str) -> None:
    """A step shows its own fields only, and forgets them when it becomes something else."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        hook = {"name": "h", "url": "https://x/", "http_method": "GET", "trigger_type": "escalation"}
        stand_ins = {
            "USER": it.user,
            "SCHEDULE": it.schedule,
            "USER_GROUP": sim.grafana.add_user_group("sre"),
            "TEAM": it.team,
            "WEBHOOK": await caller.make("webhooks", **hook),
        }
        own = {
            name: [stand_ins[one] for one in value]
            if isinstance(value, list)
            else stand_ins.get(value, value)
            if isinstance(value, str)
            else value
            for name, value in STEPS[kind].items()
        }
        step = await caller.ask("POST", "escalation_policies/", {"escalation_chain_id": it.chain, "type": kind, **own})
        assert step == {"id": step["id"], "escalation_chain_id": it.chain, "type": kind, "position": 0, **own}
        path = f"escalation_policies/{step['id']}/"
        other = "resolve" if kind != "resolve" else "repeat_escalation"
        await caller.ask("PATCH", path, {"type": other})
        back = await caller.ask("PATCH", path, {"type": kind})
    for name in own:
        assert back[name] in (None, [], False)


WITH_IMPORTANT = ["notify_persons", "notify_on_call_from_schedule", "notify_user_group", "notify_team_members"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("kind", WITH_IMPORTANT)
async def test_type_without_importance_resets_it(kind: str, method: str) -> None:
    """A step stays important if neither its type nor `important` is sent, or both are; the type alone resets it."""
    async with grafana() as (_, caller):
        chain = await caller.make("escalation_chains", name="a")
        body = {"escalation_chain_id": chain, "type": kind, "important": True}
        path = f"escalation_policies/{await caller.make('escalation_policies', **body)}/"
        assert (await caller.ask(method, path, {"position": 0}))["important"] is True
        assert (await caller.ask(method, path, {"type": kind, "important": True}))["important"] is True
        assert (await caller.ask(method, path, {"type": kind}))["important"] is False


async def test_next_person_is_never_important() -> None:
    """An important step that tells the next person is made, breaks the engine down, and is hidden from then on."""
    async with grafana() as (_, caller):
        chain = await caller.make("escalation_chains", name="a")
        body = {"escalation_chain_id": chain, "type": "notify_person_next_each_time"}
        broken = await caller.send("POST", "escalation_policies/", json={**body, "important": True})
        assert broken.status == 500
        assert await policies(caller, chain) == []
        step = await caller.make("escalation_policies", **body)
        assert await policies(caller, chain) == [(step, 1)]
        path = f"escalation_policies/{step}/"
        for status in (500, 404):
            assert (await caller.send("PATCH", path, json={"important": True})).status == status
        await caller.refusal("GET", path, status=404)
        await caller.refusal("DELETE", path, status=404)


NOT_NULL = [
    ("wait", "duration"),
    ("notify_on_call_from_schedule", "notify_on_call_from_schedule"),
    ("notify_user_group", "group_to_notify"),
    ("notify_team_members", "team_to_notify"),
    ("notify_team_members", "important"),
    ("trigger_webhook", "action_to_trigger"),
    ("notify_if_time_from_to", "notify_if_time_from"),
    ("notify_if_time_from_to", "notify_if_time_to"),
]


@pytest.mark.parametrize(("kind", "field"), NOT_NULL)
async def test_null_in_a_step(kind: str, field: str) -> None:
    """What a step needs may be left out, but not null, neither in a new step nor in a change."""
    async with grafana() as (_, caller):
        body = {"escalation_chain_id": await caller.make("escalation_chains", name="a"), "type": kind}
        problem = {field: ["This field may not be null."]}
        assert await caller.refusal("POST", "escalation_policies/", {**body, field: None}) == problem
        step = await caller.make("escalation_policies", **body)
        assert await caller.refusal("PATCH", f"escalation_policies/{step}/", {field: None}) == problem


async def test_steps_that_need_something_else() -> None:
    """Without Slack no step tells a whole channel, and without Grafana Incident none declares an incident."""
    async with grafana(GrafanaOptions(incidents=False)) as (sim, caller):
        body = {"escalation_chain_id": await caller.make("escalation_chains", name="a")}
        step = await caller.make("escalation_policies", **body, type="resolve")
        for kind in ("notify_whole_channel", "declare_incident"):
            for method, path in (("POST", "escalation_policies/"), ("PATCH", f"escalation_policies/{step}/")):
                assert "Invalid escalation step type" in str(await caller.refusal(method, path, {**body, "type": kind}))
        sim.grafana.add_slack_channel("incidents")
        assert await caller.make("escalation_policies", **body, type="notify_whole_channel")


async def test_step_without_a_type() -> None:
    """The type of a step may be null, an unknown one is 400."""
    async with grafana() as (_, caller):
        chain = await caller.make("escalation_chains", name="a")
        body = {"escalation_chain_id": chain, "type": None}
        step = await caller.ask("POST", "escalation_policies/", body)
        problem = await caller.refusal("POST", "escalation_policies/", {**body, "type": "call_robot"})
    assert step == {"id": step["id"], "escalation_chain_id": chain, "type": None, "position": 0}
    assert problem == {"detail": "Invalid escalation step type"}


@pytest.mark.parametrize("duration", [60, "00:01:00", 86400])
async def test_wait_within_bounds(duration: Any) -> None:
    """A wait is a minute to a day, in seconds or as HH:MM:SS, and reads in seconds."""
    async with grafana() as (_, caller):
        chain = await caller.make("escalation_chains", name="a")
        body = {"escalation_chain_id": chain, "type": "wait", "duration": duration}
        step = await caller.ask("POST", "escalation_policies/", body)
        assert step["duration"] == (60 if duration == "00:01:00" else duration)
        for bad in (59, 86401):
            problem = await caller.refusal("POST", "escalation_policies/", {**body, "duration": bad})
            assert problem.keys() == {"duration"}
        problem = await caller.refusal("POST", "escalation_policies/", {**body, "duration": "long"})
        assert problem == {"detail": "Invalid duration format"}


async def test_unknown_users_are_dropped() -> None:
    """Ids of users that are not there vanish from a list without a word."""
    async with grafana() as (sim, caller):
        user = sim.grafana.add_user("ann")
        chain = await caller.make("escalation_chains", name="a")
        body = {"escalation_chain_id": chain, "type": "notify_persons", "persons_to_notify": [NOTHING, user]}
        step = await caller.ask("POST", "escalation_policies/", body)
        cleared = await caller.ask("PATCH", f"escalation_policies/{step['id']}/", {"persons_to_notify": None})
    assert (step["persons_to_notify"], cleared["persons_to_notify"]) == ([user], [])


async def test_chain_takes_its_steps_along() -> None:
    """With a chain go its steps, and routes to it lead nowhere."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        step = await caller.make("escalation_policies", escalation_chain_id=it.chain, type="resolve")
        body = {"integration_id": it.integration, "escalation_chain_id": it.chain, "routing_regex": "x"}
        route = await caller.make("routes", **body)
        assert (await caller.send("DELETE", f"escalation_chains/{it.chain}/")).status == 204
        assert await caller.refusal("GET", f"escalation_policies/{step}/", status=404)
        assert (await caller.get("routes", route))["escalation_chain_id"] is None


async def test_personal_rules() -> None:
    """A wait has a duration and nothing else has; importance divides a user's rules and never changes."""
    async with grafana() as (sim, caller):
        ann, bob = sim.grafana.add_user("ann"), sim.grafana.add_user("bob")
        rules = "personal_notification_rules"
        wait = await caller.ask("POST", f"{rules}/", {"user_id": ann, "type": "wait"})
        sms = await caller.ask("POST", f"{rules}/", {"user_id": ann, "type": "notify_by_sms"})
        loud = await caller.ask("POST", f"{rules}/", {"user_id": ann, "type": "notify_by_sms", "important": True})
        first = await caller.ask("POST", f"{rules}/", {"user_id": ann, "type": "wait", "duration": 60, "position": 0})
        await caller.make(rules, user_id=bob, type="notify_by_slack")
        assert [rule["id"] for rule in await caller.listed(rules, user_id=ann)] == [
            first["id"], wait["id"], sms["id"], loud["id"],
        ]  # fmt: skip
        assert [rule["id"] for rule in await caller.listed(rules, user_id=ann, important="true")] == [loud["id"]]
        changed = await caller.ask("PATCH", f"{rules}/{loud['id']}/", {"important": False, "user_id": bob})
        assert changed == loud
        louder = await caller.ask("PATCH", f"{rules}/{wait['id']}/", {"type": "notify_by_email"})
    assert (wait["duration"], first["duration"], loud["position"]) == (300, 60, 0)
    assert "duration" not in sms
    assert "duration" not in louder


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"type": "notify_by_owl"}, {"type": "Invalid type"}),
        ({}, {"type": "Type is required"}),
        ({"type": "notify_by_sms", "duration": 60}, {"duration": "Duration can't be set"}),
        ({"type": "wait", "duration": 61}, {"duration": ['"0:01:01" is not a valid choice.']}),
        ({"type": "wait", "user_id": NOTHING}, {"detail": "User does not exist"}),
    ],
)
async def test_bad_personal_rules(body: Any, problem: Any) -> None:
    """A rule of an unknown kind, user or duration is 400."""
    async with grafana() as (sim, caller):
        user = sim.grafana.add_user("ann")
        assert await caller.refusal("POST", "personal_notification_rules/", {"user_id": user, **body}) == problem


async def test_bad_filters_of_personal_rules() -> None:
    """An unknown user and an importance that is no truth value are 400."""
    async with grafana() as (_, caller):
        path = "personal_notification_rules/"
        assert await caller.refusal("GET", path, query={"user_id": NOTHING}) == {"detail": "User not found."}
        assert "detail" in await caller.refusal("GET", path, query={"important": "yes"})


async def test_notes_have_an_author() -> None:
    """A note says who wrote it, nobody for a service account, and needs its text for each change."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        body = {"alert_group_id": group, "text": "Fixed"}
        note = await caller.ask("POST", "resolution_notes/", body)
        headers = {"Authorization": "glsa_x", "X-Grafana-URL": "https://example.grafana.net"}
        robot = await caller.ask("POST", "resolution_notes/", body, headers=headers)
        assert await caller.refusal("PATCH", f"resolution_notes/{note['id']}/", {}) == {
            "text": ["This field is required."]
        }
        assert await caller.listed("resolution_notes", alert_group_id=group) == [note, robot]
        assert await caller.listed("resolution_notes", alert_group_id=NOTHING) == []
        assert (note["author"], robot["author"]) == (sim.grafana.user_id("admin"), None)
    assert note["created_at"].startswith("2027-01-15T08:00:00")


async def test_integration_brings_its_default_route() -> None:
    """An integration has a link, a heartbeat and a default route, which comes last and can't be deleted."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        default = {"escalation_chain_id": it.chain, "slack": {"enabled": False}}
        made = await caller.ask("POST", "integrations/", {"type": "zabbix", "name": "Z", "default_route": default})
        route = made["default_route"]
        body = {"integration_id": made["id"], "escalation_chain_id": None, "routing_regex": "x"}
        other = await caller.make("routes", **body)
        assert [one["id"] for one in await caller.listed("routes", integration_id=made["id"])] == [other, route["id"]]
        assert (await caller.get("routes", route["id"]))["is_the_last_route"] is True
        refused = await caller.refusal("DELETE", f"routes/{route['id']}/")
        await caller.send("DELETE", f"integrations/{made['id']}/")
        assert await caller.listed("routes", integration_id=made["id"]) == []
        assert made["link"].startswith(f"{sim.grafana_url}/integrations/v1/zabbix/")
    assert route["escalation_chain_id"] == it.chain
    assert route["slack"] == {"channel_id": None, "enabled": False}
    assert route["telegram"] == {"id": None, "enabled": False}
    assert refused == {"detail": "Unable to delete default filter"}
    assert made["heartbeat"] == {"link": f"{made['link']}heartbeat/"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("zabix", "Invalid integration type"),
        ("Webhook", "Invalid integration type"),
        ("legacy_alertmanager", "This integration type is deprecated"),
        ("direct_paging", "Direct paging integrations can't be created"),
    ],
)
async def test_bad_types_of_integrations(kind: str, words: str) -> None:
    """An integration has a type that there is, that is not an old one, and that pages do not go through."""
    async with grafana() as (_, caller):
        assert await caller.refusal("POST", "integrations/", {"type": kind}) == {"detail": words}
        assert await caller.make("integrations", type="zabbix")
        assert await caller.make("integrations", type="newrelic")


async def test_messaging_backends() -> None:
    """Routes and templates have a key for each messaging backend, which takes any channel and the parts it knows."""
    async with grafana() as (_, caller):
        off = {"id": None, "enabled": False}
        templates = {"email": {"title": "t", "image_url": "i"}, "webhook": {"image_url": "i"}, "mobile_app": None}
        made = await caller.ask("POST", "integrations/", {"type": "webhook", "templates": templates})
        body = {"integration_id": made["id"], "escalation_chain_id": None, "routing_regex": "x"}
        route = await caller.ask("POST", "routes/", {**body, "email": {"enabled": True}, "webhook": {"id": "any"}})
        refused = await caller.refusal("PATCH", f"routes/{route['id']}/", {"telegram": {"id": "any"}})
    for name in ("mobile_app", "mobile_app_critical", "email", "webhook"):
        assert made["default_route"][name] == off
    assert route["email"] == {"id": None, "enabled": True}
    assert route["webhook"] == {"id": "any", "enabled": False}
    assert refused == {"detail": "Telegram channel does not exist"}
    assert made["templates"]["email"] == {"title": "t", "message": None}
    assert made["templates"]["webhook"] == {"title": None, "message": None, "image_url": "i"}
    assert made["templates"]["mobile_app"] == {"title": None, "message": None}


async def test_templates_change_piece_by_piece() -> None:
    """A template that is sent changes, null resets it or a whole channel, and the rest stays."""
    async with grafana() as (_, caller):
        first = {"grouping_key": "{{ a }}", "slack": {"title": "t", "message": "m"}, "web": {"title": "w"}}
        made = await caller.ask("POST", "integrations/", {"type": "webhook", "templates": first})
        path = f"integrations/{made['id']}/"
        changed = await caller.ask("PATCH", path, {"templates": {"slack": {"title": None}, "web": None, "owl": 1}})
        wrong: list[dict[str, Any]] = [{"slack": {"owl": "x"}}, {"slack": 1}, {"grouping_key": {}}]
        for bad in wrong:
            assert "detail" in await caller.refusal("PATCH", path, {"templates": bad})
    assert made["templates"]["slack"] == {"title": "t", "message": "m", "image_url": None}
    assert changed["templates"]["slack"] == {"title": None, "message": "m", "image_url": None}
    assert changed["templates"]["web"] == {"title": None, "message": None, "image_url": None}
    assert changed["templates"]["grouping_key"] == "{{ a }}"


async def test_names_of_integrations_are_unique_in_a_team() -> None:
    """The same name is free again in another team."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        await caller.make("integrations", type="webhook", name="a")
        await caller.make("integrations", type="webhook", name="a", team_id=team)
        assert "detail" in await caller.refusal("POST", "integrations/", {"type": "webhook", "name": "a"})


async def test_maintenance_starts_and_stops() -> None:
    """Maintenance has a mode in any case of letters, and an end, in whole seconds; a second start is 400."""
    async with grafana(clock_skew=0.25) as (_, caller):
        path = f"integrations/{await caller.make('integrations', type='webhook')}"
        on = await caller.ask("POST", f"{path}/maintenance_start/", {"mode": "Debug", "duration": 3600})
        twice = await caller.refusal("POST", f"{path}/maintenance_start/", {"mode": "debug", "duration": 60})
        off = await caller.ask("POST", f"{path}/maintenance_stop/")
        bad_mode = await caller.refusal("POST", f"{path}/maintenance_start/", {"duration": 60})
        bad_span = await caller.refusal("POST", f"{path}/maintenance_start/", {"mode": "debug", "duration": "x"})
    assert on["maintenance_mode"] == "debug"
    assert (on["maintenance_started_at"], on["maintenance_end_at"]) == ("2027-01-15T08:00:00Z", "2027-01-15T09:00:00Z")
    assert [off[f"maintenance_{name}"] for name in ("mode", "started_at", "end_at")] == [None] * 3
    assert twice == {"detail": "Already on maintenance"}
    assert (bad_mode, bad_span) == ({"mode": ["Unknown mode"]}, {"duration": ["Invalid duration"]})


async def test_routes_post_to_channels() -> None:
    """A route's channel must exist, its id is taken in any case of letters, and settings change one by one."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        channel = sim.grafana.add_slack_channel("incidents")
        body = {"integration_id": it.integration, "escalation_chain_id": None, "routing_regex": "x"}
        route = await caller.ask("POST", "routes/", {**body, "slack": {"channel_id": channel.lower()}})
        path = f"routes/{route['id']}/"
        changed = await caller.ask("PATCH", path, {"slack": {"enabled": False}})
        unknown = await caller.refusal("PATCH", path, {"slack": {"channel_id": "CNOWHERE"}})
        labels = await caller.refusal("PATCH", path, {"routing_type": "labels"})
        null = await caller.refusal("PATCH", path, {"escalation_chain_id": None})
    assert route["slack"] == {"channel_id": channel, "enabled": True}
    assert changed["slack"] == {"channel_id": channel, "enabled": False}
    assert unknown == {"detail": "Slack channel does not exist"}
    assert labels == {"detail": "Invalid route type"}
    assert null == {"escalation_chain_id": ["This field may not be null."]}


async def test_webhook_keeps_secrets_and_loses_its_filter() -> None:
    """Secrets read as asterisks, which keep them when sent back; a write without the filter clears it."""
    async with grafana() as (sim, caller):
        it = await setting(sim, caller)
        body = {
            "name": "Tell",
            "url": "https://x/",
            "http_method": "POST",
            "trigger_type": "resolve",
            "password": "secret",
            "integration_filter": [it.integration],
        }
        made = await caller.ask("POST", "webhooks/", body)
        path = f"webhooks/{made['id']}/"
        kept = await caller.ask("PUT", path, {**body, "password": "*" * 16})
        assert sim.grafana.stored("webhooks", made["id"])["password"] == "secret"
        cleared = await caller.ask("PATCH", path, {"name": "Say"})
        open_again = await caller.ask("PATCH", path, {"password": None})
        preset = await caller.refusal("PATCH", path, {"preset": "simple"})
        unknown = await caller.refusal("PATCH", path, {"integration_filter": [NOTHING]})
        assert await caller.listed(f"webhooks/{made['id']}/responses") == []
    assert made["password"] == "*" * 16
    assert made["integration_filter"] == kept["integration_filter"] == [it.integration]
    assert (cleared["integration_filter"], open_again["password"]) == (None, None)
    assert preset.keys() == {"preset"}
    assert unknown.keys() == {"integration_filter"}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"http_method": "BREW"}, "http_method"), ({"trigger_type": "owl"}, "detail"), ({"url": None}, "url")],
)
async def test_bad_webhooks(change: Any, field: str) -> None:
    """Methods, triggers and addresses are checked."""
    async with grafana() as (_, caller):
        body = {"name": "a", "url": "https://x/", "http_method": "GET", "trigger_type": "resolve", **change}
        assert (await caller.refusal("POST", "webhooks/", body)).keys() == {field}


async def swap(sim: Simulator, caller: GrafanaCaller, **more: Any) -> dict[str, Any]:
    """Create a swap that begins in an hour."""
    schedule = await caller.make("schedules", type="calendar", name="s", time_zone="UTC")
    body = {
        "schedule": schedule,
        "beneficiary": sim.grafana.add_user("ann"),
        "swap_start": "2027-01-15T09:00:00Z",
        "swap_end": "2027-01-15T12:00:00+02:00",
        **more,
    }
    made: dict[str, Any] = await caller.ask("POST", "shift_swaps/", body)
    return made


async def test_past_swaps_are_hidden() -> None:
    """A swap that has begun is in no list and is 404, unless the request looks back."""
    async with grafana() as (sim, caller):
        made = await swap(sim, caller)
        path = f"shift_swaps/{made['id']}/"
        assert await caller.listed("shift_swaps") == [{k: v for k, v in made.items() if k != "shifts"}]
        await asyncio.sleep(3601)
        assert await caller.listed("shift_swaps") == []
        assert await caller.refusal("GET", path, status=404)
        old = await caller.ask("GET", path, query={"starting_after": "2027-01-15T00:00:00Z"})
        assert len(await caller.listed("shift_swaps", starting_after="2027-01-15T00:00:00Z")) == 1
        assert await caller.listed("shift_swaps", starting_after="2027-01-15T00:00:00Z", open_only="true") == []
        assert await caller.refusal("GET", "shift_swaps/", query={"starting_after": "2027-01-15"})
    assert made["swap_end"] == "2027-01-15T10:00:00.000000Z"
    assert (made["status"], old["status"]) == ("open", "past_due")


async def test_swap_is_taken_once() -> None:
    """Somebody else takes a swap, and then nobody can."""
    async with grafana() as (sim, caller):
        made = await swap(sim, caller)
        bob = sim.grafana.add_user("bob")
        path = f"shift_swaps/{made['id']}/take/"
        own = await caller.refusal("POST", path, {"benefactor": made["beneficiary"]})
        missing = await caller.refusal("POST", path, {})
        unknown = await caller.refusal("POST", path, {"benefactor": NOTHING})
        taken = await caller.ask("POST", path, {"benefactor": bob})
        again = await caller.refusal("POST", path, {"benefactor": bob})
        listed = await caller.listed("shift_swaps", benefactor=bob, expand_users="true")
    assert (taken["status"], taken["benefactor"]) == ("taken", bob)
    assert all("detail" in problem for problem in (own, unknown, again))
    assert missing == {"detail": "benefactor user ID is required"}
    assert (listed[0]["benefactor"]["pk"], listed[0]["beneficiary"]["display_name"]) == (bob, "ann")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"swap_start": "2027-01-15T07:00:00Z"}, "non_field_errors"),
        ({"swap_end": "2027-01-15T08:30:00Z"}, "non_field_errors"),
        ({"swap_start": "2027-01-15T09:00:00"}, "swap_start"),
        ({"beneficiary": None}, "detail"),
        ({"beneficiary": NOTHING}, "detail"),
        ({"schedule": NOTHING}, "schedule"),
    ],
)
async def test_bad_swaps(change: Any, field: str) -> None:
    """A swap begins in the future, ends later, has zones in its times, and is somebody's."""
    async with grafana() as (sim, caller):
        schedule = await caller.make("schedules", type="calendar", name="s", time_zone="UTC")
        body = {"schedule": schedule, "beneficiary": sim.grafana.add_user("ann")}
        times = {"swap_start": "2027-01-15T09:00:00Z", "swap_end": "2027-01-15T10:00:00Z"}
        assert (await caller.refusal("POST", "shift_swaps/", {**body, **times, **change})).keys() == {field}


async def test_swap_times_change_together() -> None:
    """A PATCH brings both times or none."""
    async with grafana() as (sim, caller):
        path = f"shift_swaps/{(await swap(sim, caller))['id']}/"
        assert "non_field_errors" in await caller.refusal("PATCH", path, {"swap_start": "2027-01-15T09:30:00Z"})
        changed = await caller.ask("PATCH", path, {"description": "x"})
    assert (changed["description"], changed["swap_start"]) == ("x", "2027-01-15T09:00:00.000000Z")


async def test_users_read_as_documented() -> None:
    """A user shows role and teams; the short form leaves three fields out."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        ann = sim.grafana.add_user("Ann", "ann@x.org", role="viewer", teams=[team], phone=True)
        user = await caller.get("users", ann)
        short = await caller.listed("users", short="true", username="ANN")
        found = [[one["id"] for one in await caller.listed("users", **query)] for query in (
            {"email": "ANN@x.org"}, {"username": "ann"}, {"roles": "2"}, {"roles": "1"},
        )]  # fmt: skip
    assert user == {
        "id": ann,
        "grafana_id": 2,
        "email": "ann@x.org",
        "username": "Ann",
        "role": "viewer",
        "is_phone_number_verified": True,
        "slack": None,
        "timezone": None,
        "teams": [team],
    }
    assert user.keys() - short[0].keys() == {"slack", "timezone", "teams"}
    assert found == [[ann], [ann], [ann], []]


@pytest.mark.parametrize("role", ["admin", "4", "-1", ""])
async def test_roles_are_asked_for_by_number(role: str) -> None:
    """Users are found by the numbers of roles, also of several; what is no such number is 400."""
    async with grafana() as (sim, caller):
        users = {sim.grafana.user_id("admin"), sim.grafana.add_user("vic", role="viewer")}
        page = await caller.ask("GET", "users/", query=[("roles", "0"), ("roles", "2")])
        problem = await caller.refusal("GET", "users/", query=[("roles", "0"), ("roles", role)])
    assert {one["id"] for one in page["results"]} == users
    assert problem == {"roles": [f"Select a valid choice. {role} is not one of the available choices."]}


async def test_owner_of_a_token_takes_on_details() -> None:
    """Adding a user who is there already changes that one and keeps the id."""
    async with grafana() as (sim, caller):
        before = sim.grafana.user_id("admin")
        assert sim.grafana.add_user("admin", "boss@x.org") == before
        assert (await caller.get("users", "current"))["email"] == "boss@x.org"
        assert len(await caller.listed("users")) == 1
        with pytest.raises(KeyError):
            sim.grafana.user_id("nobody")


async def test_ids_look_like_the_vendors() -> None:
    """An id is a letter or more for the kind and twelve capitals or digits, and the same in each run."""
    runs = []
    for _ in range(2):
        async with grafana() as (sim, caller):
            it = await setting(sim, caller)
            runs.append(it)
            group = await caller.get("alert_groups", it.group)
    assert runs[0] == runs[1]
    assert [one[0] for one in runs[0]] == ["U", "T", "I", "F", "C", "S"]
    assert all(len(one) == 13 and one.isalnum() and one.upper() == one for one in (*runs[0], group["route_id"]))


async def test_teams_and_chat_are_listed() -> None:
    """Teams, user groups and channels are found by their names."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        sim.grafana.add_team("Other")
        group, channel = sim.grafana.add_user_group("sre"), sim.grafana.add_slack_channel("incidents")
        assert [one["id"] for one in await caller.listed("teams", name="SRE")] == [team]
        assert (await caller.get("teams", team)).keys() == {"id", "grafana_id", "name", "email", "avatar_url"}
        assert [one["id"] for one in await caller.listed("user_groups", slack_handle="sre")] == [group]
        assert await caller.listed("user_groups", slack_handle="x") == []
        listed = await caller.listed("slack_channels", channel_name="incidents")
        assert listed == [{"name": "incidents", "slack_id": channel}]


async def test_stack_is_described() -> None:
    """Info has the stack's URL, and any organization's id leads to the own one."""
    async with grafana(GrafanaOptions(stack_url="https://mine.grafana.net")) as (_, caller):
        assert await caller.ask("GET", "info/") == {"url": "https://mine.grafana.net"}
        assert (await caller.get("organizations", "x")).keys() == {"id"}
        assert await caller.get("organizations", "x") == await caller.get("organizations", "y")


UNVERIFIED: Final = {"make_call/": (400, "number-not-verified"), "send_sms/": (404, "user-not-found")}


@pytest.mark.parametrize(("path", "answer"), UNVERIFIED.items())
async def test_phone_relay(path: str, answer: tuple[int, str]) -> None:
    """Only users with a verified number are called; what is wrong with a request is told by field."""
    async with grafana() as (sim, caller):
        sim.grafana.add_user("ann", phone=True)
        sim.grafana.add_user("bob")
        body = {"message": "hello"}
        assert await caller.ask("POST", path, {**body, "email": "ann@example.com"}, status=200) == {}
        unverified = await caller.refusal("POST", path, {**body, "email": "bob@example.com"}, status=answer[0])
        unknown = await caller.refusal("POST", path, {**body, "email": "x@example.com"}, status=404)
        bad = await caller.refusal("POST", path, {"email": "x", "message": "m" * 1025})
    assert (unverified, unknown) == ({"error": answer[1]}, {"error": "user-not-found"})
    assert bad.keys() == {"email", "message"}


async def test_stored_knows_kinds_only() -> None:
    """What is stored can be looked up by kind and id; anything else is a KeyError."""
    async with grafana() as (sim, _):
        with pytest.raises(KeyError):
            sim.grafana.stored("users", NOTHING)
        with pytest.raises(KeyError):
            sim.grafana.stored("owls", NOTHING)


async def test_drift_adds_what_nobody_knows() -> None:
    """With drift objects have unknown fields and values, and sending them back changes nothing."""
    async with grafana(GrafanaOptions(drift=True)) as (sim, caller):
        it = await setting(sim, caller)
        body = {"escalation_chain_id": it.chain, "type": "notify_persons", "persons_to_notify": [it.user]}
        step = await caller.ask("POST", "escalation_policies/", body)
        again = await caller.ask("PUT", f"escalation_policies/{step['id']}/", step)
        group = await caller.get("alert_groups", it.group)
        page = await caller.ask("GET", "users/")
        assert sim.grafana.stored("escalation_policies", step["id"])["type"] == "notify_persons"
    assert step == again
    assert step["type"] == "call_robot"
    assert group["state"] == "snoozed_by_robot"
    assert all("robot_score" in one for one in (step, group, group["permalinks"], page, page["results"][0]))
    assert "robot_score" not in group["last_alert"]["payload"]
