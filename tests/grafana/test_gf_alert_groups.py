"""Alert groups: lists and their filters, one group, and deleting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from aiooncall import UNSET, BadRequest, NotFound, OptionsError, ServerError
from aiooncall.grafana import AlertGroup, AlertGroupState
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.grafana_client import NOTHING, grafana_world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator
    from tests.support.grafana_client import GrafanaWorld

NOW: Final = datetime.fromtimestamp(EPOCH, UTC)
EASTERN: Final = timezone(timedelta(hours=-5))
BAD_IDS: Final[list[Any]] = ["", " ", "a/b", "..", "a?b", "a#b", "a%2fb", "a\nb", "x" * 513, 7, None]


async def listed(world: GrafanaWorld, **filters: Any) -> list[str]:
    """Return the titles of a list, in order."""
    return [str(group.title) async for group in world.client.alert_groups.list(**filters)]


# What is asked for, and how it travels.
ON_THE_WIRE: Final[list[tuple[dict[str, Any], list[tuple[str, str]]]]] = [
    ({}, []),
    ({"state": AlertGroupState.FIRING}, [("state", "new")]),
    *[({"state": state}, [("state", state)]) for state in ("acknowledged", "resolved", "silenced")],
    *[({"state": AlertGroupState(state)}, [("state", state)]) for state in ("acknowledged", "resolved", "silenced")],
    ({"state": None}, []),
    ({"team_id": None}, [("team_id", "null")]),
    ({"team_id": UNSET}, []),
    ({"integration_id": "C1", "route_id": "R1"}, [("route_id", "R1"), ("integration_id", "C1")]),
    ({"alert_group_id": "I1"}, [("id", "I1")]),
    ({"labels": {"env": "prod", "app": "a b&c=d"}}, [("label", "env:prod"), ("label", "app:a b&c=d")]),
    ({"labels": {}}, []),
]


@pytest.mark.parametrize(("filters", "query"), ON_THE_WIRE)
async def test_filters_travel(filters: dict[str, Any], query: list[tuple[str, str]]) -> None:
    """Every filter is sent by the name and value that the server knows; what is not given is not sent."""
    async with grafana_world() as world:
        await listed(world, **filters)
        assert world.query() == query


# Two moments, and how they travel: in UTC, in whole seconds, and wide enough for both.
RANGES: Final[list[tuple[datetime, datetime, str]]] = [
    (datetime(2027, 1, 2, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC), "2027-01-02T00:00:00_2027-01-03T00:00:00"),
    (
        datetime(2027, 1, 2, 23, 30, tzinfo=EASTERN),
        datetime(2027, 1, 3, 10, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        "2027-01-03T04:30:00_2027-01-03T04:30:00",
    ),
    (
        datetime(2027, 6, 1, 12, tzinfo=ZoneInfo("Europe/Paris")),
        datetime(2027, 12, 1, 12, tzinfo=ZoneInfo("Europe/Paris")),
        "2027-06-01T10:00:00_2027-12-01T11:00:00",
    ),
    (
        datetime(2027, 1, 2, 0, 0, 0, 999_999, tzinfo=UTC),
        datetime(2027, 1, 2, 23, 59, 59, 1, tzinfo=UTC),
        "2027-01-02T00:00:00_2027-01-03T00:00:00",
    ),
]


@pytest.mark.parametrize(("start", "end", "sent"), RANGES)
async def test_times_travel_in_utc(start: datetime, end: datetime, sent: str) -> None:
    """Moments of any zone travel in UTC without one; parts of a second make the range wider, never narrower."""
    async with grafana_world() as world:
        await listed(world, started_at=(start, end))
        assert world.query() == [("started_at", sent)]


async def test_group_within_a_second_is_found() -> None:
    """A group that began in the middle of a second is in the range of just that moment, and not in the next one."""
    async with grafana_world() as world:
        world.sim.grafana.add_alert_group("Down")
        assert await listed(world, started_at=(NOW, NOW)) == ["Down"]
        later = NOW + timedelta(seconds=2)
        assert await listed(world, started_at=(later, later)) == []


async def test_filters_choose() -> None:
    """State, team, no team, integration, route, labels, age and id choose the groups that fit, all of them at once."""
    async with grafana_world() as world:
        add = world.sim.grafana.add_alert_group
        team = world.sim.grafana.add_team("SRE")
        for state in AlertGroupState:
            add(state.value, state=state.value)
            assert await listed(world, state=state) == [state.value]
        odd = add("odd", team=team, labels=[("env", "prod"), ("app", "db")], created_at=EPOCH - 7200)
        add("even", team=team, labels=[("env", "prod")], created_at=EPOCH - 7200)
        stored = world.sim.grafana.stored("alert_groups", odd)
        assert await listed(world, team_id=team) == ["even", "odd"]
        assert set(await listed(world, team_id=None)) == set(AlertGroupState)
        assert await listed(world, labels={"env": "prod"}) == ["even", "odd"]
        assert await listed(world, labels={"env": "prod", "app": "db"}) == ["odd"]
        assert await listed(world, labels={"env": "test"}) == []
        assert await listed(world, integration_id=stored["integration_id"]) == ["even", "odd"]
        assert await listed(world, route_id=stored["route_id"]) == ["even", "odd"]
        assert await listed(world, alert_group_id=odd) == ["odd"]
        assert await listed(world, started_at=(NOW - timedelta(hours=3), NOW - timedelta(hours=1))) == ["even", "odd"]
        assert await listed(world, team_id=team, state="firing", labels={"app": "db"}) == ["odd"]


@pytest.mark.parametrize("size", [1, 7, 50, 100])
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_list_yields_everything_once(size: int, elsewhere: bool) -> None:
    """A list yields each group once, the newest first, with its filters on every page, from our own host only."""
    async with grafana_world(GrafanaOptions(links_elsewhere=elsewhere)) as world:
        world.groups(f"g{number}" for number in range(25))
        assert await listed(world, state="firing", page_size=size) == [f"g{number}" for number in reversed(range(25))]
        assert {("state", "new")} == {pair for number in range(len(world.calls)) for pair in world.query(number)}
        assert len(world.calls) == -(-25 // size)
        assert world.sim.elsewhere == []


async def test_list_survives_rows_that_move() -> None:
    """Groups that begin while a list is read do not make others come twice."""
    async with grafana_world() as world:
        world.groups(f"g{number}" for number in range(30))
        seen: list[str] = []
        async for group in world.client.alert_groups.list(page_size=10):
            if len(seen) in {5, 15}:
                world.sim.grafana.add_alert_group("new")
            seen.append(group.id)
        assert len(seen) == len(set(seen)) >= 30


BAD: Final[list[tuple[str, dict[str, Any]]]] = [
    *[("state", {"state": bad}) for bad in ("new", "Firing", "", "open", 7)],
    *[("team_id", {"team_id": bad}) for bad in ("", " ", 7)],
    *[(name, {name: bad}) for name in ("integration_id", "route_id", "alert_group_id") for bad in ("", " ", 7)],
    *[("page_size", {"page_size": bad}) for bad in (0, -1, 101, "10", 2.0, True, None)],
    *[
        ("labels", {"labels": bad})
        for bad in (
            *("env:prod", ["env:prod"], [("env", "prod")], {"env": None}, {"env": 7}, {7: "env"}),
            *({"env": ""}, {"": "prod"}, {"a:b": "c"}, {"a": "b:c"}),
        )
    ],
    *[
        ("started_at", {"started_at": bad})
        for bad in (
            *(NOW, [NOW, NOW], (NOW,), (NOW, NOW, NOW), (NOW, None), ("2027-01-01", "2027-01-02"), "2027-01-01"),
            (datetime(2027, 1, 1), datetime(2027, 1, 2)),  # noqa: DTZ001 (naive on purpose)
            (NOW, datetime(2027, 1, 2)),  # noqa: DTZ001 (naive on purpose)
            (NOW.date(), NOW.date()),
            (NOW, NOW - timedelta(microseconds=1)),
        )
    ],
]


@pytest.mark.parametrize(("field", "bad"), BAD)
async def test_bad_filter_is_refused_here(field: str, bad: dict[str, Any]) -> None:
    """A filter that the server would refuse or ignore, an empty id among them, is an OptionsError; nothing is sent."""
    async with grafana_world() as world:
        with pytest.raises(OptionsError) as raised:
            await listed(world, **bad)
        assert raised.value.field == field
        assert world.sim.ledger.requests == []


async def test_unknown_team_is_a_bad_request() -> None:
    """A team that is not there is a BadRequest in the server's words."""
    async with grafana_world() as world:
        with pytest.raises(BadRequest, match="team_id"):
            await listed(world, team_id=NOTHING)


