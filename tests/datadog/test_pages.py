"""Pages: every operation, every local check, and lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import (
    AmbiguousOutcome,
    DatadogOnCall,
    NotFound,
    OptionsError,
    PageSort,
    PageStatus,
    ResultLimitReached,
    TeamHandle,
    TeamId,
    Urgency,
    UserId,
)
from aiooncall.client.base import core_of
from aiooncall.datadog import ReleaseOrigin
from aiooncall.datadog.resources import pages as pages_module
from aiooncall.datadog.sites import SITES
from aiooncall.simulator import Fault, FaultKind
from aiooncall.transport.error_body import host_of
from tests.support.datadog_client import PAGES, TEAM, datadog, scripted, sends
from tests.support.datadog_world import answering
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from aiooncall import Page
    from aiooncall.simulator import Simulator


async def everything(client: DatadogOnCall, *args: Any, **kwargs: Any) -> list[Page]:
    """Return all pages of a list."""
    return [page async for page in client.pages.list(*args, **kwargs)]


@pytest.mark.parametrize("target", [TeamHandle("storage"), TeamId("T-1"), UserId("U-1")])
async def test_life_of_a_page(sim: Simulator, dd: DatadogOnCall, target: TeamHandle | TeamId | UserId) -> None:
    """A page is created, read, acknowledged, escalated, rerouted and resolved, each once, for every kind of target."""
    made = await dd.pages.create(
        "disk full", target=target, urgency="low", description="89 %", tags=["service:db"], dedup_key="disk-1"
    )
    page = await dd.pages.get(made.id)
    assert (page.title, page.urgency, page.description) == ("disk full", Urgency.LOW, "89 %")
    assert page.tags == ("service:db", "dedup_key:disk-1")
    assert page.status is PageStatus.TRIGGERED
    assert page.created_at.tzinfo is not None
    assert page.target is not None
    await dd.pages.acknowledge(made.id)
    await dd.pages.escalate(made.id)
    await dd.pages.reroute(made.id, target=UserId("U-2"))
    await dd.pages.resolve(made.id)
    actions = [effect.action for effect in sim.ledger.effects]
    assert actions == ["create", "acknowledge", "escalate", "reroute", "resolve"]


async def test_accepted_is_not_done() -> None:
    """A 202 is an acceptance: the state changes a moment later."""
    async with datadog(simulator={"settle_delay": 5.0}) as (sim, client):
        page = sim.add_page(title="disk full")
        await client.pages.resolve(page)
        assert (await client.pages.get(page)).status == "triggered"
        await client.options.clock.sleep(6.0)
        assert (await client.pages.get(page)).status is PageStatus.RESOLVED


async def test_missing_page(dd: DatadogOnCall) -> None:
    """A page that does not exist is NotFound with the server's words, method, route and attempts."""
    with pytest.raises(NotFound) as raised:
        await dd.pages.acknowledge("15e74b8b-f865-48d0-bcc5-453323ed2c8f")
    error = raised.value
    assert (error.status, error.method, error.attempts) == (404, "POST", 1)
    assert error.route == "/api/v2/on-call/pages/{page_id}/acknowledge"
    assert error.errors


async def test_unknown_vocabulary_is_kept() -> None:
    """Unknown statuses stay text, unknown fields and relationships are kept in `extra`."""
    async with datadog(simulator={"drift": True}) as (sim, client):
        page = await client.pages.get(sim.add_page(title="disk full"))
        assert page.status == "snoozed_by_robot"
        assert not isinstance(page.status, PageStatus)
        assert page.extra
        assert (await client.pages.create("x", target=TEAM)).id


@pytest.mark.parametrize("origin", [*ReleaseOrigin, "eclipse"])
async def test_what_snoozed_a_page(origin: str) -> None:
    """A page says what snoozed it, and an origin that nobody knows stays text."""
    snoozed = {
        "type": "pages",
        "id": "p",
        "attributes": {
            "title": "disk full",
            "status": "acknowledged",
            "created_at": "2027-01-15T08:00:00Z",
            "release_at": "2027-01-15T09:00:00Z",
            "release_origin": str(origin),
        },
    }
    async with answering({"data": snoozed}) as (_, client):
        page = await client.pages.get("p")
    assert (page.release_origin, type(page.release_origin)) == (origin, type(origin))
    assert page.release_at == datetime(2027, 1, 15, 9, tzinfo=UTC)


