"""Teams and users: listed, found by handle and address, and teams that are named by their handles everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import CodecError, DeadlineExceeded, NotFound, OptionsError, ResourceRef, TeamHandle, TeamId
from aiooncall.datadog import Team, User
from aiooncall.datadog.writing.page import target_of
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_http import NOBODY, ON_CALL
from tests.support.datadog_world import answering, everything, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World

TEAM = "/api/v2/team"
USERS = "/api/v2/users"


def team_row(number: int, **attributes: Any) -> dict[str, Any]:
    """Return a team as the list has it."""
    return {"type": "team", "id": f"t{number}", "attributes": {"handle": f"h{number}", **attributes}}


async def found(w: World, *args: Any, **options: Any) -> list[str]:
    """Return the handles of the teams that a list has."""
    return [team.handle for team in await everything(w.client.teams.list(*args, **options))]


async def test_teams_are_filtered() -> None:
    """A text finds teams by name, by handle and by the address of a member; `mine` leaves out others' teams."""
    async with world() as w:
        w.sim.add_team("web", "Front end", members=[w.ann], mine=True)
        assert await found(w) == ["payments", "storage", "web"]
        assert await found(w, "PAY") == ["payments"]
        assert await found(w, "front") == await found(w, "ann@example") == await found(w, mine=True) == ["web"]
        assert await found(w, "nobody") == []


async def test_team_of_a_list_is_one_as_everywhere() -> None:
    """A team of the list is what other answers mean by the same id, although the list calls its kind otherwise."""
    async with world() as w:
        web = w.sim.add_team("web", "Front end", members=[w.ann, w.bob])
        (team,) = await everything(w.client.teams.list("web"))
        assert isinstance(team, Team)
        assert team.ref == ResourceRef("teams", web)
        assert (team.name, team.user_count, team.summary, team.label) == ("Front end", 2, "", "Front end")