async def test_broken_list_ends_with_its_error() -> None:
    """A list whose second page fails yields the first one and raises."""
    async with grafana_world() as world:
        world.groups(f"g{number}" for number in range(30))
        world.fail("GET", "alert_groups/", None, *[Fault(FaultKind.ERROR_BEFORE, status=500, html=True)] * 9)
        seen: list[str] = []
        with pytest.raises(ServerError):
            async for group in world.client.alert_groups.list(page_size=20):
                seen.append(group.id)  # noqa: PERF401 (a comprehension would lose what came before the error)
        assert len(seen) == 20


async def test_one_group(sim: Simulator, gf: GrafanaOnCall) -> None:
    """A group is read with what belongs to it; what is null on the wire is None, and moments are aware."""
    team = sim.grafana.add_team("SRE")
    group_id = sim.grafana.add_alert_group(
        None, state="acknowledged", team=team, labels=[("env", "prod")], created_at=EPOCH - 60
    )
    group = await gf.alert_groups.get(group_id)
    assert isinstance(group, AlertGroup)
    assert (group.id, group.state, group.title) == (group_id, AlertGroupState.ACKNOWLEDGED, None)
    assert (group.team_id, group.alerts_count, group.resolved_at) == (team, 1, None)
    assert group.created_at == NOW - timedelta(seconds=60)
    assert isinstance(group.acknowledged_at, datetime)
    assert group.labels
    assert (group.labels[0].key.name, group.labels[0].value.name) == ("env", "prod")
    assert group.last_alert
    assert group.last_alert.payload == {"title": None}
    assert group.permalinks
    assert str(group.permalinks.web).endswith(group_id)


