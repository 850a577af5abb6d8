"""Nothing and nobody but the server gets to see a token, whatever the server says and wherever it points."""

from __future__ import annotations

import logging
from typing import Any, Final

import orjson
import pytest

from aiooncall import AmbiguousOutcome, ApiError, GrafanaOnCall, OnCallError, OptionsError, log_events
from aiooncall.client.base import core_of
from aiooncall.grafana import EscalationChain
from aiooncall.simulator import Fault, FaultKind
from tests.support.grafana_client import TOKEN, grafana_world, shown

URL: Final = "https://oncall.example.com/oncall"


BAD_TOKENS: Final[list[Any]] = [
    *("", None, 7, b"t0ken-bytes", ["t0ken"], " ", "t0ken with spaces", "Bearer t0ken", " t0ken", "t0ken "),
    *("t0ken\n", "t0k\ren", "t0k\r\nX-Evil: 1", "t0k\x00en", "t0k\ten", "t0kén", "t0k\u2028en", "t0k\x7fen"),
]


ECHOES: Final[list[Any]] = [
    {"detail": f"bad token {TOKEN}"},
    {"token": [TOKEN, f"x{TOKEN}y"]},
    {"non_field_errors": [f"'{TOKEN}'"]},
    f"<html><title>{TOKEN}</title></html>".encode(),
    f"plain {TOKEN}".encode(),
    TOKEN,
]


@pytest.mark.parametrize("bad", BAD_TOKENS, ids=repr)
def test_bad_token_is_refused_unseen(bad: Any) -> None:
    """A token, or the word before it, that cannot travel in a header is an OptionsError that does not show it."""
    with pytest.raises(OptionsError, match=r"^token: ") as raised:
        GrafanaOnCall(URL, bad)
    assert "t0k" not in str(raised.value) + repr(vars(raised.value))
    if bad is not None:
        with pytest.raises(OptionsError, match=r"^auth_scheme: ") as raised:
            GrafanaOnCall(URL, TOKEN, auth_scheme=bad)
        assert TOKEN not in shown(raised.value)


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500])
async def test_server_that_echoes_the_token(status: int, echo: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A token in the words of a server's error is in no error, pickle, event, repr or log."""
    caplog.set_level(logging.DEBUG)
    events: list[object] = []
    async with grafana_world(client={"hooks": [log_events, events.append]}) as world:
        world.answer(status, echo if isinstance(echo, bytes) else orjson.dumps(echo))
        errors = []
        for call in (world.client.users.get("current"), world.client.paging.page(users=["U1"], title="Down")):
            with pytest.raises((ApiError, AmbiguousOutcome)) as raised:
                await call
            errors.append(raised.value)
        assert "***" in shown(errors[0])
        assert events
        told = [*map(shown, errors), caplog.text, repr(events), repr(world.client), repr(world.client.options)]
        core = core_of(world.client)
        told += [repr(world.client.budgets()), core.profile.account, repr(vars(core.connection.pool))]
        told.append(repr(core.profile))
        assert [text for text in told if TOKEN in text] == []


@pytest.mark.parametrize(
    "kind", [FaultKind.DROP_AFTER, FaultKind.SLOW, FaultKind.EMPTY_OK, FaultKind.THROTTLE, FaultKind.REDIRECT]
)
async def test_no_fault_shows_the_token(kind: FaultKind, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a call ends with, its error, the events and the log are without the token."""
    caplog.set_level(logging.DEBUG)
    events: list[object] = []
    async with grafana_world(client={"hooks": [log_events, events.append]}) as world:
        world.fail("POST", "escalation/", *[Fault(kind, delay=60.0)] * 99)
        with pytest.raises(OnCallError) as raised:
            await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down")
        assert events
        assert TOKEN not in shown(raised.value) + repr(events) + caplog.text


async def test_redirects_are_not_followed() -> None:
    """A redirect to another host is an error for all calls, a doubt for some; that host sees no request."""
    async with grafana_world() as world:
        for method in ("GET", "POST", "PUT", "DELETE"):
            world.fail(method, "*", *[FaultKind.REDIRECT] * 9)
        calls = [
            world.client.users.get("current"),
            anext(aiter(world.client.alert_groups.list())),
            world.client.escalation_chains.create(EscalationChain(name="c")),
            world.client.escalation_chains.update(EscalationChain(id="F1", name="c")),
            world.client.alert_groups.resolve("I1"),
            world.client.alert_groups.delete("I1"),
        ]
        for call in calls:
            with pytest.raises((ApiError, AmbiguousOutcome), match="redirects are not followed") as raised:
                await call
            cause = raised.value.__cause__ or raised.value
            assert isinstance(cause, ApiError)
            assert cause.status == 307
        looks = len([one for one in world.requests("GET") if "alert_groups/I1" in one.path])
        assert len(world.sim.ledger.requests) - looks == len(calls)
        assert world.sim.elsewhere == []
