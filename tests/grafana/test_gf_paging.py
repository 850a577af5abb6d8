"""Direct paging: whom it reaches, what is refused before anything is sent, and which of two paths it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import ApiError, BadRequest, ConnectError, NotFound, OptionsError, PagedUser
from aiooncall.grafana import AlertGroupState
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.grafana_client import NOTHING, grafana_world

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator
    from tests.support.grafana_client import GrafanaWorld

PATHS: Final = ["escalation", "direct_paging", "both"]
NO_PAGING: Any = "neither"
"""An engine that pages by no path at all."""
SOURCE: Final = "https://github.com/myorg/myrepo/issues/123"


def told(world: GrafanaWorld) -> list[tuple[str, str | None, bool | None]]:
    """Return by what, who and how people were told."""
    return [(one.cause, one.user_id, one.important) for one in world.sim.ledger.notifications]


def heard(world: GrafanaWorld, group_id: str) -> dict[str, Any]:
    """Return what a page said, as the server keeps it."""
    alert = world.sim.grafana.stored("alert_groups", group_id)["_alerts"][0]
    payload: dict[str, Any] = world.sim.grafana.stored("alerts", alert)["payload"]["oncall"]
    return payload


@pytest.mark.parametrize("path", PATHS)
async def test_each_user_has_its_own_rules(path: Any) -> None:
    """Every user is paged once, by the important rules only where that was said; a bare id is not important."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann, bob, cem = (world.sim.grafana.add_user(name) for name in ("ann", "bob", "cem"))
        users: list[PagedUser | str] = [PagedUser(ann, important=True), PagedUser(bob), cem]
        group = await world.client.paging.page(users=users, title="Down")
        assert told(world) == [("page", ann, True), ("page", bob, False), ("page", cem, False)]
        assert world.sim.ledger.pages_by_title("Down") == [group.id]
        assert not group.reconciled


@pytest.mark.parametrize("source", [list, tuple, set, iter, lambda ids: (one for one in ids)])
async def test_users_come_in_any_iterable(source: Any) -> None:
    """Lists, tuples, sets, iterators and generators of users are all read, once."""
    async with grafana_world() as world:
        ids = [world.sim.grafana.add_user(name) for name in ("ann", "bob")]
        await world.client.paging.page(users=source([PagedUser(ids[0]), ids[1]]))
        assert sorted(map(str, world.paged())) == sorted(ids)


@pytest.mark.parametrize("path", ["escalation", "both"])
@pytest.mark.parametrize("important", [False, True])
async def test_members_of_a_team_are_paged(path: Any, important: bool) -> None:
    """A team's members are paged, by the important rules if that is asked for."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        team = world.sim.grafana.add_team("SRE")
        ann = world.sim.grafana.add_user("ann", teams=[team])
        world.sim.grafana.add_user("bob")
        await world.client.paging.page(team=team, title="Down", important=important)
        assert told(world) == [("page", ann, important)]


async def test_what_was_said_arrives() -> None:
    """Title, message and source arrive, the source with its query and fragment."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        source = "https://example.grafana.net/d/abc/disks?from=now-1h&var-host=db1#panel-2"
        group = await world.client.paging.page(users=[ann], title="Down", message="89 %\nof disk", source_url=source)
        payload = heard(world, group.id)
        assert [payload[name] for name in ("title", "message", "permalink")] == ["Down", "89 %\nof disk", source]


async def test_nothing_has_to_be_said() -> None:
    """Without a title the server makes one up; what was not given is not sent."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        group = await world.client.paging.page(users=[ann])
        assert world.body() == {"team": None, "users": [{"id": ann, "important": False}]}
        assert group.alert_group is not None
        assert "ann" in str(group.alert_group.title)


@pytest.mark.parametrize("path", PATHS)
async def test_team_of_the_tokens_owner_is_left_out(path: Any) -> None:
    """Users are paged although the token's owner has a current team: `team: null` says that it is not meant."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        team = world.sim.grafana.add_team("SRE")
        world.sim.grafana.add_user("admin", current_team=team, teams=[team])
        ann = world.sim.grafana.add_user("ann")
        group = await world.client.paging.page(users=[ann], title="Down")
        await world.client.paging.add_responders(group.id, [PagedUser(ann, important=True)])
        assert told(world) == [("page", ann, False), ("add_responders", ann, True)]
        assert world.sim.grafana.stored("alert_groups", group.id)["team_id"] is None