BAD_CREATES: list[tuple[str, dict[str, Any]]] = [
    ("title", {"title": ""}),
    ("title", {"title": " \n "}),
    ("title", {"title": "x" * 1025}),
    ("title", {"title": 5}),
    ("urgency", {"urgency": "medium"}),
    ("urgency", {"urgency": None}),
    ("description", {"description": 5}),
    ("target", {"target": "storage"}),
    ("target", {"target": None}),
    ("tags", {"tags": "service:db"}),
    ("tags", {"tags": ["ok", ""]}),
    ("tags", {"tags": [1]}),
    *[("dedup_key", {"dedup_key": key}) for key in ("", "Upper", "sp ace", "ümlaut", "x" * 191, "new\nline", "a:", 7)],
]


@pytest.mark.parametrize(("field", "bad"), BAD_CREATES)
async def test_bad_create_is_refused_locally(
    sim: Simulator, dd: DatadogOnCall, field: str, bad: dict[str, Any]
) -> None:
    """A wrong argument of create is an OptionsError that names it; nothing is sent."""
    with pytest.raises(OptionsError, match=field) as raised:
        await dd.pages.create(**{"title": "disk full", "target": TEAM, **bad})
    assert raised.value.field == field
    assert sim.ledger.requests == []


@pytest.mark.parametrize("kind", [TeamHandle, TeamId, UserId])
@pytest.mark.parametrize("identifier", ["", "  ", "a\nb", None, 7])
def test_bad_target(kind: Any, identifier: Any) -> None:
    """A target with a blank, broken or non-text identifier cannot be made."""
    with pytest.raises(OptionsError, match="identifier"):
        kind(identifier)


BAD_IDS = [
    "",
    " ",
    "a/b",
    "..",
    ".",
    "a?b",
    "a#b",
    "a\\b",
    "a%2fb",
    "a\nb",
    "a\rb",
    "a b",
    "a\x00b",
    "x" * 513,
    7,
    None,
]


@pytest.mark.parametrize("operation", ["get", "acknowledge", "resolve", "escalate", "reroute"])
@pytest.mark.parametrize("bad", BAD_IDS)
async def test_bad_id_is_refused_locally(sim: Simulator, dd: DatadogOnCall, operation: str, bad: Any) -> None:
    """An id that is blank or could change the path is an OptionsError for every operation; nothing is sent."""
    arguments = {"target": TEAM} if operation == "reroute" else {}
    with pytest.raises(OptionsError, match="page_id"):
        await getattr(dd.pages, operation)(bad, **arguments)
    assert sim.ledger.requests == []


async def test_odd_ids_arrive_as_they_are(sim: Simulator, dd: DatadogOnCall) -> None:
    """Ids that are not UUIDs, even not ASCII, reach the server as one path segment."""
    for odd in ("abc_previous", "virtual-1-rule-0", "a:b@c", "ü-1"):
        with pytest.raises(NotFound):
            await dd.pages.get(odd)
    assert [r.path.count("/") for r in sim.ledger.requests] == [5, 5, 5, 5]


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
async def test_list_yields_everything_once(sim: Simulator, dd: DatadogOnCall, size: int) -> None:
    """A list yields each page once, whatever the page size."""
    ids = {sim.add_page(title=f"p{number}") for number in range(25)}
    listed = await everything(dd, page_size=size)
    assert len(listed) == 25
    assert {page.id for page in listed} == ids


async def test_list_filters_and_sorts(sim: Simulator, dd: DatadogOnCall) -> None:
    """Query, sort and `since` do what they say; `since` reads newest first and stops."""
    for number in range(10):
        status = "resolved" if number % 2 else "triggered"
        sim.add_page(title=f"p{number}", status=status, created_at=EPOCH - 100 * number)
    assert {p.title for p in await everything(dd, "status:resolved")} == {"p1", "p3", "p5", "p7", "p9"}
    newest_last = await everything(dd, sort=PageSort.CREATED_AT)
    assert newest_last[0].title == "p9"
    since = datetime.fromtimestamp(EPOCH, UTC) - timedelta(seconds=250)
    assert [p.title for p in await everything(dd, since=since)] == ["p0", "p1", "p2"]


async def test_list_survives_rows_that_move() -> None:
    """Pages created while a list is read are not yielded twice."""
    async with datadog(simulator={"search_lag": 0.0}) as (sim, client):
        for number in range(30):
            sim.add_page(title=f"p{number}", created_at=EPOCH - 1000 + number)
        seen: list[str] = []
        async for page in client.pages.list(page_size=10, sort=PageSort.CREATED_AT_DESCENDING):
            if len(seen) == 5:
                for number in range(3):
                    sim.add_page(title=f"new{number}", created_at=EPOCH + number)
            seen.append(page.id)
        assert len(seen) == len(set(seen)) == 30