@pytest.mark.parametrize("kind", ["teams", "users"])
@pytest.mark.parametrize("size", [1, 3, 100])
async def test_lists_yield_everything_once(kind: str, size: int) -> None:
    """A list yields each row once, in as few requests as the page size allows."""
    async with world() as w:
        for number in range(7):
            w.sim.add_team(f"team-{number}")
            w.sim.add_user(f"User {number}")
        rows = await everything(getattr(w.client, kind).list(page_size=size))
        total = {"teams": 9, "users": 10}[kind]
        assert len({row.id for row in rows}) == len(rows) == total
        assert len(w.sent()) == -(-total // size)


@pytest.mark.parametrize(
    "more",
    [
        {"meta": {"pagination": {"total": 3}}},
        {"meta": {"page": {"total_filtered_count": 3, "total_count": 90}}},
        {"meta": {"page": {"next_number": 1}}},
        {"links": {"next": "https://elsewhere.example/next"}},
        {},
        {"meta": None},
        {"meta": {"page": None, "pagination": {"total": None}}, "links": None},
    ],
    ids=str,
)
async def test_list_goes_on_by_any_word_of_the_server_and_without_one(more: dict[str, Any]) -> None:
    """Whichever way the server says that there is more, or if it says nothing, the next rows are asked for."""
    last = {"data": [team_row(2)], "meta": {"pagination": {"total": 3}}}
    async with answering({"data": [team_row(0), team_row(1)], **more}, last) as (recorder, client):
        assert [row.id for row in await everything(client.teams.list())] == ["t0", "t1", "t2"]
        assert len(recorder.bodies) == 2


@pytest.mark.parametrize(
    "end",
    [
        {"meta": {"pagination": {"total": 1}}},
        {"meta": {"page": {"total_filtered_count": 1}}},
        {"meta": {"page": {"next_number": None}}},
        {"links": {"next": None}},
        {"links": {"next": ""}},
    ],
    ids=str,
)
async def test_list_ends_by_any_word_of_the_server(end: dict[str, Any]) -> None:
    """Whichever way the server says that there is no more, nothing more is asked for."""
    async with answering({"data": [team_row(0)], **end}) as (recorder, client):
        assert [row.id for row in await everything(client.teams.list())] == ["t0"]
        assert len(recorder.bodies) == 1


async def test_list_of_a_server_that_ignores_page_numbers_is_over() -> None:
    """The same rows again end the list, and so do none."""
    async with answering({"data": [team_row(0)]}) as (recorder, client):
        assert [row.id for row in await everything(client.teams.list())] == ["t0"]
        assert len(recorder.bodies) == 2
    async with answering({"data": []}) as (recorder, client):
        assert await everything(client.teams.list()) == []
        assert len(recorder.bodies) == 1


async def test_users_are_filtered() -> None:
    """A text finds users by name and by address; statuses leave out the others."""
    async with world() as w:
        w.sim.add_user("Dan", "dan@example.com", status="deactivated")
        w.sim.add_user("", "eve@example.com", status="pending")

        async def names(*args: Any, **options: Any) -> list[str | None]:
            return [user.name or user.email for user in await everything(w.client.users.list(*args, **options))]

        assert await names("bob") == ["Bob Roy"]
        assert await names("ANN@") == ["Ann Lee"]
        assert await names(statuses=["Disabled", "Pending"]) == ["eve@example.com", "Dan"]
        assert await names("dan", statuses=["Active"]) == []
        (dan,) = await everything(w.client.users.list("dan"))
        assert isinstance(dan, User)
        assert (dan.status, dan.disabled, dan.handle) == ("Disabled", True, "dan@example.com")


async def test_find_takes_one_request_and_knows_a_part_from_the_whole() -> None:
    """A team is found by its whole handle and a user by the whole address, in one request; else it is None."""
    async with world() as w:
        w.sim.add_team("storage-2", "storage")
        team = await w.client.teams.find("storage")
        user = await w.client.users.find("Ann@Example.com")
        assert (team.id, user.id) == (w.storage, w.ann)
        assert w.sent() == [f"GET {TEAM}", f"GET {USERS}"]
        assert await w.client.teams.find("stor") is None
        assert await w.client.teams.find("Storage") is None
        assert await w.client.users.find("ann@example") is None
        assert len(w.sent()) == 3


async def test_find_reads_on() -> None:
    """What stands on a later page of what a text finds is found too."""
    pages = [{"data": [team_row(number)], "meta": {"pagination": {"total": 3}}} for number in range(3)]
    async with answering(*pages) as (recorder, client):
        team = await client.teams.find("h1")
        assert (team.id, len(recorder.bodies)) == ("t1", 2)


async def test_address_of_several_accounts() -> None:
    """Of several accounts with one address an enabled one is found, and a person before a service account."""
    rows = [
        {"type": "users", "id": name, "attributes": {"email": "a@x.io", "disabled": off, "service_account": bot}}
        for name, off, bot in [("gone", True, False), ("bot", False, True), ("ann", False, False)]
    ]
    for known, wanted in ((rows, "ann"), (rows[:2], "bot"), (rows[:1], "gone")):
        async with answering({"data": known, "meta": {"page": {"total_filtered_count": len(known)}}}) as (_, client):
            assert (await client.users.find("a@x.io")).id == wanted


@pytest.mark.parametrize("wrong", ["", " ", None, 7, b"x"])
async def test_nothing_can_be_found_by_no_text(wrong: Any) -> None:
    """A handle or an address that is no text is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="handle"):
            await w.client.teams.find(wrong)
        with pytest.raises(OptionsError, match="email"):
            await w.client.users.find(wrong)
        assert w.sent() == []


@pytest.mark.parametrize(
    ("service", "options", "field"),
    [
        ("teams", {"page_size": 101}, "page_size"),
        ("teams", {"keyword": ""}, "keyword"),
        ("users", {"page_size": 0}, "page_size"),
        ("users", {"query": 5}, "query"),
        ("users", {"statuses": "Active"}, "statuses"),
        ("users", {"statuses": ["active"]}, "statuses"),
        ("users", {"statuses": 5}, "statuses"),
        ("users", {"statuses": [["Active"]]}, "statuses"),
    ],
)
async def test_bad_filter_is_refused_locally(service: str, options: dict[str, Any], field: str) -> None:
    """A filter that the list does not have is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError) as raised:
            await everything(getattr(w.client, service).list(**options))
        assert raised.value.field == field
        assert w.sent() == []


CALLS: dict[str, Any] = {
    "teams.on_call": lambda c, team: c.teams.on_call(team),
    "routing_rules.get": lambda c, team: c.routing_rules.get(team),
    "routing_rules.set": lambda c, team: c.routing_rules.set(team, []),
    "who_is_on_call": lambda c, team: c.who_is_on_call(team=team),
}


