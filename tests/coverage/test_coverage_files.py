"""Shifts as calendars and tables: what is read back is what was written."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from aiooncall import OptionsError
from aiooncall.coverage import Person, Shift, to_csv, to_icalendar, to_json
from tests.support.coverage_shifts import ANN, BEN, START, TEXTS, shift, shifts

DRAWN = st.builds(
    lambda one, person, layer, override: Shift(
        schedule=one.schedule, person=person, start=one.start, end=one.end, layer=layer, override=override
    ),
    shifts().filter(bool).map(lambda drawn: drawn[0]),
    st.none()
    | st.builds(Person, id=TEXTS.filter(bool), name=TEXTS.filter(bool) | st.none(), email=TEXTS.map(str) | st.none()),
    TEXTS,
    TEXTS,
)
Row = dict[str, Any]


def told(one: Shift) -> Row:
    """Return all that a shift tells; what is empty is None."""
    person = one.person
    who = (person.id, person.name, person.email) if person else (None, None, None)
    names = ("schedule", "person", "name", "email", "layer", "override", "start", "end")
    values = (one.schedule, *who, one.layer, one.override, one.start, one.end)
    return {name: value or None for name, value in zip(names, values, strict=True)}


def in_calendar(text: str) -> list[Row]:
    """Return what the events of a calendar tell, as the library reads them."""
    rows: list[Row] = []
    for event in Calendar.from_ical(text).walk("VEVENT"):
        row: Row = {
            name: str(event[f"x-oncall-{name}"]) if f"x-oncall-{name}" in event else None
            for name in ("schedule", "person", "name", "email", "layer", "override")
        }
        rows.append({**row, "start": event.decoded("dtstart"), "end": event.decoded("dtend")})
    return rows


def in_table(text: str) -> list[Row]:
    """Return what the rows of a table tell."""
    return [
        {
            name: datetime.fromisoformat(value) if name in {"start", "end"} else value or None
            for name, value in row.items()
        }
        for row in csv.DictReader(io.StringIO(text))
    ]


def harmless(value: Any) -> Any:
    """Return a value as a table has it: an apostrophe is before what begins like a formula."""
    begins_like_one = isinstance(value, str) and value.strip()[:1] in {*"=+-@\uff1d\uff0b\uff0d\uff20"}
    return f"'{value}" if begins_like_one else value


@given(st.lists(DRAWN, max_size=4))
def test_calendar_read_back(drawn: list[Shift]) -> None:
    """A calendar that the library reads has the same shifts, each with an id of its own."""
    text = to_icalendar(drawn, stamp=START)
    assert in_calendar(text) == [told(one) for one in drawn]
    ids = [str(event["uid"]) for event in Calendar.from_ical(text).walk("VEVENT")]
    assert len(set(ids)) == len(drawn)
    assert text == to_icalendar(drawn, stamp=START)


@given(st.lists(DRAWN, max_size=4))
def test_tables_read_back(drawn: list[Shift]) -> None:
    """CSV and JSON have the same shifts."""
    assert in_table(to_csv(drawn)) == [{name: harmless(value) for name, value in told(one).items()} for one in drawn]
    rows = json.loads(to_json(drawn))
    times = [{name: datetime.fromisoformat(row[name]) for name in ("start", "end")} for row in rows]
    assert [
        {name: value or None for name, value in (row | time).items()} for row, time in zip(rows, times, strict=True)
    ] == [told(one) for one in drawn]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "' =1"),
        ("\r\n=1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("Ann\nLee\x1b[31m \ud800", "Ann Lee [31m \ufffd"),
        ("Ann = Lee", "Ann = Lee"),
    ],
)
def test_table_runs_nothing(name: str, cell: str) -> None:
    """A cell is no formula, whatever a person is called, and each shift is one line that any file takes."""
    text = to_csv([shift(Person(id="x", name=name), 0, 1, layer="=1+1")])
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["name"], row["layer"], len(text.encode().splitlines())) == (cell, "'=1+1", 2)


def test_calendar_of_people() -> None:
    """Events are called as the person, in UTC, one for each of two equal shifts; a name steers no calendar."""
    steering = Person(id="x", name="Eve\r\nATTENDEE:mailto:all@example.com")
    text = to_icalendar([shift(ANN, 0, 1), shift(ANN, 0, 1), shift(None, 1, 2), shift(steering, 2, 3)], name="Nights")
    calendar = Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    assert calendar["x-wr-calname"] == "Nights"
    assert [str(event["summary"]) for event in events[:3]] == ["Ann Lee", "Ann Lee", "nobody"]
    assert len({str(event["uid"]) for event in events}) == 4
    assert "DTSTART:20310101T000000Z" in text
    assert not any("attendee" in event for event in events)


def test_calendar_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library a calendar says what to install."""
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(ImportError, match=r"in a clone: pip install '\.\[calendar\]'"):
        to_icalendar([shift(BEN, 0, 1)])


@pytest.mark.parametrize(
    ("options", "field"),
    [({"name": ""}, "name"), ({"stamp": START.replace(tzinfo=None)}, "stamp"), ({"shifts": [1]}, "shifts")],
)
def test_bad_calendars(options: dict[str, Any], field: str) -> None:
    """A calendar without a name, one of a naive time and one of something else are refused."""
    with pytest.raises(OptionsError) as raised:
        to_icalendar(**{"shifts": [], **options})
    assert raised.value.field == field