async def test_list_bound_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the server's 50 000 rows a list raises ResultLimitReached, after all it could reach."""
    monkeypatch.setattr(pages_module, "LIST_BOUND", 40)
    async with datadog() as (sim, client):
        for number in range(60):
            sim.add_page(title=f"p{number}")
        stream = client.pages.list(page_size=20)
        assert len({(await anext(stream)).id for _ in range(40)}) == 40
        with pytest.raises(ResultLimitReached) as raised:
            await anext(stream)
        assert raised.value.limit == 40


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("page_size", {"page_size": 0}),
        ("page_size", {"page_size": 1001}),
        ("page_size", {"page_size": "10"}),
        ("sort", {"sort": "title"}),
        ("since", {"since": datetime(2026, 1, 1)}),  # noqa: DTZ001 (naive on purpose)
        ("since", {"since": "2026-01-01"}),
        ("sort", {"sort": "created_at", "since": datetime(2026, 1, 1, tzinfo=UTC)}),
    ],
)
async def test_bad_list_is_refused_locally(sim: Simulator, dd: DatadogOnCall, field: str, bad: dict[str, Any]) -> None:
    """A wrong argument of list, a naive datetime among them, is an OptionsError; nothing is sent."""
    with pytest.raises(OptionsError, match=field):
        await everything(dd, **bad)
    assert sim.ledger.requests == []


@pytest.mark.parametrize("mode", ["normal", "empty_body", "ignores_tags"])
@pytest.mark.parametrize("lag", [0.2, 4.0])
async def test_reconciliation_tolerates_the_search(mode: str, lag: float) -> None:
    """A lost page is found although the search lags, ignores tags or answers an empty 200 to a query."""
    plan = scripted("POST", PAGES, Fault(FaultKind.ERROR_AFTER, status=504))
    async with datadog(plan, simulator={"search_mode": mode, "search_lag": lag}) as (sim, client):
        sim.add_page(title="older", tags=["dedup_key:k1"], created_at=EPOCH - 3600)
        if mode == "empty_body":
            with pytest.raises(AmbiguousOutcome):
                await client.pages.create("disk full", target=TEAM, dedup_key="k1")
        else:
            page = await client.pages.create("disk full", target=TEAM, dedup_key="k1")
            assert page.reconciled
            assert sim.ledger.pages_by_title("disk full") == [page.id]
        assert sends(sim, "POST", PAGES) == 1


async def test_older_page_of_the_same_key_is_not_taken_for_the_new_one() -> None:
    """A page of the same key from an hour ago is not the result of a create that never happened."""
    plan = scripted("POST", PAGES, Fault(FaultKind.DROP_BEFORE))
    async with datadog(plan) as (sim, client):
        sim.add_page(title="older", tags=["dedup_key:k1"], created_at=EPOCH - 3600)
        with pytest.raises(AmbiguousOutcome):
            await client.pages.create("disk full", target=TEAM, dedup_key="k1")
        assert sends(sim, "POST", PAGES) == 1


@pytest.mark.parametrize("refused", ["filter", "sort"])
async def test_one_way_of_looking_is_enough(refused: str) -> None:
    """A server that refuses the query, or the order, still gives the lost page by the other way of looking."""
    plan = scripted("POST", PAGES, Fault(FaultKind.ERROR_AFTER, status=504))
    refusal = Fault(FaultKind.ERROR_BEFORE, status=400)
    plan.script("GET", PAGES, *([refusal, None] if refused == "filter" else [None, refusal]) * 20)
    async with datadog(plan, simulator={"search_lag": 0.0 if refused == "sort" else 0.2}) as (_, client):
        page = await client.pages.create("disk full", target=TEAM, dedup_key="k1")
        assert page.reconciled


@pytest.mark.parametrize("location", ["http://[::1", "/same", "", "https://elsewhere.invalid/x"])
def test_redirect_targets_are_read_leniently(location: str) -> None:
    """Whatever a Location header says, its host can be told without an error."""
    assert host_of(location)


async def test_search_that_fails_proves_nothing() -> None:
    """When the search itself is refused or broken, the create stays in doubt and is not repeated."""
    plan = scripted("POST", PAGES, Fault(FaultKind.DROP_AFTER))
    plan.seed(seed=1, rates={Fault(FaultKind.ERROR_BEFORE, status=403): 1.0}, methods={"GET"})
    async with datadog(plan) as (sim, client):
        with pytest.raises(AmbiguousOutcome):
            await client.pages.create("disk full", target=TEAM, dedup_key="k1")
        assert sim.ledger.count("create") == 1


