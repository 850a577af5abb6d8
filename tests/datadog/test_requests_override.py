"""How overrides are written and told apart, and how a time is cut into what requests can ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import OptionsError, ResourceRef, evolve
from aiooncall.datadog import Override, Schedule, Team, User
from aiooncall.datadog.resources.overrides import LONGEST_RANGE, time_slices
from aiooncall.datadog.writing.override import matching, overrides_given, overrides_request

ANN, BEN = User(id="ann"), User(id="ben")
TEN = datetime(2031, 1, 1, 22, tzinfo=UTC)


def override(**fields: Any) -> Override:
    """Return an override by Ben, at night."""
    return Override(**{"start": TEN, "end": TEN + timedelta(hours=8), "user": BEN, **fields})


def test_written_as_the_reference_has_it() -> None:
    """A request has type, times and people of each override, and nothing that the server makes."""
    paris = TEN.astimezone(ZoneInfo("Europe/Paris"))
    rows = [override(), override(id="o1", inactive=True, schedule=Schedule(id="s"), start=paris, overridden_user=ANN)]
    end = "2031-01-02T06:00:00Z"
    assert overrides_request(rows) == [
        {
            "type": "overrides",
            "attributes": {"start": "2031-01-01T22:00:00Z", "end": end},
            "relationships": {"user": {"data": {"type": "users", "id": "ben"}}},
        },
        {
            "type": "overrides",
            "attributes": {"start": "2031-01-01T23:00:00+01:00", "end": end},
            "relationships": {
                "user": {"data": {"type": "users", "id": "ben"}},
                "overridden_user": {"data": {"type": "users", "id": "ann"}},
            },
        },
    ]


def test_people_can_be_references() -> None:
    """Whoever is known by an id alone can stand in, and be stood in for."""
    plain = override(user=BEN.ref, overridden_user=ANN.ref)
    assert overrides_request([plain]) == overrides_request([override(overridden_user=ANN)])
    assert overrides_request([override(overridden_user=None)]) == overrides_request([override()])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("start", {"start": datetime(2031, 1, 1)}),  # noqa: DTZ001 (that is what is wrong)
        ("start", {"start": "2031-01-01T22:00:00Z"}),
        ("start", {"start": None}),
        ("end", {"end": TEN}),
        ("end", {"end": TEN.astimezone(ZoneInfo("Asia/Tokyo"))}),
        ("end", {"end": None}),
        ("user", {"user": None}),
        ("user", {"user": "ben"}),
        ("user", {"user": User()}),
        ("user", {"user": Team(id="t")}),
        ("overridden_user", {"overridden_user": "ann"}),
        ("overridden_user", {"overridden_user": ResourceRef("teams", "t")}),
    ],
)
def test_wrong_override_is_refused(field: str, wrong: dict[str, Any]) -> None:
    """What is wrong with an override is an OptionsError that says with which, and where in it."""
    with pytest.raises(OptionsError) as raised:
        overrides_request([override(), override(**wrong)])
    assert raised.value.field == f"overrides[1].{field}"


def test_one_or_many() -> None:
    """One override is as good as a list of one, and any iterable as a list."""
    one, other = override(), override(user=ANN)
    assert overrides_given(one) == (one,)
    assert overrides_given(row for row in (one, other)) == (one, other)


@pytest.mark.parametrize("wrong", [[], (), None, "ben", b"x", 5, [override(), None], {"user": "ben"}])
def test_no_override_at_all(wrong: Any) -> None:
    """None at all, and anything else, is an OptionsError."""
    with pytest.raises(OptionsError) as raised:
        overrides_given(wrong)
    assert raised.value.field == "overrides"


def test_told_apart_by_person_and_time() -> None:
    """Overrides are matched by who stands in when, whatever the zone; each is good for one only."""
    wanted = override(overridden_user=ANN)
    same = override(id="1", user=BEN.ref, start=TEN.astimezone(ZoneInfo("Asia/Tokyo")), inactive=False)
    assert matching([wanted], [override(id="0", user=ANN), same]) == (same,)
    assert matching([wanted, wanted], [same]) is None
    assert matching([wanted, wanted], [same, evolve(same, id="2")]) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"user": ANN},
        {"user": None},
        {"start": TEN + timedelta(seconds=1)},
        {"end": TEN + timedelta(hours=9)},
        {"end": None},
        {"overridden_user": User(id="cem")},
    ],
)
def test_what_differs_does_not_match(other: dict[str, Any]) -> None:
    """Another person, time or place is another override."""
    assert matching([override(overridden_user=ANN)], [override(**other)]) is None


def test_cut_fractions_match() -> None:
    """A server that keeps less of a second than it was told still shows the same override."""
    told = override(start=TEN + timedelta(microseconds=123_456))
    assert matching([told], [override(start=TEN + timedelta(milliseconds=123))]) is not None


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001 (zones are drawn apart)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES, ZONES, st.timedeltas(timedelta(microseconds=1), timedelta(days=800)))
def test_slices_are_the_whole_time(naive: datetime, one: timezone, other: timezone, length: timedelta) -> None:
    """Slices follow each other without a gap from start to end; each can be asked for, and none is more than needed."""
    start = naive.replace(tzinfo=one)
    end = (start + length).astimezone(other)
    slices = list(time_slices(start, end))
    assert slices[0][0] == start
    assert slices[-1][1] == end
    assert all(until == begin for (_, until), (begin, _) in pairwise(slices))
    assert all(timedelta() < until - begin <= LONGEST_RANGE for begin, until in slices)
    assert len(slices) == -(-length // LONGEST_RANGE)


def test_last_years_can_be_asked_for() -> None:
    """The latest times that calls take are cut without an overflow."""
    end = datetime(9998, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))
    assert list(time_slices(end - timedelta(days=46), end))[-1][1] == end
