"""Schedules and shifts of the fake Grafana OnCall, and who is on call in the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import NOTHING, grafana

if TYPE_CHECKING:
    from aiooncall.simulator import Simulator
    from tests.support.grafana_http import GrafanaCaller

# Virtual time starts on Friday, 15 January 2027, at 08:00 UTC.
SHIFT = {
    "name": "s",
    "type": "recurrent_event",
    "start": "2027-01-18T09:00:00",
    "duration": 8 * 3600,
    "time_zone": "UTC",
}
DAILY = {**SHIFT, "frequency": "daily"}
WEEKLY = {**SHIFT, "frequency": "weekly", "week_start": "MO"}
TURNS = {"type": "rolling_users", "start_rotation_from_user_index": 0}


async def scheduled(caller: GrafanaCaller, *shifts: dict[str, Any], **more: Any) -> str:
    """Create a schedule with shifts and return its id; it is of the web unless something else is said."""
    ids = [await caller.make("on_call_shifts", **shift) for shift in shifts]
    body = {"type": "web", "name": "Primary", "time_zone": "UTC", "shifts": ids, **more}
    return await caller.make("schedules", **body)


async def rows(caller: GrafanaCaller, schedule: str, start: str, end: str) -> list[tuple[str, str, str]]:
    """Return who is on call when in a range, the times without year and zone."""
    page = await caller.ask(
        "GET", f"schedules/{schedule}/final_shifts/", query={"start_date": start, "end_date": end, "page": "7"}
    )
    assert page["count"] == len(page["results"])
    found = page.pop("results")
    assert page.items() >= {"next": None, "previous": None, "page_size": 50, "total_pages": 1}.items()
    return [(row["user_username"], row["shift_start"][5:16], row["shift_end"][5:16]) for row in found]


def users(sim: Simulator, *names: str) -> list[str]:
    """Put users in and return their ids."""
    return [sim.grafana.add_user(name) for name in names]


async def test_single_shift() -> None:
    """A single shift happens once, for all its users, in its own time zone, and is clipped to the range."""
    async with grafana() as (sim, caller):
        shift = {**SHIFT, "type": "single_event", "users": users(sim, "ann", "bob"), "time_zone": "Asia/Tokyo"}
        schedule = await scheduled(caller, shift)
        whole = await rows(caller, schedule, "2027-01-01", "2027-02-01")
        clipped = await rows(caller, schedule, "2027-01-18T01:30", "2027-01-18T02:00")
        raw = await caller.ask(
            "GET", f"schedules/{schedule}/final_shifts/", query={"start_date": "2027-01-18", "end_date": "2027-01-19"}
        )
    assert whole == [("ann", "01-18T00:00", "01-18T08:00"), ("bob", "01-18T00:00", "01-18T08:00")]
    assert clipped == [("ann", "01-18T01:30", "01-18T02:00"), ("bob", "01-18T01:30", "01-18T02:00")]
    assert raw["results"][0] == {
        "user_pk": sim.grafana.user_id("ann"),
        "user_email": "ann@example.com",
        "user_username": "ann",
        "shift_start": "2027-01-18T00:00:00Z",
        "shift_end": "2027-01-18T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("shift", "days"),
    [
        (DAILY, [18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]),
        ({**DAILY, "interval": 3}, [18, 21, 24, 27, 30]),
        ({**DAILY, "until": "2027-01-20T09:00:00"}, [18, 19, 20]),
        ({**DAILY, "interval": 5, "rotation_start": "2027-01-29T09:00:00"}, [18, 23, 28]),
        ({**DAILY, "by_day": ["SA", "SU"]}, [18, 23, 24, 30, 31]),
        (WEEKLY, [18, 25]),
        ({**WEEKLY, "by_day": ["TU", "FR"]}, [18, 19, 22, 26, 29]),
        ({**WEEKLY, "interval": 2, "by_day": ["MO", "SU"]}, [18, 24]),
        ({**WEEKLY, "interval": 2, "by_day": ["MO", "SU"], "week_start": "SU"}, [18, 31]),
        ({**SHIFT, "frequency": "monthly"}, [18]),
        ({**SHIFT, "frequency": "monthly", "by_monthday": [20, -1]}, [18, 20, 31]),
        ({**SHIFT, "frequency": "monthly", "by_day": ["WE"]}, [18, 20, 27]),
        ({**WEEKLY, "by_monthday": [20, 30]}, [18, 20, 30]),
        ({**DAILY, "by_month": [2]}, [18]),
        ({**SHIFT, "frequency": "hourly", "interval": 120, "duration": 3600}, [18, 23, 28]),
    ],
)
async def test_recurrence(shift: dict[str, Any], days: list[int]) -> None:
    """A shift takes place when it starts, and recurs by hours, days, weeks or months on the days that it names."""
    async with grafana() as (sim, caller):
        schedule = await scheduled(caller, {**shift, "users": users(sim, "ann")})
        found = await rows(caller, schedule, "2027-01-01", "2027-02-01")
    assert [int(start[3:5]) for _, start, _ in found] == days


async def test_local_time_stays_when_clocks_change() -> None:
    """A daily shift begins at the same local time in summer as in winter."""
    async with grafana() as (sim, caller):
        shift = {**DAILY, "users": users(sim, "ann"), "time_zone": "Europe/Berlin"}
        schedule = await scheduled(caller, shift)
        found = await rows(caller, schedule, "2027-03-27", "2027-03-29")
    assert [start for _, start, _ in found] == ["03-27T08:00", "03-28T07:00"]


async def test_zone_of_the_schedule_is_the_fallback() -> None:
    """A shift without a time zone takes place in its schedule's."""
    async with grafana() as (sim, caller):
        shift = {**DAILY, "users": users(sim, "ann"), "time_zone": None}
        schedule = await scheduled(caller, shift, time_zone="America/New_York")
        assert (await rows(caller, schedule, "2027-01-18", "2027-01-19"))[0][1] == "01-18T14:00"


