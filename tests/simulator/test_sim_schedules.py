"""Schedules in the simulator: layers and members, the list and its search, and what is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.datadog_http import NOBODY, POLICIES, SCHEDULES, data_body, policy_body, schedule_body, simulated

ALL = "teams,layers.members.user"
WINDOW = {"start_day": "friday", "start_time": "17:00:00", "end_day": "monday", "end_time": "09:00:00"}


def as_request(document: dict[str, Any]) -> dict[str, Any]:
    """Return the request that puts back what an answer with included layers and members shows."""
    included = {(item["type"], item["id"]): item for item in document["included"]}
    data = copy.deepcopy(document["data"])
    layers = [included["layers", ref["id"]] for ref in data["relationships"]["layers"]["data"]]
    data["attributes"]["layers"] = [
        {
            "id": layer["id"],
            **layer["attributes"],
            "members": [
                as_member(included.get(("members", ref["id"]), {})) for ref in layer["relationships"]["members"]["data"]
            ],
        }
        for layer in layers
    ]
    return {"data": data}


def as_member(member: dict[str, Any]) -> dict[str, Any]:
    """Return the member of a request that a resource stands for, an empty slot for none."""
    user = member.get("relationships", {}).get("user")
    users = {} if user is None else {"user": {name: value for name, value in user["data"].items() if name != "type"}}
    return {**member.get("attributes", {}), **users}


async def test_schedule_reads_as_recorded() -> None:
    """Layers lead to members and members to users; an empty slot is only referred to."""
    async with simulated() as (sim, caller):
        user, team = sim.add_user(status="pending"), sim.add_team("t")
        schedule_id = await caller.make(SCHEDULES, schedule_body(user, None, teams=(team,), restrictions=[WINDOW]))
        plain = await caller.ask("GET", f"{SCHEDULES}/{schedule_id}")
        full = await caller.ask("GET", f"{SCHEDULES}/{schedule_id}", include=ALL)
    (layer,) = [ref["id"] for ref in plain["data"]["relationships"]["layers"]["data"]]
    assert plain == {"data": full["data"]}
    assert plain["data"] == {
        "id": schedule_id,
        "type": "schedules",
        "attributes": {"name": "Primary", "tags": [], "time_zone": "Etc/UTC"},
        "relationships": {
            "layers": {"data": [{"id": layer, "type": "layers"}]},
            "teams": {"data": [{"id": team, "type": "teams"}]},
        },
    }
    members = [f"{layer}-member-1", f"{layer}-member-2"]
    assert full["included"][1:3] == [
        {
            "id": layer,
            "type": "layers",
            "attributes": {
                "applied_rotation_start": "2027-01-01T00:00:00Z",
                "name": "Days",
                "effective_date": "2027-01-01T00:00:00Z",
                "rotation_start": "2027-01-01T00:00:00Z",
                "interval": {"days": 1},
                "restrictions": [WINDOW],
            },
            "relationships": {"members": {"data": [{"id": member, "type": "members"} for member in members]}},
        },
        {"id": members[0], "type": "members", "relationships": {"user": {"data": {"id": user, "type": "users"}}}},
    ]
    assert [item["type"] for item in full["included"]] == ["teams", "layers", "members", "users"]
    assert full["included"][3]["attributes"]["status"] == "pending"


async def test_empty_slots_can_be_shown() -> None:
    """On request empty slots are included like other members, without a user."""
    async with simulated(hide_empty_slots=False) as (sim, caller):
        body = schedule_body(sim.add_user(), None)
        document = await caller.ask("POST", SCHEDULES, body, status=201, include="layers.members")
    layer, _, empty = document["included"]
    _, second = layer["relationships"]["members"]["data"]
    assert empty == {**second, "relationships": {}}


async def test_server_makes_up_what_a_layer_lacks() -> None:
    """A layer without windows shows an empty list, and always when it was applied, whatever a request says of that."""
    async with simulated() as (sim, caller):
        body = schedule_body(sim.add_user(), applied_rotation_start="2020-01-01T00:00:00Z")
        document = await caller.ask("POST", SCHEDULES, body, status=201, include="layers")
        (stored,) = sim.stored("schedules", document["data"]["id"])["attributes"]["layers"]
    attributes = document["included"][0]["attributes"]
    assert attributes["restrictions"] == []
    assert attributes["applied_rotation_start"] == attributes["rotation_start"] == "2027-01-01T00:00:00Z"
    assert stored.keys().isdisjoint({"applied_rotation_start", "restrictions"})


@pytest.mark.parametrize("include", ["steps", "members", "layers.user", "layers,nothing"])
async def test_unknown_include_is_refused(include: str) -> None:
    """A schedule includes only what it knows, and a list only teams."""
    async with simulated() as (_, caller):
        schedule_id = await caller.make(SCHEDULES, schedule_body(None))
        assert "include" in await caller.refusal("GET", f"{SCHEDULES}/{schedule_id}", include=include)
        assert "include" in await caller.refusal("POST", SCHEDULES, schedule_body(None), include=include)
        assert "include" in await caller.refusal("GET", SCHEDULES, include="layers")
        assert (await caller.ask("GET", SCHEDULES))["meta"]["page"]["total"] == 1


@pytest.mark.parametrize("drift", [False, True])
async def test_unchanged_replacement_changes_nothing(drift: bool) -> None:
    """Putting back what was read leaves the stored schedule equal, unknown attributes at every depth included."""
    async with simulated(drift=drift) as (sim, caller):
        body = schedule_body(
            sim.add_user(),
            None,
            teams=(sim.add_team("t"),),
            interval={"days": 1, "seconds": 300, "weeks": 2},
            restrictions=[{**WINDOW, "holidays": ["x"]}],
            end_date="2028-01-01T00:00:00.5Z",
            time_zone="Asia/Tokyo",
            colour={"r": 1},
        )
        attributes = body["data"]["attributes"]
        attributes.update(tags=["a:b"], flavour=None)
        attributes["layers"][0]["members"][0]["weight"] = 2
        attributes["layers"][0]["members"][0]["user"]["nick"] = "Al"
        attributes["layers"][0]["end_date"] = "2028-01-01T00:00:00.500000Z"
        schedule_id = await caller.make(SCHEDULES, body)
        before = sim.stored("schedules", schedule_id)
        read = await caller.ask("GET", f"{SCHEDULES}/{schedule_id}", include=ALL)
        await caller.ask("PUT", f"{SCHEDULES}/{schedule_id}", as_request(read))
        assert sim.stored("schedules", schedule_id) == before
    del before["id"], before["attributes"]["layers"][0]["id"]
    assert before == body["data"]


async def test_equal_texts_are_stored_as_equal() -> None:
    """Other ways to write the same instants, intervals, windows and empty slots make no difference."""
    layer: dict[str, Any] = {
        "effective_date": "2027-01-01T09:00:00.000000000+09:00",
        "end_date": None,
        "interval": {"days": 1, "seconds": 0},
        "restrictions": [{**WINDOW, "start_time": "17:00", "end_time": "24:00"}],
        "time_zone": "",
        "members": [{"user": {"id": ""}}, {"user": None, "id": "kept-out"}],
    }
    async with simulated() as (sim, caller):
        schedule_id = await caller.make(SCHEDULES, schedule_body(**layer))
        (stored,) = sim.stored("schedules", schedule_id)["attributes"]["layers"]
    del stored["id"]
    assert stored == {
        "name": "Days",
        "effective_date": "2027-01-01T00:00:00Z",
        "rotation_start": "2027-01-01T00:00:00Z",
        "interval": {"days": 1},
        "restrictions": [{**WINDOW, "end_time": "24:00:00"}],
        "members": [{}, {}],
    }


async def test_layers_keep_their_ids() -> None:
    """Replacing a schedule keeps the layers whose ids it names and gives new ids to the others."""
    async with simulated() as (sim, caller):
        body = schedule_body(None)
        schedule_id = await caller.make(SCHEDULES, body)
        (old,) = [layer["id"] for layer in sim.stored("schedules", schedule_id)["attributes"]["layers"]]
        (layer,) = body["data"]["attributes"]["layers"]
        body["data"]["id"] = schedule_id
        body["data"]["attributes"]["layers"] = [{**layer, "name": "New"}, {**layer, "id": old}]
        await caller.ask("PUT", f"{SCHEDULES}/{schedule_id}", body)
        new, kept = [layer["id"] for layer in sim.stored("schedules", schedule_id)["attributes"]["layers"]]
        assert (kept, new != old) == (old, True)
        body["data"]["attributes"]["layers"] = [{**layer, "id": NOBODY}]
        assert NOBODY in await caller.refusal("PUT", f"{SCHEDULES}/{schedule_id}", body)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"effective_date": None}, "layers[0].effective_date"),
    ({"effective_date": "2027-01-01"}, "layers[0].effective_date"),
    ({"effective_date": "2027-01-01T00:00:00"}, "layers[0].effective_date"),
    ({"effective_date": "2027-02-30T00:00:00Z"}, "layers[0].effective_date"),
    ({"effective_date": "0001-01-01T00:00:00+09:00"}, "layers[0].effective_date"),
    ({"rotation_start": None}, "layers[0].rotation_start"),
    ({"end_date": "never"}, "layers[0].end_date"),
    ({"interval": None}, "layers[0].interval"),
    ({"interval": {}}, "layers[0].interval.days"),
    ({"interval": {"days": 0, "seconds": 0}}, "layers[0].interval.days"),
    ({"interval": {"seconds": 3599}}, "layers[0].interval.days"),
    ({"interval": {"days": 401}}, "layers[0].interval.days"),
    ({"interval": {"days": -1}}, "layers[0].interval.days"),
    ({"interval": {"seconds": 2_592_001}}, "layers[0].interval.seconds"),
    ({"members": None}, "layers[0].members"),
    ({"members": []}, "layers[0].members"),
    ({"members": [{"user": {"id": NOBODY}}]}, f"user[{NOBODY}]"),
    ({"time_zone": "Mars/Olympus"}, "layers[0].time_zone"),
    ({"restrictions": [{**WINDOW, "start_day": "Friday"}]}, "restrictions[0].start_day"),
    ({"restrictions": [{**WINDOW, "end_day": None}]}, "restrictions[0].end_day"),
    ({"restrictions": [{**WINDOW, "start_time": "24:01:00"}]}, "restrictions[0].start_time"),
    ({"restrictions": [{**WINDOW, "end_time": "9:00"}]}, "restrictions[0].end_time"),
    ({"id": NOBODY}, "layers[0].id"),
]


@pytest.mark.parametrize(("layer", "named"), BAD, ids=str)
async def test_bad_layer_is_refused(layer: dict[str, Any], named: str) -> None:
    """A layer that breaks a rule is 400 with an error that names the place, and nothing is stored."""
    async with simulated() as (_, caller):
        assert named in await caller.refusal("POST", SCHEDULES, schedule_body(None, **layer))
        assert (await caller.ask("GET", SCHEDULES))["data"] == []


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"name": ""}, "data.attributes.name"),
        ({"time_zone": None}, "data.attributes.time_zone"),
        ({"time_zone": "EST5"}, "data.attributes.time_zone"),
        ({"time_zone": "America"}, "data.attributes.time_zone"),
        ({"time_zone": "../etc/passwd"}, "data.attributes.time_zone"),
        ({"layers": None}, "data.attributes.layers"),
        ({"layers": []}, "data.attributes.layers"),
        ({"tags": [1]}, "data.attributes.tags"),
    ],
    ids=str,
)
async def test_bad_schedule_is_refused(attributes: dict[str, Any], named: str) -> None:
    """A schedule needs a name, a real time zone and layers."""
    async with simulated() as (_, caller):
        body = schedule_body(None)
        body["data"]["attributes"].update(attributes)
        assert named in await caller.refusal("POST", SCHEDULES, body)


async def test_layers_need_names_of_their_own() -> None:
    """A layer has a name, and no two layers of a schedule have the same."""
    async with simulated() as (_, caller):
        body = schedule_body(None)
        for name in ("", None):
            nameless = copy.deepcopy(body)
            nameless["data"]["attributes"]["layers"][0]["name"] = name
            assert "layers[0].name" in await caller.refusal("POST", SCHEDULES, nameless)
        body["data"]["attributes"]["layers"] *= 2
        assert "layers[1].name" in await caller.refusal("POST", SCHEDULES, body)


async def test_used_schedule_stays() -> None:
    """A schedule that a policy calls cannot be deleted, and the error says which policy."""
    async with simulated() as (_, caller):
        schedule_id = await caller.make(SCHEDULES, schedule_body(None))
        policy_id = await caller.make(POLICIES, policy_body([{"type": "schedules", "id": schedule_id}]))
        assert policy_id in await caller.refusal("DELETE", f"{SCHEDULES}/{schedule_id}", status=409)
        await caller.ask("DELETE", f"{POLICIES}/{policy_id}", status=204)
        await caller.ask("DELETE", f"{SCHEDULES}/{schedule_id}", status=204)
        for method, rest in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/on-call"), ("GET", "/responders")):
            detail = await caller.refusal(method, f"{SCHEDULES}/{schedule_id}{rest}", status=404)
            assert detail == f"schedule[{schedule_id}] not found"


async def test_list_comes_in_slices() -> None:
    """The list shows the oldest first and says where a slice stands; its rows have no layers."""
    async with simulated() as (sim, caller):
        team = sim.add_team("t")
        for number in range(5):
            await caller.make(SCHEDULES, schedule_body(None, name=f"S{number}", teams=(team,)))
        slices = [{"page[size]": "2", "page[number]": str(number)} for number in range(4)]
        pages = [await caller.ask("GET", SCHEDULES, include="teams", query=query) for query in slices]
    names = [[row["attributes"]["name"] for row in page["data"]] for page in pages]
    assert names == [["S0", "S1"], ["S2", "S3"], ["S4"], []]
    assert all(row["relationships"].keys() == {"teams"} for page in pages for row in page["data"])
    assert [[item["id"] for item in page["included"]] for page in pages] == [[team], [team], [team], []]
    assert pages[1]["meta"]["page"] == {
        "first_number": 0, "last_number": 2, "next_number": 2, "number": 1, "prev_number": 0, "size": 2, "total": 5,
        "type": "number_size",
    }  # fmt: skip
    assert pages[0]["meta"]["page"]["prev_number"] is None
    assert pages[2]["meta"]["page"]["next_number"] is None


@pytest.mark.parametrize(
    "params", [{"page[size]": "101"}, {"page[size]": "0"}, {"page[number]": "-1"}, {"page[number]": "one"}], ids=str
)
async def test_bad_slice_is_refused(params: dict[str, str]) -> None:
    """A slice holds 1 to 100 rows and has a number from 0 on."""
    async with simulated() as (_, caller):
        assert await caller.refusal("GET", SCHEDULES, query=params)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Data Primary", "Data Backup", "Web [eu]"]),
        ("data", ["Data Primary", "Data Backup"]),
        ("*BACKUP", ["Data Backup"]),
        ("data *", ["Data Primary", "Data Backup"]),
        ("backup*", []),
        ("[eu]", ["Web [eu]"]),
        ("team.id:{t1}", ["Data Primary", "Data Backup"]),
        ("team.id:{t1} *primary", ["Data Primary"]),
        ("user.id:({u1} OR {u2})", ["Data Primary", "Web [eu]"]),
        ("user.id:({u1} OR {u2}) AND team.id:{t2}", ["Web [eu]"]),
        ("user.id:{u2} user.id:{u1}", []),
        ("team.id:nobody", []),
    ],
)
async def test_search_finds(query: str, names: list[str]) -> None:
    """A query finds by name, with wildcards and in any case, by teams and by members; all conditions must hold."""
    async with simulated() as (sim, caller):
        ids = {"t1": sim.add_team("t1"), "t2": sim.add_team("t2"), "u1": sim.add_user(), "u2": sim.add_user()}
        await caller.make(SCHEDULES, schedule_body(ids["u1"], name="Data Primary", teams=(ids["t1"],)))
        await caller.make(SCHEDULES, schedule_body(None, name="Data Backup", teams=(ids["t1"], ids["t2"])))
        await caller.make(SCHEDULES, schedule_body(None, ids["u2"], name="Web [eu]", teams=(ids["t2"],)))
        found = await caller.ask("GET", SCHEDULES, query={"filter[query]": query.format(**ids)})
    assert [row["attributes"]["name"] for row in found["data"]] == names
    assert found["meta"]["page"]["total"] == len(names)


async def test_replacement_is_of_the_named_schedule() -> None:
    """The id in the body of a replacement must be the path's."""
    async with simulated() as (_, caller):
        schedule_id = await caller.make(SCHEDULES, schedule_body(None))
        body = data_body("schedules", schedule_body(None)["data"]["attributes"], id=NOBODY)
        assert "data.id" in await caller.refusal("PUT", f"{SCHEDULES}/{schedule_id}", body)
