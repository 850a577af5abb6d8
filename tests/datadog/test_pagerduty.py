"""PagerDuty services: create, get, update, delete, and that their keys stay secret."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    BadRequest,
    CodecError,
    NotFound,
    OnCallError,
    OptionsError,
    log_events,
)
from aiooncall.datadog import PagerDutyService
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import scripted, sends
from tests.support.datadog_world import PAGERDUTY, answering, world

if TYPE_CHECKING:
    from aiooncall import Event

KEY = "pd-key-0123456789abcdef"
OTHER_KEY = "pd-key-fedcba9876543210"


def shown(error: BaseException) -> str:
    """Return all that can be read off an error: its traceback, what it holds, and what a pickle of it holds."""
    again = pickle.loads(pickle.dumps(error)) if isinstance(error, OnCallError) else error
    return f"{''.join(traceback.format_exception(error))} {error!r} {vars(error)!r} {again} {vars(again)!r}"


@pytest.mark.parametrize("answers_put", [False, True])
@pytest.mark.parametrize("name", ["checkout", "Check out & ledger", "überwachung", "a+b@c:d", "x" * 200])
async def test_life_of_a_service(name: str, answers_put: bool) -> None:
    """A service of any name is created, read, changed and deleted, whether the server answers a change or not."""
    async with world({"pagerduty_answers_put": answers_put}) as w:
        services = w.client.pagerduty_services
        assert await services.create(name, KEY) == PagerDutyService(name=name)
        assert w.sim.stored("pagerduty_services", name)["service_key"] == KEY
        assert await services.get(name) == PagerDutyService(name=name)
        assert await services.update(name, OTHER_KEY) == PagerDutyService(name=name)
        assert w.sim.stored("pagerduty_services", name)["service_key"] == OTHER_KEY
        assert await services.delete(name) is None
        for call in (services.get(name), services.update(name, KEY), services.delete(name)):
            with pytest.raises(NotFound):
                await call


async def test_name_is_one_segment_of_the_path() -> None:
    """Spaces and signs of a name reach the server quoted, as one segment."""
    async with world() as w:
        with pytest.raises(NotFound, match="Service not found"):
            await w.client.pagerduty_services.get("Check out & ledger")
        assert w.sent() == [f"GET {PAGERDUTY}/Check out & ledger"]


UNSENDABLE = ["", "  ", "a/b", "..", ".", "a?b", "a#b", "a\\b", "a%2fb", "a\nb", " a", "a ", "x" * 513, 7, None]


@pytest.mark.parametrize("operation", ["get", "update", "delete"])
@pytest.mark.parametrize("name", UNSENDABLE)
async def test_name_that_cannot_be_sent(operation: str, name: Any) -> None:
    """A name that is blank or could change the path is an OptionsError; nothing is sent."""
    async with world() as w:
        arguments = (name, KEY) if operation == "update" else (name,)
        with pytest.raises(OptionsError, match="service_name"):
            await getattr(w.client.pagerduty_services, operation)(*arguments)
        assert w.sent() == []


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", 7, None])
async def test_name_that_cannot_be_created(name: Any) -> None:
    """A blank name, or one with line breaks, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="name"):
            await w.client.pagerduty_services.create(name, KEY)
        assert w.sent() == []


