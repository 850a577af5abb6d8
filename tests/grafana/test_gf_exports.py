"""Calendars with tokens of their own, and calls to telephones."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import AmbiguousOutcome, AttemptTimeout, BadRequest, NotFound, OnCallError, Unauthorized
from aiooncall.client.base import core_of
from aiooncall.grafana import CalendarSchedule
from aiooncall.grafana.resources.schedules import SCHEDULES
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from aiooncall.transport.endpoint import Endpoint, Idempotency
from tests.support.grafana_calls import EXPORT_TOKEN, furnished, recorded, saying
from tests.support.grafana_client import grafana_client, grafana_world
from tests.support.raw_server import RawServer, always, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall import ApiError, Event
    from tests.support.grafana_calls import Ids

WRONG_TOKEN: Final = "wrong-export-token-0123"
EXPORTS: Final[dict[str, Callable[[Any, Ids, str], Any]]] = {
    "users": lambda c, i, token: c.users.export(i.user, token),
    "schedules": lambda c, i, token: c.schedules.export(i.schedules, token),
}


@pytest.mark.parametrize("name", EXPORTS)
async def test_calendar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar is its text, with the shifts in it; its token goes in the query."""
    async with furnished() as (w, ids):
        shifts = [ids.on_call_shifts]
        await w.client.schedules.patch(CalendarSchedule(id=ids.schedules, team_id=None, shifts=shifts))
        sent = recorded(w.client, monkeypatch)
        text = await EXPORTS[name](w.client, ids, EXPORT_TOKEN)
        assert text.startswith("BEGIN:VCALENDAR\r\n")
        assert text.count("BEGIN:VEVENT") == text.count("SUMMARY:ann") == 1
        assert "DTSTART:20270120T090000Z" in text
        assert dict(sent[0].query) == {"token": EXPORT_TOKEN}


@pytest.mark.parametrize("name", EXPORTS)
async def test_calendar_of_another_token(name: str) -> None:
    """A token that the server does not know is Unauthorized, whatever the API token is."""
    async with furnished(GrafanaOptions(export_token="other")) as (w, ids):
        with pytest.raises(Unauthorized):
            await EXPORTS[name](w.client, ids, EXPORT_TOKEN)
        w.answer(403, b'{"detail": "Invalid token"}')  # without a full stop, as the engine says it of a user's token
        with pytest.raises(Unauthorized):
            await EXPORTS[name](w.client, ids, EXPORT_TOKEN)


async def test_each_call_asks_for_the_form_that_there_is() -> None:
    """An export asks for a calendar, everything else for JSON, a POST that may be repeated in a form of its own too."""
    other = Endpoint("POST", "/api/v1/other/", Idempotency.IDEMPOTENT, accept="text/csv")
    async with RawServer(always(answer(200, []))) as server, grafana_client(server.url) as client:
        await client.users.export("U1", EXPORT_TOKEN)
        await client.schedules.export("S1", EXPORT_TOKEN)
        await core_of(client).call(other)
        await core_of(client).call(SCHEDULES.get, "S1")
        wanted = [request.headers["accept"] for request in server.requests]
        assert wanted == ["text/calendar", "text/calendar", "text/csv", "application/json"]


TROUBLE: Final = [
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.TRUNCATED_BODY),
    Fault(FaultKind.REDIRECT),
    Fault(FaultKind.ERROR_BEFORE, status=500, html=True),
    Fault(FaultKind.ERROR_BEFORE, status=404),
    Fault(FaultKind.SLOW, delay=100.0),
    Fault(FaultKind.HUGE_BODY, size=4_000_000),
]


@pytest.mark.parametrize("fault", [None, *TROUBLE], ids=str)
@pytest.mark.parametrize("name", EXPORTS)
async def test_token_of_a_calendar_is_not_told(name: str, fault: Fault | None) -> None:
    """Whatever goes wrong, the token of a calendar is neither in the error, nor in its causes, nor in an event."""
    events: list[Event] = []
    options = {"hooks": [events.append], "timeout": 5.0, "max_response_bytes": 1_000_000}
    async with furnished(client=options) as (w, ids):
        w.sim.faults.script("GET", "*", *[fault] * 20)
        with pytest.raises(OnCallError) as raised:
            await EXPORTS[name](w.client, ids, WRONG_TOKEN)
        told = [*traceback.format_exception(raised.value), repr(raised.value), repr(vars(raised.value)), repr(events)]
        assert events
        assert not [text for text in told if WRONG_TOKEN in text]


