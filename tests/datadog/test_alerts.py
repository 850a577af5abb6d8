"""Alerts: one page for a key, sent again within the call, and in doubt once the call has given up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest
from datadog_api_client.v2.model.event_create_request_payload import EventCreateRequestPayload
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import (
    AmbiguousOutcome,
    BadRequest,
    CallCancelled,
    ClientClosed,
    ClientOptions,
    ConnectError,
    DatadogOnCall,
    DeadlineExceeded,
    Forbidden,
    OnCallError,
    OptionsError,
    PoolOptions,
    RateLimited,
    ServerError,
)
from aiooncall.codec import dumps
from aiooncall.datadog import AlertLink, AlertLinkCategory
from aiooncall.datadog.resources.alerts import RECOVER, TRIGGER
from aiooncall.datadog.sites import SITES
from aiooncall.datadog.writing.alert import alert_attributes, with_details
from aiooncall.simulator import Fault, FaultKind, Simulator
from aiooncall.simulator.datadog.events import read_event
from aiooncall.transport.endpoint import Idempotency
from tests.support.datadog_client import API_KEY, APP_KEY, datadog, in_flight, scripted, sends
from tests.support.published_client import published_model
from tests.support.raw_server import RawServer, always, answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall import Event

EVENTS: Final = "/api/v2/events"
LOST: Final = [
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.ERROR_AFTER, status=408),
    Fault(FaultKind.ERROR_AFTER, status=500),
    Fault(FaultKind.ERROR_AFTER, status=503, retry_after="2"),
    Fault(FaultKind.ERROR_AFTER, status=524),
    Fault(FaultKind.ERROR_BEFORE, status=503, retry_after="2"),
    Fault(FaultKind.ERROR_BEFORE, status=502, html=True),
    Fault(FaultKind.SLOW, delay=60.0),
]
"""What leaves it open whether an attempt had an effect."""
REFUSED: Final = [
    Fault(FaultKind.THROTTLE),
    Fault(FaultKind.THROTTLE_BARE),
    Fault(FaultKind.THROTTLE_HTML),
    Fault(FaultKind.THROTTLE, retry_after="3"),
]
UNREAD: Final = [Fault(FaultKind.SLOW_BODY, delay=60.0), Fault(FaultKind.TRUNCATED_BODY), Fault(FaultKind.EMPTY_OK)]
"""What spoils a body that nobody needs."""
RUNBOOK: Final = AlertLink("https://wiki.example.com/disk", AlertLinkCategory.RUNBOOK, title="Disk full")


def name(fault: Fault) -> str:
    """Return a readable test id."""
    return f"{fault.kind}-{fault.status or ''}{fault.retry_after or ''}".strip("-")


async def trigger(client: DatadogOnCall, **other: Any) -> None:
    """Trigger the alert that these tests are about."""
    await client.alerts.trigger(**{"title": "Disk full", "team": "storage", "key": "disk-db-1", **other})


async def recover(client: DatadogOnCall, **other: Any) -> None:
    """End it."""
    await client.alerts.recover(**{"key": "disk-db-1", "team": "storage", **other})


def pages(sim: Simulator) -> int:
    """Return how many pages were made."""
    return sim.ledger.count("create")


async def test_one_page_for_a_key(sim: Simulator, dd: DatadogOnCall) -> None:
    """However often an alert of a key is triggered, it pages once; recovery ends that, and the next one pages anew."""
    await trigger(dd)
    await trigger(dd, title="Disk still full")
    assert pages(sim) == 1
    await recover(dd)
    await recover(dd)
    assert (sim.ledger.count("resolve"), sim.ledger.unfinished()) == (1, [])
    await trigger(dd)
    await trigger(dd, key="disk-db-2")
    assert (pages(sim), sim.ledger.doubled()) == (3, [])


async def test_page_of_an_alert(sim: Simulator, dd: DatadogOnCall) -> None:
    """The page has the alert's title, message and tags, and the team that was named."""
    await trigger(dd, message="98 % used", priority=1, tags=["Service:Checkout"], links=[RUNBOOK])
    (page_id,) = sim.ledger.pages_by_title("Disk full")
    page = await dd.pages.get(page_id)
    assert (page.description, page.tags) == ("98 % used\n@oncall-storage", ("service:checkout",))
    assert getattr(page.target, "handle", None) == "storage"
    assert [note.page_id for note in sim.ledger.notifications] == [page_id]


