"""Credentials: how they travel, what a refusal of them is, and that nothing and nobody else gets to see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import orjson
import pytest

from aiooncall import (
    ApiError,
    BadRequest,
    ClientOptions,
    Forbidden,
    GrafanaOnCall,
    NotFound,
    OptionsError,
    RateLimited,
    SessionPool,
    Unauthorized,
)
from aiooncall.client.base import core_of
from aiooncall.grafana import Action, EscalationChain
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.grafana_client import STACK, TOKEN, grafana_world, shown
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.support.grafana_client import GrafanaWorld

SERVICE: Final = "glsa_s3rvice0123456789"
URL: Final = "https://oncall.example.com/oncall"
KNOWN: Final = GrafanaOptions(tokens={TOKEN: "ann", SERVICE: "robot"})
ENV: Final = {"GRAFANA_ONCALL_URL": URL, "GRAFANA_ONCALL_ACCESS_TOKEN": TOKEN}


def headers(world: GrafanaWorld) -> list[Mapping[str, str]]:
    """Return the headers of the requests to come, as they come."""
    auth = world.sim.grafana.auth
    caller, settable = auth.caller, cast("Any", auth)
    seen: list[Mapping[str, str]] = []

    def watched(method: str, path: str, sent: Mapping[str, str]) -> str:
        seen.append(sent)
        return caller(method, path, sent)

    settable.caller = watched  # the simulator keeps no headers
    return seen


async def test_token_travels_bare() -> None:
    """An API token is the whole of the header, and makes the caller its owner; no stack is named."""
    async with grafana_world(KNOWN) as world:
        seen = headers(world)
        assert (await world.client.users.get("current")).username == "ann"
        assert seen[0]["Authorization"] == TOKEN
        assert "X-Grafana-URL" not in seen[0]
        assert seen[0]["User-Agent"].startswith("aiooncall/")


@pytest.mark.parametrize("accepted", [False, True])
async def test_token_behind_a_word(accepted: bool) -> None:
    """With `auth_scheme` a word stands before the token, for engines that want one; others refuse it."""
    rules = attrs.evolve(KNOWN, bearer=accepted)
    async with grafana_world(rules, client={"auth_scheme": "Bearer"}) as world:
        seen = headers(world)
        if accepted:
            assert (await world.client.users.get("current")).username == "ann"
        else:
            with pytest.raises(Unauthorized):
                await world.client.users.get("current")
        assert seen[0]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("stack", [STACK, f"{STACK}/"])
async def test_service_account_names_its_stack(stack: str) -> None:
    """A service account reads with its token and the stack in a header; what it may not do is Forbidden."""
    async with grafana_world(KNOWN, token=SERVICE, client={"stack_url": stack}) as world:
        seen = headers(world)
        world.groups(["Down"])
        (group,) = [group async for group in world.client.alert_groups.list()]
        assert (seen[0]["Authorization"], seen[0]["X-Grafana-URL"]) == (SERVICE, STACK)
        with pytest.raises(Forbidden, match="Service accounts"):
            await world.client.alert_groups.acknowledge(group.id)
        assert world.sim.ledger.effects == []


TOKENS_ONLY: Final[dict[str, Callable[[GrafanaOnCall], Awaitable[Any]]]] = {
    "escalation": lambda c: c.paging.page(users=["U1"], title="Down"),
    "info": lambda c: c.info.get(),
    "make_call": lambda c: c.phone.make_call("ann@example.com", "Down"),
    "send_sms": lambda c: c.phone.send_sms("ann@example.com", "Down"),
    "actions": lambda c: c.actions.get("K1"),
    "list of actions": lambda c: anext(aiter(c.actions.list())),
    "new action": lambda c: c.actions.create(Action(name="a", url="https://example.com")),
    "personal_notification_rules": lambda c: c.personal_notification_rules.delete("N1"),
}


@pytest.mark.parametrize("name", TOKENS_ONLY)
async def test_service_account_where_only_users_may(name: str) -> None:
    """Where the server takes no service account it calls a good token bad: that is Forbidden, and says why."""
    async with grafana_world(KNOWN, token=SERVICE, client={"stack_url": STACK}) as world:
        with pytest.raises(Forbidden, match="API tokens of OnCall only") as raised:
            await TOKENS_ONLY[name](world.client)
        assert raised.value.errors[0] == "Invalid token."
        assert len(world.requests()) == 1


@pytest.mark.parametrize("name", TOKENS_ONLY)
async def test_bad_token_where_only_users_may(name: str) -> None:
    """A token of a user that is bad is Unauthorized in each of these places, too."""
    async with grafana_world(KNOWN, token="wr0ng-token") as world:
        with pytest.raises(Unauthorized) as raised:
            await TOKENS_ONLY[name](world.client)
        assert raised.value.errors == ("Invalid token.",)


async def test_bad_token_of_a_service_account() -> None:
    """Where service accounts may come in, one whose token is bad is Unauthorized."""
    async with grafana_world(KNOWN, token="glsa_wr0ng", client={"stack_url": STACK}) as world:
        with pytest.raises(Unauthorized):
            await world.client.schedules.get("S1")


@pytest.mark.parametrize("words", ["Only active users are allowed to perform this action.", "Organization not found."])
async def test_token_of_somebody_who_left(words: str) -> None:
    """A token that is known, and whose owner may do nothing any more, is Forbidden in the server's words."""
    async with grafana_world() as world:
        world.answer(403, orjson.dumps({"detail": words}))
        with pytest.raises(Forbidden) as raised:
            await world.client.users.get("current")
        assert raised.value.errors == (words,)