def rolling(groups: list[list[str]], first: int = 0, **more: Any) -> dict[str, Any]:
    """Return a daily rotation."""
    return {
        **DAILY,
        "type": "rolling_users",
        "rolling_users": groups,
        "start_rotation_from_user_index": first,
        "duration": 24 * 3600,
        **more,
    }


@pytest.mark.parametrize(
    ("first", "more", "names"),
    [
        (0, {}, ["ann", "bob", "cat", "ann", "bob", "cat", "ann"]),
        (1, {}, ["bob", "cat", "ann", "bob", "cat", "ann", "bob"]),
        (0, {"interval": 2}, ["ann", "bob", "cat", "ann"]),
        (0, {"rotation_start": "2027-01-20T09:00:00"}, ["cat", "ann", "bob", "cat", "ann"]),
        (0, {"by_day": ["MO", "WE", "FR"]}, ["ann", "bob", "cat"]),
        (0, {"by_day": ["MO", "WE", "FR", "SA"], "interval": 2}, ["ann", "ann", "bob", "bob"]),
        (7, {"by_day": ["TU"], "week_start": "MO"}, ["ann"]),
    ],
)
async def test_rotation(first: int, more: dict[str, Any], names: list[str]) -> None:
    """In a rotation the groups take turns from the chosen one on, counted from its start, in days that it has."""
    async with grafana() as (sim, caller):
        ann, bob, cat = users(sim, "ann", "bob", "cat")
        schedule = await scheduled(caller, rolling([[ann], [bob], [cat]], first, **more))
        found = await rows(caller, schedule, "2027-01-18T09:00", "2027-01-25T09:00")
    assert [name for name, _, _ in found] == names