async def test_a_page_resolved_by_hand_is_over(sim: Simulator, dd: DatadogOnCall) -> None:
    """A page of a key that somebody has resolved does not keep the next alert from paging."""
    await trigger(dd)
    await dd.pages.resolve(*sim.ledger.unfinished())
    await trigger(dd)
    assert (pages(sim), sim.ledger.doubled()) == (2, [])


@pytest.mark.parametrize("fault", LOST + REFUSED, ids=name)
async def test_repeated_within_the_call(fault: Fault) -> None:
    """An alert whose answers get lost or that is refused is sent again until one arrives, and pages once."""
    async with datadog(scripted("POST", EVENTS, fault, fault)) as (sim, client):
        await trigger(client)
        assert sends(sim, "POST", EVENTS) == 3
        assert (pages(sim), sim.ledger.doubled(), in_flight(client)) == (1, [], 0)


@pytest.mark.parametrize("fault", UNREAD, ids=name)
async def test_body_of_the_answer_does_not_matter(fault: Fault) -> None:
    """A success whose body is spoilt is a success: it is not sent again."""
    async with datadog(scripted("POST", EVENTS, fault)) as (sim, client):
        await trigger(client)
        assert (sends(sim, "POST", EVENTS), pages(sim)) == (1, 1)


@pytest.mark.parametrize("fault", LOST, ids=name)
async def test_in_doubt_when_the_attempts_are_used_up(fault: Fault) -> None:
    """An alert of which no answer arrived is in doubt; the error says what it was about and how to look."""
    async with datadog(scripted("POST", EVENTS, *[fault] * 9)) as (sim, client):
        with pytest.raises(AmbiguousOutcome, match="newest ones before you trigger it again") as raised:
            await trigger(client)
        doubt = raised.value
        assert doubt.named == {"key": "disk-db-1", "title": "Disk full", "team": "storage"}
        assert doubt.attempts == sends(sim, "POST", EVENTS) == 4
        assert isinstance(doubt.__cause__, OnCallError)
        assert pages(sim) <= 1
        assert in_flight(client) == 0


LAST: Final[dict[str, tuple[Fault, type[OnCallError]]]] = {
    "refused for good": (Fault(FaultKind.ERROR_BEFORE, status=400), BadRequest),
    "forbidden": (Fault(FaultKind.ERROR_BEFORE, status=403), Forbidden),
    "not done": (Fault(FaultKind.ERROR_BEFORE, status=501), ServerError),
    "no time to wait": (Fault(FaultKind.THROTTLE, retry_after="3000"), RateLimited),
}


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("lost", [True, False], ids=["after a lost answer", "at first"])
async def test_what_a_last_answer_leaves(last: str, lost: bool) -> None:
    """A refusal after a lost answer leaves the doubt, as it tells nothing of the attempt before; alone it is one."""
    fault, kind = LAST[last]
    plan = scripted("POST", EVENTS, *[Fault(FaultKind.DROP_AFTER)] * lost, fault)
    async with datadog(plan, deadline=60.0) as (sim, client):
        with pytest.raises(AmbiguousOutcome if lost else kind) as raised:
            await trigger(client)
        assert isinstance(raised.value.__cause__ if lost else raised.value, kind)
        assert pages(sim) == lost


async def test_redirect_leaves_a_doubt() -> None:
    """An answer that is no answer is in doubt at once: to ask again would bring the same."""
    async with datadog(scripted("POST", EVENTS, FaultKind.REDIRECT)) as (sim, client):
        with pytest.raises(AmbiguousOutcome, match="redirects are not followed"):
            await trigger(client)
        assert (sends(sim, "POST", EVENTS), sim.elsewhere) == (1, [])


async def test_in_doubt_at_the_deadline(sim: Simulator, dd: DatadogOnCall) -> None:
    """A deadline that ends an attempt leaves a doubt."""
    sim.faults.script("POST", EVENTS, Fault(FaultKind.SLOW, delay=600.0))
    with pytest.raises(AmbiguousOutcome) as raised:
        await trigger(dd.with_options(deadline=5.0))
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert pages(sim) == 1