async def test_unknown_vocabulary_is_kept() -> None:
    """Fields that nobody knows yet are kept in `extra`, and a group with them can be read, listed and acted on."""
    async with grafana_world(GrafanaOptions(drift=True)) as world:
        (group_id,) = world.groups(["Down"])
        group = await world.client.alert_groups.get(group_id)
        assert group.extra
        assert await listed(world) == ["Down"]
        await world.client.alert_groups.resolve(group_id)
        assert world.sim.ledger.count("resolve", group_id) == 1


@pytest.mark.parametrize("operation", ["get", "acknowledge", "unsilence", "resolve", "silence", "delete"])
@pytest.mark.parametrize("bad", BAD_IDS)
async def test_bad_id_is_refused_here(sim: Simulator, gf: GrafanaOnCall, operation: str, bad: Any) -> None:
    """An id that is blank or could change the path is an OptionsError for every operation; nothing is sent."""
    arguments = {"duration": 60} if operation == "silence" else {}
    with pytest.raises(OptionsError, match="alert_group_id"):
        await getattr(gf.alert_groups, operation)(bad, **arguments)
    assert sim.ledger.requests == []


@pytest.mark.parametrize("operation", ["get", "acknowledge", "unresolve", "delete"])
async def test_missing_group(sim: Simulator, gf: GrafanaOnCall, operation: str) -> None:
    """A group that is not there is NotFound, after one request."""
    with pytest.raises(NotFound) as raised:
        await getattr(gf.alert_groups, operation)(NOTHING)
    assert raised.value.attempts == len(sim.ledger.requests) == 1