async def test_weekly_rotation_of_groups() -> None:
    """A whole group has its week, each member for all of it, and two weeks of a group of one are two shifts."""
    async with grafana() as (sim, caller):
        ann, bob, cat = users(sim, "ann", "bob", "cat")
        week: dict[str, Any] = {"frequency": "weekly", "week_start": "MO", "duration": 7 * 24 * 3600}
        schedule = await scheduled(caller, rolling([[ann, bob], [cat]], **week))
        found = await rows(caller, schedule, "2027-01-18T09:00", "2027-02-01T09:00")
        alone = await scheduled(caller, rolling([[cat]], **week), name="Other")
        once = await rows(caller, alone, "2027-01-18T09:00", "2027-02-01T09:00")
    assert found == [
        ("ann", "01-18T09:00", "01-25T09:00"),
        ("bob", "01-18T09:00", "01-25T09:00"),
        ("cat", "01-25T09:00", "02-01T09:00"),
    ]
    assert once == [("cat", "01-18T09:00", "01-25T09:00"), ("cat", "01-25T09:00", "02-01T09:00")]


async def test_higher_level_counts() -> None:
    """Where shifts overlap the highest level counts, and those of one level count together."""
    async with grafana() as (sim, caller):
        ann, bob, cat = users(sim, "ann", "bob", "cat")
        low = {**DAILY, "users": [ann], "level": 1}
        same = {**DAILY, "users": [cat], "level": 1, "start": "2027-01-18T15:00:00", "duration": 4 * 3600}
        high = {**DAILY, "users": [bob], "level": 2, "start": "2027-01-18T12:00:00", "duration": 3600}
        schedule = await scheduled(caller, low, high, same, type="calendar")
        found = await rows(caller, schedule, "2027-01-18", "2027-01-19")
    assert found == [
        ("ann", "01-18T09:00", "01-18T12:00"),
        ("bob", "01-18T12:00", "01-18T13:00"),
        ("ann", "01-18T13:00", "01-18T17:00"),
        ("cat", "01-18T15:00", "01-18T19:00"),
    ]


async def test_override_beats_everything() -> None:
    """An override replaces whoever else is on call, whatever the level."""
    async with grafana() as (sim, caller):
        ann, bob = users(sim, "ann", "bob")
        usual = {**DAILY, "users": [ann], "level": 9}
        override = {
            "name": "o", "type": "override", "start": "2027-01-18T10:00:00", "duration": 3600, "users": [bob],
        }  # fmt: skip
        schedule = await scheduled(caller, usual, override)
        assert await rows(caller, schedule, "2027-01-18", "2027-01-19") == [
            ("ann", "01-18T09:00", "01-18T10:00"),
            ("bob", "01-18T10:00", "01-18T11:00"),
            ("ann", "01-18T11:00", "01-18T17:00"),
        ]


async def test_taken_swap_changes_the_person() -> None:
    """From the moment that a swap is taken, somebody else is on call for its time."""
    async with grafana() as (sim, caller):
        ann, bob = users(sim, "ann", "bob")
        schedule = await scheduled(caller, {**DAILY, "users": [ann]})
        times = {"swap_start": "2027-01-18T12:00:00Z", "swap_end": "2027-01-18T20:00:00Z"}
        swap = await caller.make("shift_swaps", schedule=schedule, beneficiary=ann, **times)
        before = await rows(caller, schedule, "2027-01-18", "2027-01-19")
        await caller.ask("POST", f"shift_swaps/{swap}/take/", {"benefactor": bob})
        after = await rows(caller, schedule, "2027-01-18", "2027-01-19")
    assert before == [("ann", "01-18T09:00", "01-18T17:00")]
    assert after == [("ann", "01-18T09:00", "01-18T12:00"), ("bob", "01-18T12:00", "01-18T17:00")]


