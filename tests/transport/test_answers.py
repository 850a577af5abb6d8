"""What an answer may do to us: long waits, long heads, broken characters. Against the simulator and a raw server."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    ClientOptions,
    CodecError,
    ConnectionDropped,
    DatadogOnCall,
    PoolOptions,
    RateLimited,
    RetryPolicy,
)
from aiooncall.codec import loads
from aiooncall.limits.admission import LONGEST_SILENCE
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import PAGES
from tests.support.raw_server import RawServer, always, answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall.simulator import Simulator

DAY = Fault(FaultKind.THROTTLE, retry_after="86400")


async def test_wait_of_a_day_does_not_shut_everybody_up(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """After 15 minutes of it one call goes through, its deadline regardless; if it is answered, all may go."""
    sim.faults.script("GET", f"{PAGES}/*", DAY, DAY)
    page = sim.add_page(title="x")
    for _ in range(3):
        with pytest.raises(RateLimited):
            await dd.pages.get(page)
    assert len(sim.ledger.requests) == 1
    await clock.sleep(LONGEST_SILENCE)
    with pytest.raises(RateLimited):
        await dd.pages.get(page)
    assert len(sim.ledger.requests) == 2
    await clock.sleep(LONGEST_SILENCE)
    assert (await dd.pages.get(page)).title == "x"
    await asyncio.gather(*(dd.pages.get(page) for _ in range(5)))
    assert len(sim.ledger.requests) == 8


async def test_job_that_waits_looks_by_itself(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """A job in front of a wait of a day looks after 15 minutes, one call alone, and then goes on."""
    sim.faults.script("POST", f"{PAGES}/*", DAY)
    report = await dd.pages.resolve_many([sim.add_page(title=str(number)) for number in range(20)], concurrency=8)
    assert report.succeeded == 20
    assert LONGEST_SILENCE <= clock.monotonic() <= LONGEST_SILENCE + 60


def client_of(server: RawServer, **pool: Any) -> DatadogOnCall:
    """Return a client on a raw server."""
    options = ClientOptions(clock=VirtualClock(), pool=PoolOptions(**pool), retry=RetryPolicy(max_attempts=1))
    return DatadogOnCall("api-key-0123", "app-key-0123", api_url=server.url, paging_url=server.url, options=options)


SCHEDULE = {"data": {"id": "s1", "type": "schedules", "attributes": {"name": "n"}}}


@pytest.mark.parametrize("headers", [{"X": "x" * 9000}, {"X": "x" * 60_000}, {f"X-{n}": "x" for n in range(150)}])
async def test_long_head(headers: dict[str, str]) -> None:
    """An answer with a header of tens of kilobytes, or with very many, is used."""
    async with RawServer(always(answer(200, SCHEDULE, headers=headers))) as server, client_of(server) as dd:
        assert (await dd.schedules.get("s1")).name == "n"


@pytest.mark.parametrize(
    ("headers", "pool"),
    [
        ({"X": "x" * 70_000}, {}),
        ({f"X-{n}": "x" for n in range(1100)}, {}),
        ({"X": "x" * 5000}, {"max_header_size": 4096}),
        ({f"X-{n}": "x" for n in range(60)}, {"max_headers": 50}),
    ],
    ids=["long", "many", "longer than said", "more than said"],
)
async def test_head_that_is_too_long(headers: dict[str, str], pool: dict[str, int]) -> None:
    """A head beyond the limits, which can be set, is a broken answer, and not kept in memory."""
    async with RawServer(always(answer(200, SCHEDULE, headers=headers))) as server, client_of(server, **pool) as dd:
        with pytest.raises(ConnectionDropped):
            await dd.schedules.get("s1")


async def test_another_protocol_is_no_answer() -> None:
    """An answer that switches protocols is an error, a doubt for what may not be repeated, and leaves nothing open."""
    switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    async with RawServer(always(switching)) as server, client_of(server) as dd:
        with pytest.raises(ApiError, match="101"):
            await dd.schedules.get("s1")
        with pytest.raises(AmbiguousOutcome, match="101"):
            await dd.pages.escalate("p1")
        gc.collect()  # what was left open complains now
        assert len(server.requests) == 2


async def test_error_body_is_read_up_to_a_bound() -> None:
    """Of an error no more than 64 kB are read, JSON or not; what was read is told, shortened."""
    body = orjson.dumps({"errors": ["no way", "x" * 1_000_000]})
    async with RawServer(always(answer(400, body))) as server, client_of(server) as dd:
        with pytest.raises(ApiError, match="no way") as raised:
            await dd.schedules.get("s1")
        assert len(str(raised.value)) < 500


async def test_broken_character_costs_itself() -> None:
    """Half a surrogate, or a byte that is not UTF-8, costs that character; the rows around it are all there."""
    rows = [page_json(number, "fine") for number in range(4)]
    half = r'"half \ud83d of it, \\ud83d, \ud83d\ude00"'
    text = json.dumps({"data": rows}).replace('"fine"', half, 1)
    raw = text.encode().replace(b'"fine"', b'"byte \xff of it"', 1)
    async with RawServer(always(answer(200, raw))) as server, client_of(server) as dd:
        titles = [page.title async for page in dd.pages.list(page_size=10)]
    assert titles[1:] == ["byte \ufffd of it", "fine", "fine"]
    assert titles[0] == "half \ufffd of it, \\ud83d, \U0001f600"


def page_json(number: int, title: str) -> dict[str, Any]:
    """Return a page as the server has it."""
    attributes = {"title": title, "status": "triggered", "created_at": "2027-01-15T08:00:00Z", "tags": []}
    return {"id": f"p{number}", "type": "pages", "attributes": attributes}


ESCAPES = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=8)
ANY_JSON = st.recursive(
    ESCAPES | st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ESCAPES, inner, max_size=3),
    max_leaves=6,
)


def mended(value: Any) -> Any:
    """Return JSON with a replacement character for each half of a surrogate pair."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\ud800", "\ufffd")
    if isinstance(value, list):
        return [mended(one) for one in value]
    if isinstance(value, dict):
        return {mended(name): mended(one) for name, one in value.items()}
    return value


@given(value=ANY_JSON)
def test_any_escapes_are_read(value: Any) -> None:
    """JSON with any escapes is read: pairs as the character they stand for, halves as a replacement character."""
    found = loads(json.dumps(value).encode())
    assert "\\ud" not in json.dumps(found, ensure_ascii=False)
    if json.dumps(value, ensure_ascii=False).isascii():
        assert found == value


@given(value=ANY_JSON, place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_byte_is_read_or_refused(value: Any, place: int, byte: int) -> None:
    """JSON with any byte in any place is read or is a CodecError, and what is read can be written."""
    raw = bytearray(json.dumps(value).encode())
    raw[place % len(raw)] = byte
    try:
        found = loads(bytes(raw))
    except CodecError:
        return
    orjson.dumps(found)
