"""Who the fake Grafana OnCall lets in, and what it says of paths that lead nowhere."""

from __future__ import annotations

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import NOTHING, STACK, TOKEN, grafana

SERVICE = {"Authorization": "glsa_secret", "X-Grafana-URL": STACK}
TOKEN_ONLY = [
    ("POST", "escalation/"),
    ("GET", "personal_notification_rules/"),
    ("GET", "info/"),
    ("POST", "make_call/"),
    ("POST", "send_sms/"),
    ("GET", "actions/"),
]


async def test_raw_token_is_enough() -> None:
    """The token stands in the header without a scheme word."""
    async with grafana(GrafanaOptions(tokens={TOKEN: "ann"})) as (sim, caller):
        user = await caller.get("users", "current")
        assert (user["username"], user["id"]) == ("ann", sim.grafana.user_id("ann"))


@pytest.mark.parametrize("header", [None, "", "wrong", f"Bearer {TOKEN}", f"Token {TOKEN}"])
async def test_bad_credentials_are_403(header: str | None) -> None:
    """A missing or wrong token, and one behind a scheme word, is 403 in the same words."""
    async with grafana(GrafanaOptions(tokens={TOKEN: "ann"})) as (_, caller):
        reply = await caller.send("GET", "users/", headers={} if header is None else {"Authorization": header})
    assert (reply.status, reply.json) == (403, {"detail": "Invalid token."})


async def test_any_token_will_do_unless_some_are_named() -> None:
    """Without named tokens each one is the same user's, and a scheme word is still refused."""
    async with grafana() as (_, caller):
        names = {(await caller.ask("GET", "users/current/", token=token))["username"] for token in ("a", "b")}
        assert (await caller.send("GET", "users/", token="Bearer a")).status == 403
    assert names == {"admin"}


async def test_bearer_is_accepted_on_request() -> None:
    """By option a token may stand behind `Bearer`, as newer documentation has it."""
    async with grafana(GrafanaOptions(tokens={TOKEN: "ann"}, bearer=True)) as (_, caller):
        for token in (TOKEN, f"Bearer {TOKEN}"):
            await caller.ask("GET", "users/", token=token)
        assert (await caller.send("GET", "users/", token="Bearer wrong")).status == 403


async def test_service_account_needs_its_stack() -> None:
    """A service account names its stack; without one it is 403, and of an unknown one 429 with a reset only."""
    async with grafana() as (_, caller):
        assert (await caller.send("GET", "users/", headers=SERVICE)).status == 200
        assert (await caller.send("GET", "users/", headers={"Authorization": "glsa_secret"})).status == 403
        strange = {**SERVICE, "X-Grafana-URL": "https://other.grafana.net"}
        unknown = await caller.send("GET", "users/", headers=strange)
    assert unknown.status == 429
    assert unknown.headers["RateLimit-Reset"] == "350"
    assert "Retry-After" not in unknown.headers
    assert "synced" in unknown.json["detail"]


@pytest.mark.parametrize(("method", "path"), TOKEN_ONLY)
async def test_service_accounts_are_not_for_everything(method: str, path: str) -> None:
    """Some views take tokens of users only; any other is a bad token there, whatever stack is named beside it."""
    async with grafana() as (_, caller):
        for stack in (STACK, "https://other.grafana.net"):
            reply = await caller.send(method, path, headers={**SERVICE, "X-Grafana-URL": stack})
            assert (reply.status, reply.json) == (403, {"detail": "Invalid token."})


@pytest.mark.parametrize("verb", ["acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"])
async def test_service_accounts_change_no_alert_group(verb: str) -> None:
    """A service account reads an alert group, deletes it, but does not act on it."""
    async with grafana() as (sim, caller):
        group = sim.grafana.add_alert_group("Down")
        reply = await caller.send("POST", f"alert_groups/{group}/{verb}/", headers=SERVICE)
        assert (await caller.send("GET", f"alert_groups/{group}/", headers=SERVICE)).status == 200
        assert (await caller.send("DELETE", f"alert_groups/{group}/", headers=SERVICE)).status == 204
    assert reply.json == {"detail": f"Service accounts are not allowed to {verb} alert groups"}


async def test_current_user_of_a_service_account_is_nobody() -> None:
    """A service account is no user: asked for the one who calls, the engine breaks down."""
    async with grafana() as (_, caller):
        reply = await caller.send("GET", "users/current/", headers=SERVICE)
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (500, "text/html")


@pytest.mark.parametrize("path", ["users/X/schedule_export/", "schedules/X/export/"])
async def test_exports_are_calendars_and_nothing_else(path: str) -> None:
    """Who wants another form than a calendar is told so with 406, before any token is looked at."""
    async with grafana() as (_, caller):
        for accept in ("application/json", "text/html", "text/calendars"):
            reply = await caller.send("GET", path, headers={"Accept": accept})
            assert (reply.status, reply.json) == (406, {"detail": "Could not satisfy the request Accept header."})
        for accept in ("text/calendar", "application/json, text/calendar;q=0.5", "text/*", "*/*"):
            assert (await caller.send("GET", path, headers={"Accept": accept})).status in {403, 404}


async def test_permission_can_be_missing() -> None:
    """A powerless token is refused in other words than a bad one, but not where nothing is checked."""
    options = GrafanaOptions(tokens={TOKEN: "ann", "weak": "bob"}, powerless=frozenset({"weak"}))
    async with grafana(options) as (_, caller):
        refused = await caller.send("GET", "users/", token="weak")
        await caller.ask("GET", "actions/", token="weak")
        await caller.ask("GET", "users/")
    assert refused.status == 403
    assert refused.json == {"detail": "You do not have permission to perform this action."}