async def test_on_call_now_follows_the_clock() -> None:
    """A schedule shows who is on call at the moment."""
    async with grafana() as (sim, caller):
        ann, bob = users(sim, "ann", "bob")
        shift = rolling([[ann], [bob]], start="2027-01-15T00:00:00", frequency="hourly", duration=3600)
        schedule = await scheduled(caller, shift, type="calendar")
        seen = []
        for _ in range(3):
            seen.append((await caller.get("schedules", schedule))["on_call_now"])
            await asyncio.sleep(3600)
    assert seen == [[ann], [bob], [ann]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "start_date"),
        ({"start_date": "2027-01-18"}, "end_date"),
        ({"start_date": "2027-01-18T09:00:00", "end_date": "2027-01-19"}, "start_date"),
        ({"start_date": "2027-01-18", "end_date": "2027-01-19T09:00Z"}, "end_date"),
        ({"start_date": "2027-02-30", "end_date": "2027-03-01"}, "start_date"),
        ({"start_date": "2027-01-19", "end_date": "2027-01-18"}, "non_field_errors"),
        ({"start_date": "2027-01-01", "end_date": "2028-01-02"}, "non_field_errors"),
    ],
)
async def test_bad_ranges(query: dict[str, str], field: str) -> None:
    """A range has two dates without seconds and offset, in order, at most a year apart."""
    async with grafana() as (_, caller):
        schedule = await scheduled(caller)
        assert field in await caller.refusal("GET", f"schedules/{schedule}/final_shifts/", query=query)


async def test_all_final_shifts_come_at_once() -> None:
    """However many there are, they stand on one page, which claims to have 50."""
    async with grafana() as (sim, caller):
        schedule = await scheduled(caller, {**DAILY, "users": users(sim, "ann")})
        assert len(await rows(caller, schedule, "2027-01-18", "2027-12-31")) == 347


async def test_calendars_have_a_token_of_their_own() -> None:
    """A schedule and a user export their shifts as a calendar to whoever has the export token, and no other."""
    async with grafana(GrafanaOptions(export_token="secret")) as (sim, caller):
        ann, bob = users(sim, "ann", "bob")
        shift = {**SHIFT, "type": "single_event"}
        schedule = await scheduled(caller, {**shift, "users": [ann]}, {**shift, "users": [bob]})
        paths = [f"schedules/{schedule}/export/", f"users/{ann}/schedule_export/"]
        whole, own = [await caller.send("GET", path, headers={}, params={"token": "secret"}) for path in paths]
        wrong = [await caller.send("GET", path, params={"token": "x"}) for path in paths]
    assert whole.headers["Content-Type"].startswith("text/calendar")
    assert (whole.body.count(b"BEGIN:VEVENT"), own.body.count(b"BEGIN:VEVENT")) == (2, 1)
    assert b"SUMMARY:ann\r\n" in own.body
    assert b"DTSTART:20270118T090000Z\r\nDTEND:20270118T170000Z\r\n" in own.body
    assert [reply.status for reply in wrong] == [403, 403]


@pytest.mark.parametrize(
    ("kind", "needed", "shown"),
    [
        ("calendar", "time_zone", {"time_zone", "shifts", "ical_url_overrides", "enable_web_overrides"}),
        ("ical", "ical_url_primary", {"ical_url_primary", "ical_url_overrides"}),
        ("web", "time_zone", {"time_zone", "shifts"}),
    ],
)
async def test_each_type_of_schedule(kind: str, needed: str, shown: set[str]) -> None:
    """Each type needs something and shows something of its own."""
    async with grafana() as (_, caller):
        body = {"type": kind, "name": "n", "time_zone": "UTC", "ical_url_primary": "https://x/c.ics"}
        made = await caller.ask("POST", "schedules/", body)
        problem = await caller.refusal("POST", "schedules/", {name: body[name] for name in body if name != needed})
    assert made.keys() == {"id", "team_id", "name", "type", "slack", "on_call_now"} | shown
    assert problem == {needed: ["This field is required."]}