@pytest.mark.parametrize("lost", [True, False], ids=["after a lost answer", "at first"])
async def test_deadline_in_the_queue(lost: bool) -> None:
    """A deadline that ends the wait for a turn leaves a doubt if an answer was lost before, and else nothing."""
    plan = scripted("POST", EVENTS, *[Fault(FaultKind.DROP_AFTER)] * lost, Fault(FaultKind.SLOW, delay=600.0))
    async with datadog(plan, connections=PoolOptions(max_connections=1), timeout=30.0) as (sim, client):
        hasty = client.with_options(deadline=5.0)
        calls = [trigger(hasty), trigger(client, key="other")]
        first, second = map(asyncio.create_task, calls if lost else reversed(calls))
        waiting, other = (first, second) if lost else (second, first)
        with pytest.raises(AmbiguousOutcome if lost else DeadlineExceeded) as raised:
            await waiting
        assert isinstance(raised.value.__cause__ if lost else raised.value, DeadlineExceeded)
        assert "waited until the deadline" in str(raised.value)
        assert sends(sim, "POST", EVENTS) == lost + 1
        other.cancel()


async def test_nobody_listens() -> None:
    """Where not a byte could be sent nothing is in doubt."""
    options = ClientOptions(clock=VirtualClock())
    async with DatadogOnCall("k", "a", events_url="http://127.0.0.1:9", options=options) as client:
        with pytest.raises(ConnectError):
            await trigger(client)


@pytest.mark.parametrize("lost", [True, False], ids=["after a lost answer", "at first"])
async def test_client_is_closed_meanwhile(lost: bool) -> None:
    """A client that is closed under a call that waits leaves a doubt if an answer was lost before, and else none."""
    faults = [Fault(FaultKind.DROP_AFTER)] * lost + [Fault(FaultKind.THROTTLE, retry_after="60")]
    async with datadog(scripted("POST", EVENTS, *faults)) as (sim, client):
        waiting = asyncio.create_task(trigger(client))
        await asyncio.sleep(30)
        await client.close()
        with pytest.raises(AmbiguousOutcome if lost else ClientClosed) as raised:
            await waiting
        assert isinstance(raised.value.__cause__ if lost else raised.value, ClientClosed)
        assert pages(sim) == lost


@pytest.mark.parametrize(
    ("faults", "left"),
    [
        ([Fault(FaultKind.SLOW, delay=600.0)], True),
        ([Fault(FaultKind.DROP_AFTER), Fault(FaultKind.THROTTLE, retry_after="60")], True),
        ([Fault(FaultKind.THROTTLE, retry_after="60")], False),
    ],
    ids=["on its way", "refused after a lost answer", "refused"],
)
async def test_cancelled(faults: list[Fault], left: bool) -> None:
    """A call that is cancelled tells whether something of it may have had an effect, and what it was about."""
    events: list[Event] = []
    async with datadog(scripted("POST", EVENTS, *faults), hooks=(events.append,)) as (_, client):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await trigger(client)
    (cancelled,) = (event for event in events if isinstance(event, CallCancelled))
    assert (cancelled.left, cancelled.repeatable, cancelled.named["key"]) == (left, False, "disk-db-1")


async def test_acknowledged_in_between_pages_again(sim: Simulator, dd: DatadogOnCall) -> None:
    """What a doubt is for: triggered again after somebody has acknowledged, an alert may page a second time."""
    sim.faults.script("POST", EVENTS, *[Fault(FaultKind.ERROR_AFTER, status=504)] * 4)
    with pytest.raises(AmbiguousOutcome):
        await trigger(dd)
    await dd.pages.acknowledge(*sim.ledger.unfinished())
    await trigger(dd)
    assert (pages(sim), len(sim.ledger.doubled())) == (2, 2)


