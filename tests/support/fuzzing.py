"""Answers of the simulator, spoilt in seeded ways, for every call of a client: what holds, holds for any of them."""

from __future__ import annotations

import asyncio
import random
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs
import orjson

from aiooncall import ClientOptions, DatadogOnCall, GrafanaOnCall, OnCallError, RetryPolicy
from aiooncall.client.base import core_of
from aiooncall.datadog import PolicyInclude
from tests.support import datadog_calls, grafana_calls
from tests.support.datadog_calls import ONCE as DATADOG_ONCE
from tests.support.datadog_world import world
from tests.support.grafana_api import ONCE as GRAFANA_ONCE
from tests.support.grafana_api import TWINS
from tests.support.raw_server import RawServer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.support.raw_server import RawConnection

RETRY: Final = RetryPolicy(max_attempts=2, base=0.01, max_refusals=1)
HASTY: Final = {"retry": RETRY, "deadline": 20.0, "reconcile_timeout": 1.0}
TURNS: Final = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""The classes of characters that turn the direction of writing (https://www.unicode.org/reports/tr9/)."""
REFUSED: Final = re.compile(rb"HTTP/1\.\d 429")
ODD: Final[list[Any]] = [
    None, [], {}, "", 0, -1, 1e308, 2**53, True, [None], [[]], {"data": None}, "\ud800", "x" * 3000, "2027-13-45",
    "9999-12-31T23:59:60Z", {"type": "users", "id": ""}, [{"type": "steps", "id": "s"}], "\x00\x1b[31m\u202e",
]  # fmt: skip
HEADERS: Final = [
    b"Retry-After: 999999999999", b"Retry-After: Sun Nov  6 08:49:37 1994", b"Retry-After: -1", b"Retry-After: \xff",
    b"X-RateLimit-Reset: 1e9", b"X-RateLimit-Remaining: -5", b"X-RateLimit-Name: \x1b[31m", b"X-RateLimit-Limit: 0",
    b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", b"Location: http://[",
    b"Date: \xff",
    b"Content-Type: text/html; charset=nonsense", b"Set-Cookie: \xff=\xff", b"Connection: close", b": empty",
]  # fmt: skip


@attrs.frozen
class Half:
    """One provider: its calls, which of them must not be done twice, and the answers that each gets."""

    calls: Mapping[str, Callable[[Any], Awaitable[Any]]]
    once: frozenset[str]
    answers: Mapping[str, list[bytes]]
    client: Callable[[str], Any]


@attrs.define
class Found:
    """What came of the calls."""

    outcomes: Counter[str] = attrs.field(factory=Counter[str])
    untyped: list[str] = attrs.field(factory=list[str])
    twice: list[str] = attrs.field(factory=list[str])


def spoilt(chance: random.Random, answer: bytes) -> bytes:
    """Return an answer that is wrong in one to three ways."""
    for _ in range(chance.randint(1, 3)):
        answer = chance.choice([_bytes, _value, _value, _value, _status, _header])(chance, answer)
    return answer


def _bytes(chance: random.Random, answer: bytes) -> bytes:
    place = chance.randrange(len(answer) + 1)
    some = bytes(chance.randrange(256) for _ in range(chance.randint(0, 3)))
    return answer[:place] + some + answer[place + chance.choice([0, 1, 1, 5, 1000]) :]


def _status(chance: random.Random, answer: bytes) -> bytes:
    status = chance.choice([chance.randint(100, 599), 200, 204, 301, 408, 429, 500, 503, 520])
    return re.sub(rb"^HTTP/1\.1 \d+", f"HTTP/1.1 {status}".encode(), answer)


def _header(chance: random.Random, answer: bytes) -> bytes:
    return answer.replace(b"\r\n", b"\r\n" + chance.choice(HEADERS) + b"\r\n", 1)


def _value(chance: random.Random, answer: bytes) -> bytes:
    """Put something else in the place of one value of a JSON body, and take care that its length is right."""
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return answer
    holder = [document]
    places = list(_places(holder))
    inside, key = chance.choice(places)
    match chance.randint(0, 3):
        case 0 if isinstance(inside, dict):
            del inside[key]
        case 1:
            inside[key] = [inside[key], inside[key]]
        case 2:
            other, name = chance.choice(places)
            inside[key] = orjson.loads(orjson.dumps(other.get(name) if isinstance(other, dict) else None))
        case _:
            inside[key] = chance.choice(ODD)
    return answer_of(head, _dumped(holder[0]))


def _dumped(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # half a surrogate pair
        import json  # noqa: PLC0415 (only it writes what is none)

        return json.dumps(document).encode()


def _places(value: Any) -> Any:
    """Yield every place in a document, as what holds it and its key there."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def answer_of(head: bytes, body: bytes) -> bytes:
    """Return an answer of a head and a body."""
    return re.sub(rb"(?i)content-length: \d+", f"Content-Length: {len(body)}".encode(), head) + b"\r\n\r\n" + body


async def fuzzed(half: Half, *, seed: int, count: int) -> Found:
    """Make calls that get spoilt answers, and return what came of them."""
    chance, found, names = random.Random(seed), Found(), sorted(half.calls)
    refusals = 0

    async def serve(connection: RawConnection) -> None:
        nonlocal refusals
        while True:
            request = await connection.read()
            known = half.answers.get(f"{request.method} {request.path.partition('?')[0]}")
            sent = spoilt(chance, chance.choice(known or [b"HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\n{}"]))
            refusals += REFUSED.match(sent) is not None
            await connection.write(sent)
            if chance.random() < 0.2:
                return

    async with RawServer(serve) as server:
        for number in range(count):
            name, refusals = names[number % len(names)], 0
            server.requests.clear()
            async with half.client(server.url) as client:
                outcome, fault = await _tried(half.calls[name](client))
            found.outcomes[outcome] += 1
            if fault:
                found.untyped.append(f"seed {seed}, {number}: {name}: {fault}")
            posts = sum(request.method == "POST" for request in server.requests)
            if name in half.once and posts > 1 + refusals:
                found.twice.append(f"seed {seed}, {number}: {name} was sent {posts} times")
    return found


async def _tried(call: Awaitable[Any]) -> tuple[str, str]:
    """Return what a call came to, and what is wrong with that."""
    try:
        return ("answered", "") if repr(await call) else ("answered", "nothing to show")
    except OnCallError as error:
        return type(error).__name__, repr(str(error)) if any(map(_steers, str(error))) else ""
    except Exception as error:  # noqa: BLE001 (what must not happen)
        return "untyped", f"{type(error).__name__}: {error}"


def _steers(character: str) -> bool:
    """Tell whether a character steers a terminal, or the direction of writing."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(character) in TURNS


def raw(attempt: Any) -> bytes:
    """Return the bytes of an answer that a client got."""
    lines = [f"HTTP/1.1 {attempt.status} X", f"Content-Length: {len(attempt.body)}", "Content-Type: application/json"]
    body: bytes = attempt.body
    return "\r\n".join([*lines, "", ""]).encode() + body


async def recorded(client: Any, calls: Mapping[str, Callable[[Any], Awaitable[Any]]]) -> dict[str, list[bytes]]:
    """Make each call once on the simulator, and return the answers by method and path."""
    answers: dict[str, list[bytes]] = {}
    core = core_of(client)
    original = core.call

    async def noted(endpoint: Any, *values: str, **options: Any) -> Any:
        attempt = await original(endpoint, *values, **options)
        path = endpoint.template
        for name, value in zip(endpoint.fields, values, strict=True):
            path = path.replace(f"{{{name}}}", value)
        answers.setdefault(f"{endpoint.method} {path}", []).append(raw(attempt))
        return attempt

    core.call = noted  # type: ignore[method-assign]
    for call in calls.values():
        try:
            await call(client)
        except OnCallError:  # what was deleted by the call before is not there any more
            await asyncio.sleep(0)
    return answers


async def datadog_half() -> Half:
    """Return the calls of Datadog, those that follow references and those that draw included."""
    async with world() as w:
        ids = await datadog_calls.make_ids(w)
        calls: dict[str, Any] = {
            name: lambda client, call=call: call(client, ids) for name, call in datadog_calls.CALLS.items()
        }

        async def drawn(client: Any) -> Any:
            policy = await client.escalation_policies.get(w.policy, include=PolicyInclude)
            return policy.describe(), policy.tree(), policy.mermaid(), policy.svg()

        async def hydrated(client: Any) -> Any:
            return await client.hydrate(await client.escalation_policies.get(w.policy))

        calls |= {
            "drawn": drawn,
            "hydrated": hydrated,
            "who, team": lambda client: client.who_is_on_call(team=w.payments),
            "who, schedule": lambda client: client.who_is_on_call(schedule=w.schedule),
            "pages.find": lambda client: client.pages.find("k"),
        }
        reads_first = dict(sorted(calls.items(), key=lambda call: ".delete" in call[0]))
        answers = await recorded(w.client, reads_first)

    def client(url: str) -> DatadogOnCall:
        options = ClientOptions(clock=VirtualClock(), **HASTY)  # type: ignore[arg-type]  # of several types
        keys = "api-key-0123", "app-key-0123"
        return DatadogOnCall(*keys, api_url=url, paging_url=url, events_url=url, options=options)

    return Half(calls, frozenset(DATADOG_ONCE), answers, client)


async def grafana_half() -> Half:
    """Return the calls of Grafana OnCall, those that take several requests included."""
    async with grafana_calls.furnished() as (w, ids):
        calls: dict[str, Any] = {
            name: lambda client, call=call: call(client, ids) for name, call in grafana_calls.CALLS.items()
        }
        calls |= {
            "who, team": lambda client: client.who_is_on_call(team=ids.team),
            "who, schedule": lambda client: client.who_is_on_call(schedule=ids.schedules),
        }
        reads_first = dict(sorted(calls.items(), key=lambda call: ".delete" in call[0]))
        answers = await recorded(w.client, reads_first)

    def client(url: str) -> GrafanaOnCall:
        options = ClientOptions(clock=VirtualClock(), **HASTY)  # type: ignore[arg-type]  # of several types
        return GrafanaOnCall(url, "token-0123456789", options=options)

    once = {*GRAFANA_ONCE, *TWINS} - {"paging.page, newer"}
    return Half(calls, frozenset(once - {"paging.page", "paging.add_responders"}), answers, client)