async def test_web_schedules_do_not_change() -> None:
    """A schedule of the web can't be changed, other types keep what a change leaves out."""
    async with grafana() as (sim, caller):
        channel = sim.grafana.add_slack_channel("incidents")
        web = await scheduled(caller)
        other = await scheduled(caller, type="calendar", name="c", slack={"channel_id": channel.lower()})
        for method in ("PUT", "PATCH"):
            problem = await caller.refusal(method, f"schedules/{web}/", {"name": "x"})
            assert problem == {"detail": "Web schedule update is not enabled through API"}
        changed = await caller.ask("PUT", f"schedules/{other}/", {"name": "d", "type": "web"})
        unknown = await caller.refusal("PATCH", f"schedules/{other}/", {"slack": {"user_group_id": "X"}})
    assert (changed["name"], changed["type"], changed["time_zone"]) == ("d", "calendar", "UTC")
    assert changed["slack"] == {"channel_id": channel, "user_group_id": None}
    assert unknown == {"detail": "Slack user group does not exist"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, {"type": "This field is required"}),
        ({"name": "n", "type": None}, {"type": "Invalid type"}),
        ({"type": "wall"}, {"type": "Invalid type"}),
        ({"type": ["web"]}, {"type": "Invalid type"}),
        ({"type": "web"}, {"name": ["This field is required."]}),
    ],
)
async def test_the_type_of_a_schedule_comes_first(body: dict[str, Any], problem: Any) -> None:
    """Without a type that is known nothing else of a schedule is looked at, and its error is a text."""
    async with grafana() as (_, caller):
        assert await caller.refusal("POST", "schedules/", body) == problem