@pytest.mark.parametrize("operation", ["create", "update"])
@pytest.mark.parametrize("key", ["", None, 7, "se cret-key", "secret\nkey", "sëcret-key", b"secret-key"])
async def test_bad_key_is_refused_without_being_shown(operation: str, key: Any) -> None:
    """A key that cannot be one is an OptionsError that does not show it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="service_key") as raised:
            await getattr(w.client.pagerduty_services, operation)("checkout", key)
        assert not key or str(key) not in str(raised.value) + repr(raised.value)
        assert w.sent() == []


async def test_a_name_that_is_taken() -> None:
    """A second service of the same name is BadRequest, and the first one keeps its key."""
    async with world() as w:
        await w.client.pagerduty_services.create("checkout", KEY)
        with pytest.raises(BadRequest, match="checkout exists"):
            await w.client.pagerduty_services.create("checkout", OTHER_KEY)
        assert w.sim.stored("pagerduty_services", "checkout")["service_key"] == KEY


async def test_create_in_doubt_is_not_repeated() -> None:
    """A create whose answer got lost is AmbiguousOutcome, was sent once, and tells nothing of the key."""
    async with world() as w:
        w.sim.faults.script("POST", PAGERDUTY, Fault(FaultKind.DROP_AFTER))
        with pytest.raises(AmbiguousOutcome) as raised:
            await w.client.pagerduty_services.create("checkout", KEY)
        assert sends(w.sim, "POST", PAGERDUTY) == 1
        assert KEY not in shown(raised.value)
        assert w.sim.stored("pagerduty_services", "checkout")["service_key"] == KEY


ECHOES: list[Any] = [
    {"errors": [f"bad key {KEY}"]},
    {"errors": [{"title": "Bad", "detail": f"'{KEY}' is no key"}]},
    {"service_key": [KEY, KEY]},
    f"<html><title>{KEY}</title></html>".encode(),
    f"plain {KEY}".encode(),
    orjson.dumps(KEY),
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
@pytest.mark.parametrize("operation", ["create", "update"])
async def test_server_that_echoes_the_key(
    operation: str, status: int, echo: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A key in the words of a server's error is in no error, event, repr or log."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with answering(echo, status=status, hooks=[log_events, events.append]) as (recorder, client):
        with pytest.raises(OnCallError) as raised:
            await getattr(client.pagerduty_services, operation)("checkout", KEY)
        assert recorder.bodies[0]["service_key"] == KEY
        assert isinstance(raised.value, (ApiError, AmbiguousOutcome))
        assert events
        for text in (shown(raised.value), caplog.text, repr(events), repr(client), repr(client.pagerduty_services)):
            assert KEY not in text


async def test_key_is_hidden_from_later_errors_too() -> None:
    """A server that mentions the key in the error of a later call does not get it shown either."""
    async with answering({"errors": [f"{OTHER_KEY} and {KEY}"]}, status=400) as (_, client):
        for key in (OTHER_KEY, KEY):
            with pytest.raises(BadRequest):
                await client.pagerduty_services.update("checkout", key)
        with pytest.raises(BadRequest) as raised:
            await client.schedules.get("s")
        assert raised.value.errors == ("*** and ***",)


@pytest.mark.parametrize("answer", [b"", b"oops", [], "checkout", {"service_name": None}, {"service_name": 5}, {}])
async def test_answer_that_is_no_service_is_a_codec_error(answer: Any) -> None:
    """An answer that is empty, no JSON or no service is a CodecError, never a service without a name."""
    async with answering(answer) as (_, client):
        with pytest.raises(CodecError) as raised:
            await client.pagerduty_services.get("checkout")
        assert raised.value.path.startswith("$")
        with pytest.raises(AmbiguousOutcome, match="CodecError") as doubt:
            await client.pagerduty_services.create("checkout", KEY)
        assert KEY not in shown(doubt.value)


async def test_unknown_members_of_an_answer_are_kept() -> None:
    """What a service says besides its name is kept."""
    async with answering({"service_name": "checkout", "robot": True}) as (_, client):
        found = await client.pagerduty_services.get("checkout")
        assert found == PagerDutyService(name="checkout", extra={"robot": True})


@pytest.mark.parametrize("operation", ["get", "create", "update"])
async def test_key_in_an_answer_is_not_kept(operation: str) -> None:
    """A server that answers with the key does not get it into what is returned."""
    async with answering({"service_name": "checkout", "service_key": KEY}) as (_, client):
        arguments = ("checkout",) if operation == "get" else ("checkout", KEY)
        found = await getattr(client.pagerduty_services, operation)(*arguments)
        assert KEY not in repr(found)


async def test_throttled_create_is_repeated() -> None:
    """A create that was refused for the rate limit did not happen, so that it is sent again."""
    async with world(faults=scripted("POST", PAGERDUTY, FaultKind.THROTTLE_BARE)) as w:
        assert (await w.client.pagerduty_services.create("checkout", KEY)).name == "checkout"
        assert len(w.sent()) == 2
