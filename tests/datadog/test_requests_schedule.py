"""How schedules are written: what is sent, and what is refused before anything is."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from aiooncall import UNSET, LinkError, LossyWrite, OptionsError
from aiooncall.datadog import Interval, Layer, Member, Schedule, Team, TimeRestriction, User, Weekday
from aiooncall.datadog.writing.schedule import schedule_request
from aiooncall.jsonapi import ResourceRef, UnknownResource
from tests.support.graphs import Case

Json = dict[str, Any]

ADA = User(id="00000000-aba1-0000-0000-000000000000")
OWNER = Team(id="00000000-da3a-0000-0000-000000000000")
OFFICE = TimeRestriction(start_day=Weekday.MONDAY, start_time=time(9), end_day="friday", end_time="17:00:00")


def layer(**fields: Any) -> Layer:
    """Return a layer."""
    needed = {
        "name": "Layer 1", "effective_date": datetime(2025, 2, 3, 5, tzinfo=UTC), "interval": timedelta(days=1),
        "rotation_start": datetime(2025, 2, 1, tzinfo=UTC), "members": [ADA],
    }  # fmt: skip
    return Layer(**{**needed, **fields})


def schedule(*layers: Any, **fields: Any) -> Schedule:
    """Return a schedule of layers."""
    needed = {"name": "On-Call Schedule", "time_zone": "America/New_York", "layers": layers or [layer()]}
    return Schedule(**{**needed, **fields})


def sent(*layers: Any, **options: Any) -> list[Json]:
    """Return layers as a request has them."""
    found: list[Json] = schedule_request(schedule(*layers), **options)["attributes"]["layers"]
    return found


def test_example_of_the_reference() -> None:
    """The reference's request is what the plain objects give."""
    found = schedule(layer(end_date=datetime(2025, 12, 31, tzinfo=UTC), restrictions=[OFFICE]), teams=[OWNER])
    assert schedule_request(found) == {
        "attributes": {
            "layers": [
                {
                    "effective_date": "2025-02-03T05:00:00Z",
                    "end_date": "2025-12-31T00:00:00Z",
                    "interval": {"days": 1},
                    "members": [{"user": {"id": "00000000-aba1-0000-0000-000000000000"}}],
                    "name": "Layer 1",
                    "restrictions": [
                        {"end_day": "friday", "end_time": "17:00:00", "start_day": "monday", "start_time": "09:00:00"}
                    ],
                    "rotation_start": "2025-02-01T00:00:00Z",
                }
            ],
            "name": "On-Call Schedule",
            "time_zone": "America/New_York",
        },
        "relationships": {"teams": {"data": [{"id": "00000000-da3a-0000-0000-000000000000", "type": "teams"}]}},
        "type": "schedules",
    }


def test_empty_places() -> None:
    """A place without a user, however it is given, is sent as one, and in its order."""
    members = [None, ADA, Member(), Member(user=None), Member(user=ADA.ref), ADA.ref]
    (found,) = sent(layer(members=members))
    user = {"user": {"id": ADA.id}}
    assert found["members"] == [{}, user, {}, {}, user, user]
    assert sent(layer(members=[]))[0]["members"] == []


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (timedelta(days=7), {"days": 7}),
        (timedelta(hours=12), {"seconds": 43_200}),
        (timedelta(days=1, hours=1), {"days": 1, "seconds": 3600}),
        (Interval(days=400), {"days": 400}),
        (Interval(seconds=2_592_000), {"seconds": 2_592_000}),
        (timedelta(hours=1), {"seconds": 3600}),
        (Interval(days=0, seconds=3600, extra={"weeks": 1}), {"days": 0, "seconds": 3600, "weeks": 1}),
    ],
)
def test_intervals(interval: Any, expected: Json) -> None:
    """A turn takes days and seconds, up to the API's bounds; a timedelta will do."""
    assert sent(layer(interval=interval))[0]["interval"] == expected


@pytest.mark.parametrize("text", ["17:00:00", "17:00", "9:00", "24:00", "24:00:00", time(23, 59, 59)])
def test_times_of_day(text: Any) -> None:
    """Times of day may be given as people write them."""
    window = TimeRestriction(start_day="monday", start_time=text, end_day="monday", end_time=text)
    (found,) = sent(layer(restrictions=[window]))[0]["restrictions"]
    assert found["start_time"] == (text.isoformat() if isinstance(text, time) else text)