@pytest.mark.parametrize("fault", LOST + REFUSED, ids=name)
async def test_recovery_is_repeated(fault: Fault) -> None:
    """A recovery is sent again through every passing fault, and ends the page once."""
    async with datadog(scripted("POST", EVENTS, None, fault, fault)) as (sim, client):
        await trigger(client)
        await recover(client)
        assert (sends(sim, "POST", EVENTS), sim.ledger.count("resolve"), sim.ledger.unfinished()) == (4, 1, [])


async def test_recovery_is_never_in_doubt(sim: Simulator, dd: DatadogOnCall) -> None:
    """A recovery that failed is an ordinary error: it pages nobody, so it can be done again."""
    sim.faults.script("POST", EVENTS, *[Fault(FaultKind.ERROR_AFTER, status=504)] * 4)
    with pytest.raises(ServerError) as raised:
        await recover(dd)
    assert raised.value.attempts == 4
    await recover(dd, title="It is over", message="Cleaned up")
    assert (RECOVER.idempotency, TRIGGER.idempotency) == (Idempotency.IDEMPOTENT, Idempotency.WITHIN_CALL)


async def test_events_have_a_host_of_their_own(sim: Simulator) -> None:
    """Alerts go to the events host and nothing else does."""
    async with (
        Simulator(clock=VirtualClock()) as events,
        DatadogOnCall(API_KEY, APP_KEY, api_url=sim.datadog_url, events_url=events.events_url) as client,
    ):
        await trigger(client)
        await client.pages.get(sim.add_page(title="x"))
        assert [request.path for request in events.ledger.requests] == [EVENTS]
        assert sends(sim, "POST", EVENTS) == 0


@pytest.mark.parametrize("given", [("api_url",), ("paging_url",), ("api_url", "paging_url")])
async def test_events_are_refused_beside_another_url(sim: Simulator, given: tuple[str, ...]) -> None:
    """A client that was pointed elsewhere never sends an alert to Datadog itself: it wants an `events_url`."""
    async with DatadogOnCall(API_KEY, APP_KEY, **dict.fromkeys(given, sim.datadog_url)) as client:  # type: ignore[arg-type]
        for call in (trigger, recover):
            with pytest.raises(OptionsError) as raised:
                await call(client)
            assert raised.value.field == "events_url"
    assert sim.ledger.requests == []


@pytest.mark.parametrize("given", ["api_url", "paging_url", "events_url"])
def test_empty_url_is_not_the_usual_one(given: str) -> None:
    """An empty URL, such as that of a variable that is not set, is refused: it never stands for Datadog itself."""
    with pytest.raises(OptionsError) as raised:
        DatadogOnCall(API_KEY, APP_KEY, **{given: ""})  # type: ignore[arg-type]
    assert raised.value.field == given


@pytest.mark.parametrize("site", SITES)
def test_each_site_takes_alerts_on_a_host_of_its_own(site: str) -> None:
    """Alerts go to the host of the site that takes events in, also by a client made from the environment."""
    env = {"DD_API_KEY": API_KEY, "DD_APP_KEY": APP_KEY, "DD_SITE": site}
    assert f"events='https://event-management-intake.{site}'" in repr(DatadogOnCall.from_env(env))


STEERING: Final = "\x1b[31m\u202e\r\n"


@pytest.mark.parametrize("status", [302, 403, 500, 429])
async def test_nothing_shows_a_secret(status: int) -> None:
    """No credential that a server says, and nothing that steers a terminal, is in an error, an event or a budget."""
    events: list[Event] = []
    headers = {"Location": f"https://el{API_KEY}.example/", "X-Request-Id": APP_KEY, "X-RateLimit-Name": API_KEY}
    reply = answer(status, {"errors": [f"no {STEERING} {API_KEY}", {"title": APP_KEY}]}, headers=headers)
    options = ClientOptions(clock=VirtualClock(), hooks=(events.append,))
    async with (
        RawServer(always(reply)) as server,
        DatadogOnCall(API_KEY, APP_KEY, events_url=server.url, options=options) as client,
    ):
        for call in (trigger, recover):
            with pytest.raises(OnCallError) as raised:
                await call(client, title=f"Disk full{STEERING}")
            error = raised.value
            shown = f"{error} {error!r} {vars(error)!r} {error.__cause__!r} {client!r} {client.budgets()} {events}"
            assert API_KEY not in shown
            assert APP_KEY not in shown
            assert str(error).isprintable()