async def test_shifts_of_a_calendar() -> None:
    """A calendar takes shifts of any team and no overrides; unknown ones are dropped, null is none."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        shift = await caller.make("on_call_shifts", **{**SHIFT, "type": "single_event"})
        theirs = await caller.make("on_call_shifts", **{**SHIFT, "type": "single_event", "team_id": team})
        override = await caller.make("on_call_shifts", **{**SHIFT, "type": "override"})
        body = {"type": "calendar", "name": "c", "time_zone": "UTC"}
        made = await caller.ask("POST", "schedules/", {**body, "shifts": [NOTHING, shift, theirs]})
        none = await caller.ask("POST", "schedules/", {**body, "shifts": None})
        assert "detail" in await caller.refusal("POST", "schedules/", {**body, "shifts": [override]})
        assert (await caller.get("on_call_shifts", shift))["schedule"] == made["id"]
        listed = await caller.listed("on_call_shifts", schedule_id=made["id"])
        assert await caller.listed("on_call_shifts", schedule_id=NOTHING) == []
        await caller.send("DELETE", f"on_call_shifts/{shift}/")
        assert (await caller.get("schedules", made["id"]))["shifts"] == [theirs]
    assert (made["shifts"], none["shifts"]) == ([shift, theirs], [])
    assert [one["id"] for one in listed] == [shift, theirs]


@pytest.mark.parametrize(
    ("kind", "hidden"),
    [
        ("single_event", {"frequency", "interval", "until", "rolling_users", "by_day", "week_start"}),
        ("recurrent_event", {"rolling_users", "start_rotation_from_user_index"}),
        ("rolling_users", {"users"}),
        ("override", {"level", "frequency", "rolling_users"}),
    ],
)
async def test_each_type_of_shift(kind: str, hidden: set[str]) -> None:
    """Each type of shift lacks some fields, and the schedule of the web that it belongs to is told."""
    async with grafana() as (_, caller):
        shift = {**WEEKLY, "type": kind, "rolling_users": [], "start_rotation_from_user_index": 0}
        schedule = await scheduled(caller, shift)
        (found,) = await caller.listed("on_call_shifts", schedule_id=schedule)
        assert (await caller.send("DELETE", f"schedules/{schedule}/")).status == 204
        assert await caller.listed("on_call_shifts") == []
    assert hidden & found.keys() == set()
    assert found.keys() >= {"id", "team_id", "schedule", "name", "type", "time_zone", "start", "duration"}
    assert found["schedule"] == schedule
    assert ("week_start" in found) == (kind in {"recurrent_event", "rolling_users"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start": "2027-01-18T09:00:00Z"}, "Invalid datetime format"),
        ({"start": "2027-01-18 09:00:00"}, "Invalid datetime format"),
        ({"until": "2027-01-18T09:00:00+01:00"}, "Invalid datetime format"),
        ({"rotation_start": "2027-02-30T09:00:00"}, "Invalid datetime format"),
        ({"type": "recurrent"}, "Invalid shift type"),
        ({"frequency": None}, "'frequency' is required"),
        ({"frequency": "weekly"}, "'week_start' is required"),
        ({"frequency": "yearly"}, "Invalid frequency type"),
        ({"interval": 0}, "Invalid value for interval"),
        ({"interval": None}, "'interval' must be a positive integer"),
        ({"week_start": "Monday"}, "Should be one of the following: 'MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'"),
        ({"by_day": ["MON"]}, "by_day field. Valid values: 'MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'"),
        ({"by_month": [13]}, "by_month field. Valid values: from 1 to 12"),
        ({"by_monthday": [0]}, "by_monthday field. Valid values: from 1 to 31 and from -31 to -1"),
        ({"type": "rolling_users"}, "'start_rotation_from_user_index' is required"),
        ({**TURNS, "by_monthday": [1]}, "Day limits are temporarily disabled"),
        ({**TURNS, "interval": 3, "by_day": ["MO", "TU"]}, "Interval must be less than or equal to the number"),
    ],
)
async def test_bad_shifts(change: dict[str, Any], words: str) -> None:
    """Times are local, without offset, and each type needs what makes it recur."""
    async with grafana() as (_, caller):
        problem = await caller.refusal("POST", "on_call_shifts/", {**DAILY, **change})
    assert words in problem["detail"]


async def test_name_of_a_shift() -> None:
    """A shift needs no name; one of 201 letters is refused when the shift is made, and breaks a change of it."""
    async with grafana() as (_, caller):
        nameless = {name: value for name, value in DAILY.items() if name != "name"}
        made = await caller.ask("POST", "on_call_shifts/", nameless)
        too_long = await caller.refusal("POST", "on_call_shifts/", {**DAILY, "name": "x" * 201})
        path = f"on_call_shifts/{made['id']}/"
        assert "name" in await caller.refusal("PATCH", path, {"name": None})
        assert (await caller.ask("PATCH", path, {"name": "x" * 200}))["name"] == "x" * 200
        failed = await caller.send("PATCH", path, json={"name": "x" * 201})
    assert (made["name"], made["interval"]) == (None, 1)
    assert too_long == {"name": ["Ensure this field has no more than 200 characters."]}
    assert (failed.status, failed.headers["Content-Type"][:9]) == (500, "text/html")


async def test_shift_changes_piece_by_piece() -> None:
    """A change leaves the rest alone."""
    async with grafana() as (sim, caller):
        team = sim.grafana.add_team("SRE")
        made = await caller.ask("POST", "on_call_shifts/", {**WEEKLY, "by_day": ["MO"], "by_month": []})
        changed = await caller.ask("PATCH", f"on_call_shifts/{made['id']}/", {"team_id": team})
    assert changed == {**made, "team_id": team}
    assert (made["by_month"], made["rotation_start"]) == (None, made["start"])


@pytest.mark.parametrize("year", ["0001", "1969", "3000", "9999"])
async def test_times_beyond_reckoning_are_refused(year: str) -> None:
    """A shift or a range so long ago or so far off that no calendar could be made of it is 400."""
    async with grafana() as (_, caller):
        shift = await caller.refusal("POST", "on_call_shifts/", {**DAILY, "start": f"{year}-01-01T00:00:00"})
        query = {"start_date": f"{year}-01-01", "end_date": f"{year}-01-02"}
        path = f"schedules/{await scheduled(caller)}/final_shifts/"
        assert (await caller.refusal("GET", path, query=query)).keys() == query.keys()
    assert "Invalid datetime format" in shift["detail"]