@pytest.mark.parametrize("name", EXPORTS)
async def test_token_that_the_server_repeats(name: str) -> None:
    """A server that repeats the token of a calendar in its error does not bring it into ours."""
    async with saying({"detail": f"no such token: {WRONG_TOKEN}"}, status=404) as (_, client):
        async with furnished() as (_, ids):
            pass
        with pytest.raises(NotFound, match="no such token") as raised:
            await EXPORTS[name](client, ids, WRONG_TOKEN)
        assert WRONG_TOKEN not in str(raised.value)


async def test_calendar_with_odd_bytes() -> None:
    """A calendar that is not UTF-8 is read all the same."""
    async with saying("BEGIN:VCALENDAR K\xe4se".encode("latin-1")) as (_, client):
        assert await client.schedules.export("S1", EXPORT_TOKEN) == "BEGIN:VCALENDAR K\ufffdse"


PHONE: Final = ["make_call", "send_sms"]


@pytest.mark.parametrize("method", PHONE)
async def test_phone(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with a verified number is called or sent a text, once."""
    async with grafana_world() as w:
        w.sim.grafana.add_user("ann", phone=True)
        sent = recorded(w.client, monkeypatch)
        message = "x" * 1024
        assert await getattr(w.client.phone, method)("ann@example.com", message) is None
        assert w.sent() == [f"POST {method}/"]
        assert sent[0].body == {"email": "ann@example.com", "message": message}


UNVERIFIED: Final[dict[str, tuple[type[ApiError], str]]] = {
    "make_call": (BadRequest, "number-not-verified"),
    "send_sms": (NotFound, "user-not-found"),
}


@pytest.mark.parametrize("method", PHONE)
async def test_phone_that_does_not_ring(method: str) -> None:
    """Nobody with that address is NotFound; without a verified number a call is BadRequest, and a text NotFound."""
    async with grafana_world() as w:
        w.sim.grafana.add_user("bob")
        for name, error, word in (("ann", NotFound, "user-not-found"), ("bob", *UNVERIFIED[method])):
            with pytest.raises(error) as raised:
                await getattr(w.client.phone, method)(f"{name}@example.com", "Down")
            assert raised.value.errors == (word,)
        assert len(w.requests()) == 2


@pytest.mark.parametrize("error", ["limit-exceeded", "failed"])
@pytest.mark.parametrize("method", PHONE)
async def test_phone_that_the_provider_refuses(method: str, error: str) -> None:
    """What the provider of telephone calls refuses is BadRequest, in its word."""
    async with saying({"error": error}, status=400) as (recorder, client):
        with pytest.raises(BadRequest) as raised:
            await getattr(client.phone, method)("ann@example.com", "Down")
        assert (raised.value.errors, len(recorder.bodies)) == ((error,), 1)


@pytest.mark.parametrize("method", PHONE)
async def test_phone_in_doubt(method: str) -> None:
    """With a 503 the phone may have rung: it is AmbiguousOutcome and not tried again."""
    async with saying({"error": "failed"}, status=503) as (recorder, client):
        with pytest.raises(AmbiguousOutcome) as raised:
            await getattr(client.phone, method)("ann@example.com", "Down")
        assert (raised.value.attempts, len(recorder.bodies)) == (1, 1)
        assert "failed" in str(raised.value.__cause__)


@pytest.mark.parametrize("method", PHONE)
async def test_phone_that_takes_too_long(method: str) -> None:
    """A call whose answer does not come may have been made: it is AmbiguousOutcome and not tried again."""
    async with furnished(client={"timeout": 5.0}) as (w, _):
        w.fail("POST", f"{method}/", Fault(FaultKind.SLOW, delay=60.0))
        with pytest.raises(AmbiguousOutcome) as raised:
            await getattr(w.client.phone, method)("ann@example.com", "Down")
        assert isinstance(raised.value.__cause__, AttemptTimeout)
        assert len(w.requests()) == 1