HALF: Final = "half \udcff a pair"
WRONG: Final[list[tuple[str, dict[str, Any]]]] = [
    *(("key", {"key": wrong}) for wrong in ("", " ", "x" * 101, 7, None, HALF)),
    *(("title", {"title": wrong}) for wrong in ("", " ", "x" * 501, 7, None, HALF)),
    *(("team", {"team": wrong}) for wrong in ("", "@storage", "two words", "storage.", "a,b", "x\n", 7, None, HALF)),
    ("team", {"team": "65b4a9f0-cb9a-11f0-ae87-2a5e5028fcef"}),
    *(("message", {"message": wrong}) for wrong in ("x" * (4000 - len("@oncall-storage")), 7, b"x", HALF)),
    *(("priority", {"priority": wrong}) for wrong in (0, 6, "1", True, 1.5)),
    *(("tags", {"tags": wrong}) for wrong in ("a:b", [""], [7], ["a:b"] * 101, 7)),
    ("tags[1]", {"tags": ["a:b", HALF]}),
    *(("links", {"links": wrong}) for wrong in (["https://x"], [RUNBOOK] * 21, "https://x", RUNBOOK, None)),
]


@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=str)
async def test_wrong_argument(sim: Simulator, dd: DatadogOnCall, field: str, wrong: dict[str, Any]) -> None:
    """What Datadog would refuse, or what would page nobody, is an OptionsError that names it; nothing is sent."""
    calls = (
        [trigger, recover] if field in {"key", "title", "team", "message"} and wrong != {"title": None} else [trigger]
    )
    for call in calls:
        with pytest.raises(OptionsError) as raised:
            await call(dd, **wrong)
        assert raised.value.field == field
        str(raised.value).encode()
    assert sim.ledger.requests == []


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", {"url": ""}),
        ("url", {"url": "x" * 2049}),
        ("url", {"url": None}),
        ("category", {"category": "photo"}),
        ("category", {"category": None}),
        ("title", {"title": ""}),
        ("title", {"title": "x" * 301}),
    ],
)
def test_wrong_link(field: str, wrong: dict[str, Any]) -> None:
    """A link that Datadog would refuse cannot be made."""
    with pytest.raises(OptionsError) as raised:
        AlertLink(**{"url": "https://x.example.com", "category": "runbook", **wrong})
    assert raised.value.field == field


TEXTS: Final = st.text(max_size=110)
TITLES: Final = TEXTS | st.integers(495, 505).map(lambda size: "x" * size)
LINKS: Final = st.builds(
    AlertLink,
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30),
    st.sampled_from(AlertLinkCategory),
    st.none() | st.just("Disk"),
)


@given(
    key=TEXTS,
    title=TITLES,
    message=st.none() | TEXTS | st.integers(3975, 3990).map(lambda size: "x" * size),
    priority=st.none() | st.integers(0, 6),
    tags=st.lists(st.text(max_size=5), max_size=3) | st.integers(99, 101).map(lambda size: ["a:b"] * size),
    links=st.lists(LINKS, max_size=22),
)
def test_what_is_sent_is_what_datadog_takes(
    key: str, title: str, message: str | None, priority: int | None, tags: list[str], links: list[AlertLink]
) -> None:
    """What is not refused is read by Datadog's own model and by the simulator, and mentions the team; the rest is."""
    try:
        event = with_details(alert_attributes("error", key, title, "storage", message), priority, tags, links)
    except OptionsError:
        fits = key.strip() and len(key) <= 100 and title.strip() and len(title) <= 500 and len(message or "") <= 3984
        assert not (
            fits and priority not in {0, 6} and all(map(str.strip, tags)) and len(tags) <= 100 and len(links) <= 20
        )
        return
    body = {"data": {"type": "event", "attributes": event}}
    published_model(EventCreateRequestPayload, body)
    read = read_event(dumps(body))
    assert (read.key, read.title, read.status, len(read.tags)) == (key, title, "error", len(tags))
    assert read.message == (f"{message}\n@oncall-storage" if message else "@oncall-storage")
