"""What cannot be sent is refused before anything is sent, by an error that says what it is and where it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import OptionsError, TeamHandle, UserId, evolve
from aiooncall._base import zones
from aiooncall.codec import dumps
from aiooncall.datadog import ScheduleInclude
from aiooncall.grafana import OnCallShift, Webhook
from tests.support.datadog_world import world
from tests.support.grafana_calls import CALLS, KINDS, NEW, Ids, furnished

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.simulator import Simulator

HALF: Final = "half \udcff a pair"
"""What a byte that is no UTF-8 becomes in an argument of the command line, or in the name of a file."""
TARGET: Final = TeamHandle("storage")
PAGES: Final[dict[str, dict[str, Any]]] = {
    "title": {"title": HALF},
    "description": {"description": HALF},
    "tags[1]": {"tags": ["a:b", HALF]},
}


@pytest.mark.parametrize("field", PAGES)
async def test_half_a_character_in_a_page(sim: Simulator, dd: DatadogOnCall, field: str) -> None:
    """Half a surrogate pair in a page is an OptionsError that names where it stands; nobody is paged."""
    with pytest.raises(OptionsError) as raised:
        await dd.pages.create(**{"title": "x", "target": TARGET, **PAGES[field]})
    assert raised.value.field == field
    str(raised.value).encode()
    assert sim.ledger.requests == []


async def test_half_a_character_elsewhere(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall) -> None:
    """So it is in a search, in a key, in a page of Grafana's, in a message for a phone, and in a filter."""
    with pytest.raises(OptionsError, match="identifier"):
        UserId("half-\udcff")
    calls: dict[str, Any] = {
        "filter[query]": lambda: anext(aiter(dd.pages.list(HALF))),
        "dedup_key": lambda: dd.pages.create("x", target=TARGET, dedup_key=HALF),
        "title": lambda: gf.paging.page(users=["U1"], title=HALF),
        "users[0].id": lambda: gf.paging.page(users=[HALF]),
        "message": lambda: gf.phone.send_sms("ann@example.com", HALF),
        "name": lambda: anext(aiter(gf.schedules.list(name=HALF))),
    }
    for field, call in calls.items():
        with pytest.raises(OptionsError) as raised:
            await call()
        assert raised.value.field == field
    assert sim.ledger.requests == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if hasattr(NEW[kind](Ids()), "name")])
async def test_half_a_character_in_what_is_made(kind: str) -> None:
    """Nothing of any kind is made with half a surrogate pair in its name."""
    async with furnished() as (w, ids):
        with pytest.raises(OptionsError, match="name"):
            await getattr(w.client, kind).create(evolve(NEW[kind](ids), name=HALF))
        assert w.sent() == []
    assert f"{kind}.create" in CALLS


@pytest.mark.parametrize("wrong", [[], {}, 5, None, b"x", "no such thing"], ids=repr)
async def test_choice_that_there_is_not(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall, wrong: Any) -> None:
    """Whatever is given where one of a few texts is wanted, the error names the field; nothing is sent."""
    create = dd.pages.create
    calls: dict[str, Any] = {
        "urgency": lambda: create("x", target=TARGET, urgency=wrong),
        "delivery": lambda: create("x", target=TARGET, dedup_key="k", unless_open=True, delivery=wrong),
        "positions": lambda: dd.schedules.responders("s", positions=[wrong]),
        "verb": lambda: gf.alert_groups.act(wrong, "g"),
        "mode": lambda: gf.alert_groups.delete("g", mode=wrong),
    }
    if wrong is not None:
        calls |= {
            "sort": lambda: anext(aiter(dd.pages.list(sort=wrong))),
            "state": lambda: anext(aiter(gf.alert_groups.list(state=wrong))),
            "since": lambda: anext(aiter(dd.pages.list(since=wrong))),
            "at": lambda: dd.who_is_on_call(team="t", at=wrong),
        }
    for field, call in calls.items():
        with pytest.raises(OptionsError) as raised:
            await call()
        assert raised.value.field == field
    assert sim.ledger.requests == []


@pytest.mark.parametrize("tags", [5, None, "a:b", [5], [""]])
async def test_tags_are_texts(sim: Simulator, dd: DatadogOnCall, tags: Any) -> None:
    """Tags that are no list of texts are refused."""
    with pytest.raises(OptionsError, match="tags"):
        await dd.pages.create("x", target=TARGET, tags=tags)
    assert sim.ledger.requests == []


@pytest.mark.parametrize("query", [5, b"x", ["x"]])
async def test_search_is_a_text(sim: Simulator, dd: DatadogOnCall, query: Any) -> None:
    """A search that is no text is refused."""
    with pytest.raises(OptionsError, match="query"):
        await anext(aiter(dd.pages.list(query)))
    assert sim.ledger.requests == []