@pytest.mark.parametrize("path", PATHS)
async def test_responders_join_an_open_group(path: Any) -> None:
    """Users are added to a group in any state but resolved, which is a BadRequest that pages nobody."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann = world.sim.grafana.add_user("ann")
        for state in AlertGroupState:
            group_id = world.sim.grafana.add_alert_group("Down", state=state.value)
            if state is AlertGroupState.RESOLVED:
                with pytest.raises(BadRequest, match="resolved"):
                    await world.client.paging.add_responders(group_id, [ann])
            else:
                assert (await world.client.paging.add_responders(group_id, [ann])).id == group_id
        assert world.sim.ledger.count("add_responders") == len(world.paged()) == 3
        assert world.sim.ledger.count("page") == 0


@pytest.mark.parametrize(
    ("unknown", "named"),
    [({"users": [NOTHING]}, "User"), ({"team": NOTHING}, "team"), ({"alert_group_id": NOTHING}, "Alert group")],
)
async def test_unknown_things_are_bad_requests(unknown: dict[str, Any], named: str) -> None:
    """An unknown user, team or group is a BadRequest in the server's words; nobody is paged."""
    async with grafana_world() as world:
        users = {} if "team" in unknown else {"users": [world.sim.grafana.add_user("ann")]}
        with pytest.raises(BadRequest, match=named):
            await world.client.paging.page(**{**users, **unknown})
        assert (world.paged(), len(world.sim.ledger.requests)) == ([], 1)


BAD: Final[list[tuple[str, dict[str, Any]]]] = [
    ("users, team", {"users": ["U1"], "team": "T1"}),
    ("users, team", {"users": [], "team": "T1"}),
    ("users, team", {}),
    ("users, team", {"title": "Down"}),
    ("users, team", {"alert_group_id": "I1"}),
    ("alert_group_id, title", {"users": ["U1"], "alert_group_id": "I1", "title": "Down"}),
    ("alert_group_id, message", {"users": ["U1"], "alert_group_id": "I1", "message": "Down"}),
    ("alert_group_id, source_url", {"users": ["U1"], "alert_group_id": "I1", "source_url": SOURCE}),
    ("alert_group_id, team", {"alert_group_id": "I1", "team": "T1"}),
    (
        "alert_group_id, title, message, source_url, team",
        {"alert_group_id": "I1", "team": "T1", "title": "a", "message": "b", "source_url": SOURCE},
    ),
    *[("alert_group_id", {"users": ["U1"], "alert_group_id": bad}) for bad in ("", " ", "a/b", 7)],
    *[
        ("users", {"users": bad})
        for bad in (
            *([], ["U1", "U1"], ["U1", PagedUser("U1", important=True)], "U1", b"U1", PagedUser("U1"), 7),
            *([7], [None], [""], ["U1", " "], [PagedUser(" ")], [{"id": "U1", "important": True}], {"U1": True}),
            *([["U1"]], [PagedUser(7)], iter(())),  # type: ignore[arg-type]  # what a caller without types can do
        )
    ],
    *[("team", {"team": bad}) for bad in ("", " ", 7)],
    *[(name, {"users": ["U1"], name: bad}) for name in ("title", "message") for bad in ("", " \n ", 7, b"Down")],
    *[
        ("source_url", {"users": ["U1"], "source_url": bad})
        for bad in (
            *("", "nowhere", "/issues/1", "ftp://example.com/1", "https://", "https:///1", "http://[::1", 7),
            *("javascript:alert(1)", "https://example.com/a b", "https://example.com/\n", "https://u:p@example.com/"),
        )
    ],
    ("important", {"users": ["U1"], "important": True}),
    ("reconcile", {"users": ["U1"], "reconcile": True}),
    ("reconcile", {"users": ["U1"], "message": "Down", "reconcile": True}),
    ("reconcile", {"users": ["U1"], "alert_group_id": "I1", "reconcile": True}),
]


@pytest.mark.parametrize(("field", "bad"), BAD)
async def test_broken_rule_is_refused_here(sim: Simulator, gf: GrafanaOnCall, field: str, bad: dict[str, Any]) -> None:
    """What the vendor's page forbids is an OptionsError that names the arguments; nothing is sent."""
    with pytest.raises(OptionsError) as raised:
        await gf.paging.page(**bad)
    assert raised.value.field == field
    assert sim.ledger.requests == []


@pytest.mark.parametrize("users", [[], "U1", ["U1", "U1"], None])
async def test_responders_are_checked_too(sim: Simulator, gf: GrafanaOnCall, users: Any) -> None:
    """Adding nobody, one text or somebody twice to a group is an OptionsError; nothing is sent."""
    with pytest.raises(OptionsError, match="users"):
        await gf.paging.add_responders("I1", users)
    assert sim.ledger.requests == []