def test_service_account_without_a_stack_is_refused_here() -> None:
    """A token of a service account without a stack is an OptionsError that does not show the token."""
    with pytest.raises(OptionsError, match="stack_url") as raised:
        GrafanaOnCall(URL, SERVICE)
    assert SERVICE not in shown(raised.value)
    assert URL in repr(GrafanaOnCall(URL, SERVICE, stack_url=STACK))


@pytest.mark.parametrize("stack", ["", "example.grafana.net", "ftp://example.com", "https://", f"{STACK}?a=1", 7])
def test_bad_stack(stack: Any) -> None:
    """A stack that is no base URL is an OptionsError that names the argument."""
    with pytest.raises(OptionsError, match="stack_url"):
        GrafanaOnCall(URL, SERVICE, stack_url=stack)


async def test_bad_credentials_are_unauthorized() -> None:
    """A 403 that says the token is invalid is Unauthorized, for every kind of call, and nothing is repeated."""
    async with grafana_world(KNOWN, token="wr0ng-token") as world:
        calls = [
            world.client.users.get("current"),
            anext(aiter(world.client.alert_groups.list())),
            world.client.paging.page(users=["U1"], title="Down", reconcile=True),
            world.client.alert_groups.resolve("I1"),
            world.client.alert_groups.delete("I1"),
            world.client.escalation_chains.create(EscalationChain(name="c")),
        ]
        for call in calls:
            with pytest.raises(Unauthorized) as raised:
                await call
            assert (raised.value.status, raised.value.errors) == (403, ("Invalid token.",))
        assert len(world.sim.ledger.requests) == len(calls)


async def test_missing_permission_is_forbidden() -> None:
    """A 403 for any other reason is Forbidden: a token without permissions, or a page of a proxy."""
    rules = attrs.evolve(KNOWN, powerless=frozenset({TOKEN}))
    async with grafana_world(rules) as world:
        with pytest.raises(Forbidden, match="permission"):
            await world.client.users.get("current")
    async with grafana_world(KNOWN) as world:
        world.fail("GET", "users/*", *(Fault(FaultKind.ERROR_BEFORE, status=403, html=html) for html in (True, False)))
        for _ in range(2):
            with pytest.raises(Forbidden):
                await world.client.users.get("current")


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (401, Unauthorized), (403, Unauthorized), (404, NotFound)]
)
async def test_words_alone_do_not_make_an_error_unauthorized(status: int, error: type[ApiError]) -> None:
    """The server's words about the token count with a 403 only; a 401 is Unauthorized anyway."""
    async with grafana_world() as world:
        world.answer(status, b'{"detail": "Invalid token."}')
        with pytest.raises(ApiError) as raised:
            await world.client.users.get("current")
        assert type(raised.value) is error