def test_time_zone_of_a_layer() -> None:
    """A layer may have a zone of its own, an empty one as in answers, or null."""
    zones = ["Asia/Tokyo", "", None]
    layers = [layer(name=str(number), time_zone=zone) for number, zone in enumerate(zones)]
    assert [found["time_zone"] for found in sent(*layers)] == zones


def windowed(**fields: Any) -> Schedule:
    """Return a schedule whose second layer has a second window with `fields`."""
    odd = TimeRestriction(
        **{"start_day": "monday", "start_time": "9:00", "end_day": "monday", "end_time": "17:00", **fields}
    )
    return schedule(layer(), layer(name="2", restrictions=[OFFICE, odd]))


def second(**fields: Any) -> Schedule:
    """Return a schedule whose second layer has `fields`."""
    return schedule(layer(), layer(**{"name": "2", **fields}))


NAIVE = datetime(2025, 2, 3)  # noqa: DTZ001 (that is the point)
REFUSED: list[tuple[Schedule, str]] = [
    (schedule(name=""), "name"), (schedule(name=None), "name"), (schedule(time_zone=UNSET), "time_zone"),
    (schedule(time_zone=""), "time_zone"), (schedule(time_zone="Mars/Base"), "time_zone"),
    (schedule(layers=UNSET), "layers"), (schedule(layers=None), "layers"), (schedule(teams=[User(id="u")]), "teams[0]"),
    (schedule(layers=[]), "layers"), (schedule(layer(), "night"), "layers[1]"), (schedule(layer(), ADA), "layers[1]"),
]  # fmt: skip
ROBOT: Any = UnknownResource(kind="robots", id="r")
HALF: Any = 1.5
REFUSED_LAYERS: list[tuple[Json, str]] = [
    ({"name": ""}, "name"), ({"name": UNSET}, "name"), ({"name": "Layer 1"}, "name"),
    ({"effective_date": UNSET}, "effective_date"), ({"effective_date": NAIVE}, "effective_date"),
    ({"effective_date": "2025-02-03"}, "effective_date"), ({"rotation_start": None}, "rotation_start"),
    ({"rotation_start": NAIVE}, "rotation_start"), ({"end_date": NAIVE}, "end_date"), ({"interval": UNSET}, "interval"),
    ({"interval": Interval()}, "interval"), ({"interval": timedelta()}, "interval"), ({"interval": 86_400}, "interval"),
    ({"interval": Interval(days=401)}, "interval.days"), ({"interval": timedelta(days=-1)}, "interval.days"),
    ({"interval": Interval(days=HALF)}, "interval.days"), ({"interval": timedelta(minutes=59)}, "interval"),
    ({"interval": Interval(days=0, seconds=3599)}, "interval"),
    ({"interval": Interval(seconds=2_592_001)}, "interval.seconds"), ({"time_zone": "Mars/Base"}, "time_zone"),
    ({"members": UNSET}, "members"), ({"members": [ADA, User()]}, "members[1].user"),
    ({"members": ["ada"]}, "members[0].user"), ({"members": [OWNER.ref]}, "members[0].user"),
    ({"members": [Member(user=ROBOT)]}, "members[0].user"),
    ({"restrictions": [{"start_day": "monday"}]}, "restrictions[0].start_day"),
]  # fmt: skip
REFUSED_WINDOWS: list[tuple[Json, str]] = [
    ({"start_day": "someday"}, "start_day"), ({"end_day": UNSET}, "end_day"), ({"end_day": []}, "end_day"),
    ({"start_time": "25:00"}, "start_time"), ({"end_time": None}, "end_time"),
    ({"start_time": "1\u0667:00"}, "start_time"),
    ({"end_time": time(17, 0, 0, 5)}, "end_time"), ({"end_time": time(17, tzinfo=UTC)}, "end_time"),
]  # fmt: skip
ALL_REFUSED = [
    *REFUSED,
    *((second(**fields), f"layers[1].{place}") for fields, place in REFUSED_LAYERS),
    *((windowed(**fields), f"layers[1].restrictions[1].{place}") for fields, place in REFUSED_WINDOWS),
]