@pytest.mark.parametrize("name", CALLS)
async def test_handle_stands_for_the_id(name: str) -> None:
    """A team can be named by its handle; the call is the same as by the id, after one request for the id."""
    async with world() as w:
        by_id = await CALLS[name](w.client, w.storage)
        asked = w.sent()
        by_handle = await CALLS[name](w.client, "storage")
        assert w.sent() == [f"GET {TEAM}", *asked]
        if name != "who_is_on_call":
            assert by_handle.id.startswith(w.storage) == by_id.id.startswith(w.storage) is True
        else:
            assert (by_handle.current, by_handle.escalations) == (by_id.current, by_id.escalations)
        assert w.sim.stored("team_routing_rules", w.storage)["id"] == w.storage


async def test_handle_is_remembered_for_a_minute() -> None:
    """What was looked up counts for a minute, for views of the client too; then it is looked up anew."""
    async with world() as w:
        for client in (w.client, w.client, w.client.with_options(deadline=5.0)):
            await client.routing_rules.get("storage")
        assert w.sent().count(f"GET {TEAM}") == 1
        await w.client.options.clock.sleep(59.0)
        await w.client.teams.on_call("storage")
        assert w.sent() == [f"GET {ON_CALL}/teams/{w.storage}/on-call"]
        await w.client.options.clock.sleep(1.5)
        await w.client.teams.on_call("storage")
        assert w.sent()[0] == f"GET {TEAM}"


@pytest.mark.parametrize("name", CALLS)
async def test_unknown_handle_is_not_found(name: str) -> None:
    """A handle that no team has is NotFound, which names it; nothing else is asked, and it is not remembered."""
    async with world() as w:
        with pytest.raises(NotFound, match="no team has the handle 'stor'"):
            await CALLS[name](w.client, "stor")
        assert w.sent() == [f"GET {TEAM}"]
        w.sim.add_team("stor")
        await CALLS[name](w.client, "stor")


@pytest.mark.parametrize("team", ["T", "Payments", "team=1"])
async def test_what_can_be_no_handle_is_an_id(team: str) -> None:
    """What no handle can be is not looked for: it goes to the server as an id, which this one does not know."""
    async with world() as w:
        with pytest.raises(NotFound):
            await w.client.routing_rules.get(team)
        assert f"GET {TEAM}" not in w.sent()


@pytest.mark.parametrize("name", CALLS)
async def test_wrong_arguments_cost_no_look(name: str) -> None:
    """What else is wrong with a call is said before a handle is looked up."""
    async with world() as w:
        wrong: dict[str, Any] = {
            "teams.on_call": lambda: w.client.teams.on_call("storage", include=["robots"]),
            "routing_rules.get": lambda: w.client.routing_rules.get("storage", include=["robots"]),
            "routing_rules.set": lambda: w.client.routing_rules.set("storage", 5),
            "who_is_on_call": lambda: w.client.who_is_on_call(team="storage", at=5),
        }
        with pytest.raises(OptionsError):
            await wrong[name]()
        assert w.sent() == []


async def test_deadline_covers_the_look() -> None:
    """The look and the call have one deadline together."""
    async with world(deadline=3.0) as w:
        w.sim.faults.script("GET", TEAM, Fault(FaultKind.SLOW, delay=2.0))
        w.sim.faults.script("GET", f"{ON_CALL}/*", Fault(FaultKind.SLOW, delay=2.0))
        begun = w.client.options.clock.monotonic()
        with pytest.raises(DeadlineExceeded):
            await w.client.teams.on_call("storage")
        assert w.client.options.clock.monotonic() - begun == pytest.approx(3.0, abs=0.1)


async def test_list_of_something_else_is_a_codec_error() -> None:
    """Rows of another kind are an error, and not taken for teams."""
    async with answering({"data": [{"type": "users", "id": "u1"}]}) as (_, client):
        with pytest.raises(CodecError):
            await client.teams.find("h1")


@pytest.mark.parametrize("kind", [TeamId, TeamHandle])
@pytest.mark.parametrize(
    ("team", "sent"), [("storage", "team_handle"), (NOBODY, "team_id"), (NOBODY.upper(), "team_id")]
)
def test_page_goes_to_a_team_by_what_its_name_is(kind: Any, team: str, sent: str) -> None:
    """A UUID is sent as a team's id and anything else as its handle, whichever of the two it was called."""
    assert target_of(kind(team)) == {"type": sent, "identifier": team}
