"""Nothing from a server, a proxy or aiohttp is shown with a credential in it, or with what steers a terminal."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    BadRequest,
    BudgetLearned,
    ClientOptions,
    CodecError,
    ConnectError,
    DatadogOnCall,
    GrafanaOnCall,
    OnCallError,
    OptionsError,
    PoolOptions,
    RetryPolicy,
    log_events,
)
from aiooncall._base.redaction import MASK, Secrets
from aiooncall._text import one_line
from aiooncall.bulk import Item
from tests.support.raw_server import RawServer, always, answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall import Event

API_KEY, APP_KEY = "api-key-0123456789", "app-key-9876543210"
STEERING = "\x00\x07\x1b[31m\x7f\x9b\u061c\u200e\u202e\u2028\u2066\r\n\ud800"
RETRY = RetryPolicy(max_attempts=3, base=0.01)


def all_of(error: BaseException) -> str:
    """Return all that can be read off an error and a pickle of it."""
    again = pickle.loads(pickle.dumps(error))
    return f"{''.join(traceback.format_exception(error))} {error!r} {vars(error)!r} {again} {vars(again)!r}"


def through(proxy: str | None, events: list[Event], *, url: str = "http://example.test", **pool: Any) -> DatadogOnCall:
    """Return a client that uses a proxy."""
    options = ClientOptions(
        clock=VirtualClock(), retry=RETRY, pool=PoolOptions(proxy=proxy, **pool), hooks=(events.append, log_events)
    )
    return DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, options=options)


@pytest.mark.parametrize("password", ["S3CRET-PASS", "abc", "p%20ss%2Fword%40x"])
@pytest.mark.parametrize(
    ("scheme", "status", "asked"), [("http", 407, 1), ("https", 407, 1), ("https", 502, 3), ("https", 403, 3)]
)
async def test_proxy_that_refuses(
    scheme: str, status: int, asked: int, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy's refusal tells no password; a 407 is a ConnectError, and the same credentials are not offered again."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with RawServer(always(answer(status))) as proxy:
        address = proxy.url.replace("//", f"//ann:{password}@")
        async with through(address, events, url=f"{scheme}://example.test") as dd:
            with pytest.raises(ConnectError) as raised:
                await dd.pages.escalate("p1")
        assert len(proxy.requests) == asked
    shown = f"{all_of(raised.value)} {events} {caplog.text} {dd!r} {dd.options!r} {dd.budgets()}"
    assert f"{status}" in str(raised.value)
    assert password not in shown.replace("abcd", "")
    assert "ann:" not in shown


async def test_nobody_at_the_proxy() -> None:
    """A proxy that cannot be reached is named without its password."""
    async with through("http://ann:S3CRET-PASS@127.0.0.1:9", []) as dd:
        with pytest.raises(ConnectError, match=r"127\.0\.0\.1:9") as raised:
            await dd.schedules.get("s")
    assert "S3CRET" not in all_of(raised.value)


@pytest.mark.parametrize(
    ("no_proxy", "proxied"),
    [("", True), ("example.test:8080", False), ("example.test:9090", True), ("example.test", False)],
)
async def test_exceptions_have_ports(no_proxy: str, proxied: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_PROXY` with a port is for that port only."""
    async with RawServer(always(answer(400, {"errors": ["by the proxy"]}))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", no_proxy)
        async with through(None, [], url="http://example.test:8080", trust_env=True) as dd:
            with pytest.raises(BadRequest if proxied else ConnectError):
                await dd.schedules.get("s")
        assert len(proxy.requests) == proxied


@pytest.mark.parametrize("bad", ["socks5://ann:S3CRET@proxy:1080", "http://ann:S3CRET@", "proxy:3128", "http://a b"])
async def test_proxy_of_the_environment_is_checked(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment has is checked as the option is: an error that names the variable, and shows no password."""
    monkeypatch.setenv("http_proxy", bad)
    monkeypatch.setenv("no_proxy", "")
    async with through(None, [], trust_env=True) as dd:
        with pytest.raises(OptionsError, match="http") as raised:
            await dd.schedules.get("s")
    assert raised.value.field == "HTTP_PROXY"
    assert "S3CRET" not in all_of(raised.value)


HEADERS = {
    "X-Request-Id": f"r{STEERING}1 {API_KEY}",
    "X-RateLimit-Name": f"n{STEERING} {API_KEY}",
    "X-RateLimit-Remaining": "10",
    "X-RateLimit-Limit": "20",
    "X-RateLimit-Period": "60",
    "X-RateLimit-Reset": "5",
}


@pytest.mark.parametrize("status", [200, 302, 400, 403, 429, 500])
async def test_what_a_server_says_is_fit_to_be_shown(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """No header and no body reaches an error, an event, a log or a budget with a credential or what steers in it."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    sendable = {name: value.translate(dict.fromkeys((0, 10, 13, 0x85, 0xD800), " ")) for name, value in HEADERS.items()}
    location = {"Location": f"https://el{API_KEY}.example/"} if status == 302 else {}
    body = {"errors": [f"no {STEERING[:-1]} {API_KEY} way", {"title": APP_KEY, "detail": STEERING[:-1]}]}
    async with RawServer(always(answer(status, body, headers={**sendable, **location}))) as server:
        options = ClientOptions(
            clock=VirtualClock(), retry=RetryPolicy(max_attempts=1, max_refusals=0), hooks=(events.append, log_events)
        )
        async with DatadogOnCall(API_KEY, APP_KEY, api_url=server.url, options=options) as dd:
            with pytest.raises(OnCallError) as raised:
                await dd.schedules.get("s")
            shown = [str(raised.value), repr(vars(raised.value)), *map(str, events), str(dd.budgets())]
            learned = [event.budget.name for event in events if isinstance(event, BudgetLearned)]
    for text in [*shown, *filter(None, learned), *(record.getMessage() for record in caplog.records)]:
        assert API_KEY not in text
        assert APP_KEY not in text
        assert text.isprintable(), repr(text)


PAGE: dict[str, Any] = {
    "title": "t", "created_at": "2027-01-04T09:00:00Z", "status": "triggered", "urgency": "high", "tags": [],
}  # fmt: skip
UNREADABLE: dict[str, Any] = {
    "a time": {"type": "pages", "id": "p", "attributes": {**PAGE, "created_at": API_KEY}},
    "an id": {"type": "pages", "id": API_KEY, "attributes": {**PAGE, "created_at": 5}},
    "a type": {"type": API_KEY, "id": "p", "attributes": PAGE},
    "a field": {"type": "pages", "id": "p", "attributes": {**PAGE, "status": [API_KEY]}},
}


def chain(error: BaseException | None) -> str:
    """Return all that can be seen of an error and of those that it came from, also of those that are not printed."""
    parts: list[str] = []
    while error is not None:
        parts += [str(error), repr(error), repr(vars(error)), str(getattr(error, "doc", ""))]
        error = error.__cause__ or error.__context__
    return " ".join(parts)


@pytest.mark.parametrize("name", [*UNREADABLE, "no JSON"])
async def test_answer_that_cannot_be_read_shows_no_secret(name: str) -> None:
    """A credential that comes back in an answer that cannot be read is in none of the errors."""
    for one in (True, False):
        value = UNREADABLE.get(name, "")
        body = orjson.dumps({"data": value if one else [value]}) if value else f'{{"data": {API_KEY}'.encode()
        async with RawServer(always(answer(200, body))) as server, through(None, [], url=server.url) as dd:
            with pytest.raises(CodecError) as raised:
                await (dd.pages.get("p") if one else anext(aiter(dd.pages.list())))
            assert API_KEY not in chain(raised.value)
    rows = {"next": None, "results": [{"id": [API_KEY]}]}
    async with RawServer(always(answer(200, rows))) as server, GrafanaOnCall(server.url, API_KEY) as gf:
        with pytest.raises(CodecError) as raised:
            await anext(aiter(gf.alert_groups.list()))
        assert API_KEY not in chain(raised.value)


async def test_name_of_a_limit_that_comes_again() -> None:
    """A credential in the name of a limit is hidden however often it comes."""
    events: list[Event] = []
    reply = answer(200, headers=HEADERS | {"X-RateLimit-Name": API_KEY, "X-Request-Id": "r"})
    async with RawServer(always(reply)) as server, through(None, events, url=server.url) as dd:
        for _ in range(3):
            await dd.pages.acknowledge("p")
        assert dd.budgets()
        assert API_KEY not in f"{dd.budgets()} {[str(event) for event in events]}"


ANY = st.text(max_size=30)


@given(first=ANY, second=ANY)
def test_no_error_steers(first: str, second: str) -> None:
    """Whatever an error is about, its message and its attributes are one line without what steers."""
    call: dict[str, Any] = {"method": "GET", "route": "/x"}
    errors: list[OnCallError] = [
        OnCallError(first),
        ApiError(status=400, errors=(first, second), request_id=second, **call),
        CodecError(first, path=second, resource=first),
        AmbiguousOutcome(attempts=1, named={"title": first}, hint=second, cause=ValueError(second), **call),
        OptionsError("field", first, second),
    ]
    for error in errors:
        told = [str(error), *(value for value in vars(error).values() if isinstance(value, str))]
        told += getattr(error, "errors", ())
        for text in told:
            assert one_line(text) == text
            text.encode()


@given(text=st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_one_line(text: str) -> None:
    """A text on one line has no second line, nothing that steers, and can be encoded; what was fit stays as it is."""
    line = one_line(text)
    assert not set(line) & (set(STEERING) - set("[31m"))
    line.encode()
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


@given(secret=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=6, max_size=12), around=ANY)
def test_secrets_are_hidden(secret: str, around: str) -> None:
    """A secret is hidden wherever it stands, as it is and as it stands in an address."""
    found = Secrets([secret]).redact(f"{around}{secret}{around} {quote(secret, safe='')}")
    if secret not in f"{around}{MASK}{around} {MASK}":
        assert secret not in found
    assert MASK in found


def test_short_secrets_are_left() -> None:
    """A secret of fewer than six characters garbles no message; in an address whoever stands before the @ is hidden."""
    assert Secrets(["a", "key", ""]).redact("a key that is not") == "a key that is not"
    assert Secrets().redact("see http://ann:pw@host/x and a@b") == f"see http://{MASK}@host/x and a@b"


def test_titles_in_a_journal_are_lines() -> None:
    """What a job keeps of an item is on one line: a title cannot add lines to a preview or a report."""
    item = Item(id="p1", title=f"Down{STEERING}", team="x\ny", state=None)
    assert item.title is not None
    assert item.title.isprintable()
    assert (item.team, item.state) == ("x y", None)