TOKENS = {"admin": "ann", "editor": "eve", "viewer": "vic", "none": "nat"}
ADMITS = [
    ("GET", "integrations/", {"admin", "editor", "viewer"}),
    ("GET", f"alert_groups/{NOTHING}/", {"admin", "editor", "viewer"}),
    ("GET", f"webhooks/{NOTHING}/responses/", {"admin", "editor", "viewer"}),
    ("POST", "escalation/", {"admin", "editor"}),
    ("POST", f"alert_groups/{NOTHING}/acknowledge/", {"admin", "editor"}),
    ("DELETE", f"alert_groups/{NOTHING}/", {"admin", "editor"}),
    ("POST", "schedules/", {"admin", "editor"}),
    ("PUT", f"on_call_shifts/{NOTHING}/", {"admin", "editor"}),
    ("POST", f"shift_swaps/{NOTHING}/take/", {"admin", "editor"}),
    ("POST", "resolution_notes/", {"admin", "editor"}),
    ("POST", "personal_notification_rules/", {"admin", "editor"}),
    ("POST", "integrations/", {"admin"}),
    ("PATCH", f"routes/{NOTHING}/", {"admin"}),
    ("POST", "escalation_chains/", {"admin"}),
    ("POST", "escalation_policies/", {"admin"}),
    ("DELETE", f"webhooks/{NOTHING}/", {"admin"}),
    ("POST", "actions/", {"admin", "editor", "viewer", "none"}),
    ("POST", "make_call/", {"admin", "editor", "viewer", "none"}),
]


@pytest.mark.parametrize(("method", "path", "roles"), ADMITS)
async def test_roles(method: str, path: str, roles: set[str]) -> None:
    """Viewers read, editors act, and admins set up; where nothing is checked everybody may do all."""
    async with grafana(GrafanaOptions(tokens=TOKENS)) as (sim, caller):
        for role, username in TOKENS.items():
            sim.grafana.add_user(username, role=role)
        replies = {role: await caller.send(method, path, token=role) for role in TOKENS}
    assert {role for role, reply in replies.items() if reply.status != 403} == roles
    words = {"detail": "You do not have permission to perform this action."}
    assert all(replies[role].json == words for role in TOKENS.keys() - roles)


@pytest.mark.parametrize("path", ["nothing/", "users", "users/X/nothing/", "alert_groups/X/explode/"])
async def test_unknown_route_is_html_404(path: str) -> None:
    """A path that leads nowhere is an HTML 404, whoever asks; so is one without its last slash."""
    async with grafana() as (_, caller):
        replies = [await caller.send("GET", path), await caller.send("GET", path, headers={})]
    assert [reply.status for reply in replies] == [404, 404]
    assert all(reply.headers["Content-Type"].startswith("text/html") for reply in replies)


@pytest.mark.parametrize(("method", "path"), [("POST", "users/"), ("PUT", "alert_groups/X/"), ("GET", "escalation/")])
async def test_wrong_method_is_html_500(method: str, path: str) -> None:
    """A known path with a method that it has not is an HTML 500."""
    async with grafana() as (_, caller):
        reply = await caller.send(method, path)
    assert reply.status == 500
    assert reply.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", f"actions/{NOTHING}/", "DELETE, GET, PATCH, PUT"),
        ("DELETE", "actions/", "GET, POST"),
        ("GET", "make_call/", "POST"),
    ],
)
async def test_wrong_method_where_nothing_is_checked(method: str, path: str, allowed: str) -> None:
    """Where no permission is looked for, a method that a path has not is a 405, which names those that it has."""
    async with grafana() as (_, caller):
        reply = await caller.send(method, path)
    assert (reply.status, reply.json) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert reply.headers["Allow"] == allowed


async def test_slashes_can_be_optional() -> None:
    """By option paths work without the slash at their end too."""
    async with grafana(GrafanaOptions(optional_slashes=True)) as (_, caller):
        for path in ("users", "users/", "users/current", "users/current/"):
            assert (await caller.send("GET", path)).status == 200


@pytest.mark.parametrize("path", ["alert_groups", "webhooks", "users", "teams", "integrations"])
async def test_unknown_object_is_404(path: str) -> None:
    """An object that is not there is 404 with a sentence."""
    async with grafana() as (_, caller):
        assert await caller.refusal("GET", f"{path}/{NOTHING}/", status=404) == {"detail": "Not found."}


@pytest.mark.parametrize(("body", "words"), [(b"{", "JSON parse error"), (b"[1]", "Invalid data")])
async def test_bad_body_is_400(body: bytes, words: str) -> None:
    """A body that is not JSON, or no object, is 400."""
    async with grafana() as (_, caller):
        reply = await caller.send("POST", "escalation_chains/", data=body)
    assert reply.status == 400
    assert words in str(reply.json)


async def test_no_token_is_kept() -> None:
    """No repr and no ledger shows a token."""
    options = GrafanaOptions(tokens={"s3cret": "ann"}, powerless=frozenset({"s3cret"}), export_token="s3cret")
    async with grafana(options) as (sim, caller):
        await caller.send("GET", "users/", token="s3cret")
        texts = [repr(options), repr(vars(sim)), repr(vars(sim.ledger)), repr(sim.grafana), repr(vars(sim.grafana))]
    assert not [text for text in texts if "s3cret" in text]