@pytest.mark.parametrize("site", SITES)
def test_sites(site: str) -> None:
    """Every site has its API host and paging host; paging differs from reading."""
    client = DatadogOnCall("k", "a", site=site)
    assert core_of(client).profile.hosts["api"] == f"https://api.{site}"
    if not site.endswith("gov.com"):
        assert str(core_of(client).profile.hosts["paging"]).endswith(f".oncall.datadoghq.{site.rpartition('.')[2]}")


@pytest.mark.parametrize("site", ["", "datadog.com", "DATADOGHQ.COM", None, ["x"]])
def test_unknown_site(site: Any) -> None:
    """An unknown site is an OptionsError that names the known ones."""
    with pytest.raises(OptionsError, match=r"site.*datadoghq\.eu"):
        DatadogOnCall("k", "a", site=site)


async def test_government_paging_needs_consent() -> None:
    """On a government site paging is refused until allowed, and reading is not."""
    async with DatadogOnCall("k", "a", site="ddog-gov.com") as client:
        with pytest.raises(OptionsError, match="gov_paging"):
            await client.pages.acknowledge("p1")
    allowed = DatadogOnCall("k", "a", site="ddog-gov.com", gov_paging=True)
    assert core_of(allowed).profile.hosts["paging"] is not None


@pytest.mark.parametrize("name", ["DD_API_KEY", "DD_APP_KEY"])
def test_environment_without_a_key(name: str) -> None:
    """A missing key is an OptionsError that names the variable; the site defaults to datadoghq.com."""
    env = {"DD_API_KEY": "k1", "DD_APP_KEY": "k2"}
    assert "datadoghq.com" in repr(DatadogOnCall.from_env(env))
    assert "datadoghq.eu" in repr(DatadogOnCall.from_env({**env, "DD_SITE": "datadoghq.eu"}))
    with pytest.raises(OptionsError, match=name):
        DatadogOnCall.from_env({key: value for key, value in env.items() if key != name})


async def test_environment_leads_elsewhere(sim: Simulator) -> None:
    """A client whose environment has a URL reads, pages and sends alerts there, and nowhere else."""
    env = {"DD_API_KEY": "k1", "DD_APP_KEY": "k2", "AIOONCALL_DATADOG_URL": sim.datadog_url}
    async with DatadogOnCall.from_env(env) as client:
        page = await client.pages.create("Disk full", target=TeamHandle("storage"))
        assert (await client.pages.get(page.id)).title == "Disk full"
        await client.alerts.trigger("Disk full", team="storage", key="disk")
    assert set(core_of(client).profile.hosts.values()) == {sim.datadog_url}
    assert sim.ledger.count("create") == 2


def test_empty_variable_is_none() -> None:
    """A variable for the URL that is empty leads to the site, and one that is no URL is refused."""
    env = {"DD_API_KEY": "k1", "DD_APP_KEY": "k2"}
    assert "datadoghq.com" in repr(DatadogOnCall.from_env({**env, "AIOONCALL_DATADOG_URL": ""}))
    with pytest.raises(OptionsError, match="api_url"):
        DatadogOnCall.from_env({**env, "AIOONCALL_DATADOG_URL": "nowhere"})


BAD_KEYS = ["", "a\nb", "a\r\nX: y", "schlüssel", "a b", "a\x00b"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_are_refused_without_being_shown(key: str) -> None:
    """A key that cannot travel in a header is refused, and its text is in no message."""
    for arguments in ({"api_key": key, "app_key": "a"}, {"api_key": "k", "app_key": key}, {"bearer_token": key}):
        with pytest.raises(OptionsError) as raised:
            DatadogOnCall(**arguments)  # type: ignore[arg-type]
        assert not key or key not in str(raised.value)


def test_keys_or_token() -> None:
    """Either both keys or a bearer token; not both, not none."""
    assert "t0ken" not in repr(DatadogOnCall(bearer_token="t0ken"))
    for arguments in ({}, {"api_key": "k"}, {"api_key": "k", "app_key": "a", "bearer_token": "t"}):
        with pytest.raises(OptionsError):
            DatadogOnCall(**arguments)  # type: ignore[arg-type]


async def test_bearer_token_travels() -> None:
    """With a bearer token, requests carry it instead of the keys."""
    async with datadog() as (sim, _), DatadogOnCall(bearer_token="t", api_url=sim.datadog_url) as client:
        assert await everything(client) == []