@pytest.mark.parametrize("url", [None, "", "oncall.example.com", "ftp://x", "https://ann:t0ken@x", f"{URL}?a=1", 7])
def test_bad_url(url: Any) -> None:
    """An address that is no base URL is an OptionsError that shows neither a token nor a password."""
    with pytest.raises(OptionsError, match="url") as raised:
        GrafanaOnCall(url, TOKEN)
    assert TOKEN not in shown(raised.value)
    assert "t0ken" not in str(raised.value) + repr(vars(raised.value))


def test_environment() -> None:
    """The client is made from the environment that is given; a stack is optional, and an empty one is none."""
    options = ClientOptions(deadline=7.0)
    for extra in ({}, {"GRAFANA_URL": ""}, {"GRAFANA_URL": STACK}):
        client = GrafanaOnCall.from_env({**ENV, **extra}, options=options)
        assert URL in repr(client)
        assert client.options is options
        assert core_of(client).profile.headers["Authorization"] == TOKEN
        assert core_of(client).profile.headers.get("X-Grafana-URL") == (extra.get("GRAFANA_URL") or None)


def test_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an environment the process's own one counts."""
    monkeypatch.setenv("GRAFANA_ONCALL_URL", URL)
    monkeypatch.setenv("GRAFANA_ONCALL_ACCESS_TOKEN", SERVICE)
    monkeypatch.delenv("GRAFANA_URL", raising=False)
    with pytest.raises(OptionsError, match="stack_url"):
        GrafanaOnCall.from_env()
    monkeypatch.setenv("GRAFANA_URL", STACK)
    assert URL in repr(GrafanaOnCall.from_env())


@pytest.mark.parametrize("name", ENV)
@pytest.mark.parametrize("value", [None, ""])
def test_environment_that_lacks_something(name: str, value: str | None) -> None:
    """A variable that is missing or empty is an OptionsError that names it and shows no token."""
    env = {key: text for key, text in {**ENV, name: value}.items() if text is not None}
    with pytest.raises(OptionsError, match=name) as raised:
        GrafanaOnCall.from_env(env)
    assert TOKEN not in shown(raised.value)


@pytest.mark.parametrize(("deadline", "sent"), [(120.0, 1), (349.0, 1), (400.0, 2)])
async def test_stack_that_stays_unknown(deadline: float, sent: int) -> None:
    """Of an unknown stack the server says to wait: a wait that the deadline has no room for is RateLimited at once."""
    options = {"stack_url": "https://other.grafana.net", "deadline": deadline}
    async with grafana_world(token=SERVICE, client=options) as world:
        with pytest.raises(RateLimited) as raised:
            await world.client.users.get("U1")
        assert len(world.sim.ledger.requests) == sent
        assert world.clock.monotonic() < (1.0 if sent == 1 else 352.0)
        wait = raised.value.retry_at
        assert wait is not None
        assert 349.0 < (wait - datetime.fromtimestamp(world.clock.time(), UTC)).total_seconds() < 352.0


@pytest.mark.parametrize("deadline", [400.0, None])
async def test_stack_that_becomes_known(deadline: float | None) -> None:
    """A stack that the server learns of while it makes us wait is waited for if the deadline has room."""
    options = {"stack_url": "https://other.grafana.net", "deadline": deadline}
    async with grafana_world(token=SERVICE, client=options) as world:
        auth = world.sim.grafana.auth
        synced = attrs.evolve(auth._options, stack_url="https://other.grafana.net")
        world.clock.call_later(340.0, lambda: setattr(auth, "_options", synced))
        assert [user async for user in world.client.users.list()]
        assert [record.status for record in world.requests()] == [429, 200]
        assert 350.0 <= world.requests()[1].at < 352.0


async def test_clients_of_other_tokens_are_not_held_up() -> None:
    """What an unknown stack costs one token is not charged to another one on the same connections."""
    async with SessionPool(clock=VirtualClock()) as pool, grafana_world(client={"pool": pool}) as world:
        async with world.another(SERVICE, stack_url="https://o.grafana.net", pool=pool) as other:
            with pytest.raises(RateLimited):
                await other.users.get("U1")
        assert (await world.client.users.get("current")).username == "admin"