@pytest.mark.parametrize(("refused", "field"), ALL_REFUSED)
def test_what_is_wrong_is_refused(refused: Schedule, field: str) -> None:
    """What the API would refuse is refused here, with the place."""
    with pytest.raises(OptionsError) as caught:
        schedule_request(refused)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("unread", "place"),
    [
        (schedule(layer(), ResourceRef("layers", "l")), "layers[1]"),
        (schedule(layer(members=[ADA, ResourceRef("members", "m")])), "layers[0].members[1]"),
    ],
)
def test_what_was_not_read_cannot_be_written(unread: Schedule, place: str) -> None:
    """A layer or a member that is only a reference would lose its content: the error names the remedy."""
    with pytest.raises(LinkError) as caught:
        schedule_request(unread, update=True)
    assert str(caught.value).startswith(f"{place} is only a reference")


LAYER, MEMBER = {"type": "layers", "id": "l"}, {"type": "members", "id": "m"}
MOMENT = "2025-02-01T00:00:00.123456789+05:45"


def drifted(**member_links: Json) -> Schedule:
    """Return a schedule as a newer server would send it, with unknown things on every level."""
    window = {"start_day": "monday", "start_time": "9:00", "end_day": "friday", "end_time": "24:00:00", "why": "x"}
    said = {
        "name": "L", "effective_date": MOMENT, "rotation_start": "2025-02-01T00:00:00Z", "end_date": None,
        "interval": {"days": 1, "moons": 2}, "restrictions": [window], "time_zone": "", "noise": [1],
        "applied_rotation_start": "2025-02-01T00:00:00Z",
    }  # fmt: skip
    document = {
        "data": {
            "type": "schedules", "id": "s",
            "attributes": {"name": "S", "time_zone": "UTC", "tags": ["a"], "mood": None},
            "relationships": {"layers": {"data": [LAYER]}, "teams": {"data": None}, "pets": {"data": []}},
            "links": {"self": "/s"},
        },
        "included": [
            {**LAYER, "attributes": said, "size": 1, "relationships": {"members": {"data": [MEMBER]}}},
            {**MEMBER, "attributes": {"weight": 2}, "relationships": {"user": {"data": ADA_ID}, **member_links}},
        ],
    }  # fmt: skip
    found = Case(Schedule, document).link().data[0]
    assert isinstance(found, Schedule)
    return found


ADA_ID = {"type": "users", "id": ADA.id}


def test_unknown_things_survive() -> None:
    """Unknown values and relationships, nulls and nanoseconds go back as they came; what the server makes does not."""
    window = {"start_day": "monday", "start_time": "9:00", "end_day": "friday", "end_time": "24:00:00", "why": "x"}
    written = {
        "id": "l", "name": "L", "effective_date": MOMENT, "rotation_start": "2025-02-01T00:00:00Z", "end_date": None,
        "interval": {"days": 1, "moons": 2}, "restrictions": [window], "time_zone": "", "noise": [1], "size": 1,
        "members": [{"weight": 2, "user": {"id": ADA.id}}],
    }  # fmt: skip
    expected = {
        "type": "schedules", "id": "s",
        "attributes": {"name": "S", "time_zone": "UTC", "mood": None, "layers": [written]},
        "relationships": {"teams": {"data": []}, "pets": {"data": []}},
    }  # fmt: skip
    assert schedule_request(drifted(), update=True) == expected
    del expected["id"], written["id"]
    assert schedule_request(drifted()) == expected


def test_what_has_no_place_is_refused() -> None:
    """A relationship of a member that isn't known has no place in a request: nothing is lost silently."""
    with pytest.raises(LossyWrite) as caught:
        schedule_request(drifted(deputy={"data": ADA_ID}), update=True)
    assert caught.value.field == "layers[0].members[0].deputy"


def test_a_new_layer_beside_an_old_one() -> None:
    """To update, a layer that was read has its id, and one that is added has none."""
    found = drifted()
    found.layers = [*(found.layers or ()), layer(name="new")]
    old, new = schedule_request(found, update=True)["attributes"]["layers"]
    assert (old["id"], "id" in new) == ("l", False)