async def test_password_of_a_source_is_not_told(gf: GrafanaOnCall) -> None:
    """A source that brings a password is refused, and the error does not repeat it."""
    with pytest.raises(OptionsError, match="source_url") as raised:
        await gf.paging.page(users=["U1"], title="Down", source_url="https://ann:s3cret@example.com/")
    assert "s3cret" not in f"{raised.value} {vars(raised.value)}"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("escalation", ["POST escalation/"] * 3),
        ("both", ["POST escalation/"] * 3),
        ("direct_paging", ["POST escalation/", *["POST direct_paging/"] * 3]),
    ],
)
async def test_unknown_path_is_tried_once(path: Any, sent: list[str]) -> None:
    """A path that the engine does not know is tried by the first page only; every page pages once."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann = world.sim.grafana.add_user("ann")
        groups = [await world.client.paging.page(users=[ann], title=f"t{number}") for number in range(3)]
        assert world.sent() == sent
        assert world.paged() == [ann] * 3
        assert len({group.id for group in groups}) == 3


async def test_each_client_finds_its_own_path() -> None:
    """What one client found out is not another one's: two engines, two paths."""
    async with grafana_world(GrafanaOptions(paging="direct_paging")) as world, world.another() as other:
        ann = world.sim.grafana.add_user("ann")
        await world.client.paging.page(users=[ann], title="a")
        await other.paging.page(users=[ann], title="b")
        assert [one.split()[1] for one in world.sent()] == ["escalation/", "direct_paging/"] * 2


@pytest.mark.parametrize("path", PATHS)
async def test_both_shapes_of_answer(path: Any) -> None:
    """An answer that is the group brings it along, one that is only its id does not; the id is there anyway."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        group = await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down")
        assert world.sim.ledger.pages_by_title("Down") == [group.id]
        if path == "direct_paging":
            assert group.alert_group is None
        else:
            assert group.alert_group == await world.client.alert_groups.get(group.id)


@pytest.mark.parametrize("path", PATHS)
async def test_unknown_fields_of_an_answer_do_no_harm(path: Any) -> None:
    """Fields and values that nobody knows yet do not keep a page from being read."""
    async with grafana_world(GrafanaOptions(paging=path, drift=True)) as world:
        group = await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down")
        assert world.sim.ledger.pages_by_title("Down") == [group.id]


@pytest.mark.parametrize("known", [False, True])
async def test_importance_is_never_dropped(known: bool) -> None:
    """An important team on an engine that cannot tell is an OptionsError instead of a page of less importance."""
    async with grafana_world(GrafanaOptions(paging="direct_paging")) as world:
        team = world.sim.grafana.add_team("SRE")
        ann = world.sim.grafana.add_user("ann", teams=[team])
        if known:
            await world.client.paging.page(team=team, title="Before")
        with pytest.raises(OptionsError, match="important"):
            await world.client.paging.page(team=team, title="Down", important=True)
        assert world.sim.ledger.pages_by_title("Down") == []
        assert world.paged() == ([ann] if known else [])


async def test_engine_without_paging_is_not_found() -> None:
    """Where both paths are unknown the error is NotFound, after one try of each; nobody is paged."""
    async with grafana_world(GrafanaOptions(paging=NO_PAGING)) as world:
        ann = world.sim.grafana.add_user("ann")
        for reconcile in (False, True):
            with pytest.raises(NotFound):
                await world.client.paging.page(users=[ann], title="Down", reconcile=reconcile)
        assert world.sent() == ["POST escalation/", "POST direct_paging/"] * 2
        assert world.paged() == []


@pytest.mark.parametrize("status", [400, 403, 409])
async def test_only_an_unknown_path_leads_to_the_other(status: int) -> None:
    """A refusal that is no 404 is raised; the other path is not tried."""
    async with grafana_world(GrafanaOptions(paging="both")) as world:
        world.fail("POST", "escalation/", Fault(FaultKind.ERROR_BEFORE, status=status))
        with pytest.raises(ApiError) as raised:
            await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down")
        assert raised.value.status == status
        assert world.sent() == ["POST escalation/"]


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.THROTTLE_HTML])
async def test_throttled_page_is_sent_again(kind: FaultKind) -> None:
    """A page that was refused for the rate limit pages once it is let through, once, on either path."""
    async with grafana_world(GrafanaOptions(paging="direct_paging"), client={"deadline": 600.0}) as world:
        ann = world.sim.grafana.add_user("ann")
        world.fail("POST", "direct_paging/", kind, kind)
        await world.client.paging.page(users=[ann], title="Down")
        assert world.sent() == ["POST escalation/", *["POST direct_paging/"] * 3]
        assert world.paged() == [ann]
        assert world.sim.ledger.doubled() == []


async def test_nobody_listens() -> None:
    """A refused connection ends in ConnectError, with `reconcile` too: nothing can have happened."""
    async with grafana_world() as world, world.another(url="http://127.0.0.1:9") as deaf:
        for reconcile in (False, True):
            with pytest.raises(ConnectError):
                await deaf.paging.page(users=["U1"], title="Down", reconcile=reconcile)
        assert world.requests() == []