@pytest.mark.parametrize("extreme", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
@pytest.mark.parametrize("offset", [-12, 0, 12])
async def test_ends_of_time(
    sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall, extreme: datetime, offset: int
) -> None:
    """The first and the last time that there is are refused: they cannot be said in another zone."""
    moment = extreme.replace(tzinfo=timezone(timedelta(hours=offset)))
    calls: list[Any] = [
        lambda: dd.who_is_on_call(schedule="s", at=moment),
        lambda: gf.who_is_on_call(schedule="s", at=moment),
        lambda: anext(aiter(gf.alert_groups.list(started_at=(moment, moment)))),
        lambda: anext(aiter(dd.pages.list(since=moment))),
    ]
    for call in calls:
        with pytest.raises(OptionsError, match="years 2 to 9998"):
            await call()
    assert sim.ledger.requests == []


UNFIT: Final[list[Any]] = ["\ud800", 2**70, {1, 2}, object(), b"x", {"x\udfff": 1}]


@given(place=st.lists(st.sampled_from(["a", "b", 0, 1]), max_size=6), unfit=st.sampled_from(UNFIT))
def test_place_of_what_cannot_be_written(place: list[str | int], unfit: Any) -> None:
    """Whatever cannot be written is told with the place where it stands, however deep that is."""
    value, told = unfit, ""
    for step in place:
        value = {"fine": 1, step: value} if isinstance(step, str) else [None] * step + [value]
    for step in reversed(place):
        told += f".{step}" if isinstance(step, str) else f"[{step}]"
    with pytest.raises(OptionsError) as raised:
        dumps(value)
    assert raised.value.field == (told.removeprefix(".") or "body")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number(number: float) -> None:
    """What JSON has no number for is refused where it stands, and does not travel as null."""
    with pytest.raises(OptionsError) as raised:
        dumps({"data": {"attributes": {"none": None, "rates": [1.5, number]}}})
    assert raised.value.field == "rates[1]"
    assert dumps({"none": None, "said": "null"}) == b'{"none":null,"said":"null"}'


def test_what_is_too_deep() -> None:
    """A value that is nested without end is refused as well."""
    value: Any = 1
    for _ in range(5000):
        value = [value]
    with pytest.raises(OptionsError):
        dumps(value)


@pytest.fixture
def few_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine have no old names of time zones."""
    monkeypatch.setattr(zones, "_zones", lambda: frozenset({"UTC", "Europe/Paris", "America/Los_Angeles"}))


@pytest.mark.parametrize("zone", ["US/Pacific", "Asia/Calcutta", "Etc/GMT+5", "America/Argentina/Salta"])
async def test_zone_that_this_machine_lacks_is_written_back(zone: str, few_zones: None) -> None:
    """A zone that was read is written as it was, on a machine that does not know it too."""
    async with world() as w:
        schedule = await w.client.schedules.get(w.schedule, include=ScheduleInclude)
        layers = [evolve(layer, time_zone=zone) for layer in schedule.layers]
        await w.client.schedules.update(evolve(schedule, time_zone=zone, layers=layers))
        stored = w.sim.stored("schedules", w.schedule)["attributes"]
        assert stored["time_zone"] == zone
        assert {layer["time_zone"] for layer in stored["layers"]} == {zone}


@pytest.mark.parametrize("zone", ["Europe/Pariss", "US/Pacific", "CET+1 hour", "", "Europe/Paris\n"])
async def test_zone_of_something_new_is_checked(zone: str, few_zones: None) -> None:
    """A new thing has a zone that is known here: a typing mistake is told at once."""
    async with world() as w:
        schedule = await w.client.schedules.get(w.schedule, include=ScheduleInclude)
        w.sent()
        with pytest.raises(OptionsError, match="time_zone"):
            await w.client.schedules.create(evolve(schedule, time_zone=zone))
        assert w.sent() == []


@pytest.mark.parametrize("zone", ["Europe Paris", "../etc/passwd", "a/b/c/d/e", "Z\u00fcrich", 5])
async def test_what_is_like_no_zone_is_refused(zone: Any) -> None:
    """What cannot be the name of a zone is refused everywhere."""
    async with furnished() as (w, ids):
        with pytest.raises(OptionsError, match="time_zone"):
            await w.client.on_call_shifts.patch(OnCallShift(id=ids.on_call_shifts, time_zone=zone))
        assert w.sent() == []


async def test_aware_time_in_a_zone_that_this_machine_lacks() -> None:
    """A time cannot be turned into that of a zone that is not known here; the error says what to give instead."""
    async with furnished() as (w, ids):
        start = datetime(2027, 1, 4, 9, tzinfo=UTC)
        with pytest.raises(OptionsError, match="without a zone") as raised:
            await w.client.on_call_shifts.patch(
                OnCallShift(id=ids.on_call_shifts, time_zone="Mars/Olympus", start=start)
            )
        assert raised.value.field == "time_zone"
        assert w.sent() == []


async def test_headers_of_webhooks_are_texts() -> None:
    """A secret of a webhook with half a character is refused, and not shown."""
    async with furnished() as (w, ids):
        with pytest.raises(OptionsError, match=r"password: got \*\*\*"):
            await w.client.webhooks.patch(Webhook(id=ids.webhooks, password=HALF, integration_filter=[]))
        assert w.sent() == []
    assert attrs.has(Webhook)
