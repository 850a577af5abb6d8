"""A week as a table and as a picture: all of it is there, nothing leaves its place, and gaps need no colour."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import OptionsError
from aiooncall.coverage import Person, Shift, week_svg, week_table
from aiooncall.coverage.week_bars import bars_of
from aiooncall.coverage.week_colours import COLOURS_OF_A_WEEK, PEOPLE
from aiooncall.coverage.weeks import Week
from aiooncall.drawing.measure import cells
from tests.support.contrast import luminance, seen_apart
from tests.support.coverage_shifts import ANN, BEN, CEM, DAY, HOUR, START, TEXTS, people_at, shift, shifts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

SVG: Final = "{http://www.w3.org/2000/svg}"
WEEK: Final = 7 * DAY
END: Final = START + WEEK
WIDTHS: Final = (60, 80, 120)
TWO: Final = [shift(ANN, 0, 9), shift(BEN, 9, 40), shift(ANN, 48, 168), shift(CEM, 0, 168, "T")]
NASTY: Final = ("<b>&amp;\"'", "]]>", "a\nb\x1b[31m", "\u202eevil", "💩" * 40, "x" * 300, "\ud800", "\u200b")


def week(given_shifts: Sequence[Shift], start: datetime = START, end: datetime = END, zone: str = "UTC") -> Week:
    """Return a week."""
    return Week.of(given_shifts, start, end, zone=zone, names=None)


def draw(given_shifts: Sequence[Shift], **options: Any) -> Element:
    """Return the parsed picture."""
    return fromstring(week_svg(given_shifts, START, END, **options))


def texts(picture: Element) -> list[str]:
    """Return what is written in a picture."""
    return ["".join(found.itertext()) for found in picture.iter(f"{SVG}text")]


def hints(picture: Element) -> list[str]:
    """Return the tooltips."""
    return [found.text or "" for found in picture.iter(f"{SVG}title")][1:]


@given(shifts(), st.integers(-50, 170), st.integers(0, 170))
def test_pieces_are_the_time(drawn: list[Shift], first: int, length: int) -> None:
    """A row's pieces follow each other from the start to the end, and have who is on call at each instant."""
    start, end = START + first * HOUR, START + (first + length) * HOUR
    by_name = {row.name: row.pieces for row in week(drawn, start, end).rows}
    assert set(by_name) == {one.schedule for one in drawn}
    for name, pieces in by_name.items():
        edges = [start, *(piece.end for piece in pieces)]
        assert [piece.start for piece in pieces] == edges[:-1]
        assert edges[-1] == end
        assert all(one.people != other.people for one, other in pairwise(pieces))
        for piece in pieces:
            middle = piece.start + piece.length / 2
            assert {person.id for person in piece.people} == people_at(drawn, middle, name)


@given(shifts())
def test_bars_are_the_pieces(drawn: list[Shift]) -> None:
    """Bars have each person's time once, as long as possible, and those of a lane are apart."""
    for row in week(drawn).rows:
        bars = bars_of(row)
        for piece in row.pieces:
            there = [bar.person for bar in bars if bar.start <= piece.start and piece.end <= bar.end]
            assert sorted(person.id for person in there) == [person.id for person in piece.people]
        for one, other in combinations(bars, 2):
            if one.lane == other.lane:
                assert one.end <= other.start or other.end <= one.start
            if one.person == other.person:
                assert one.end < other.start or other.end < one.start


def test_days_of_a_place() -> None:
    """Days are those of the place: one in which clocks go forward is shorter, one that was skipped is not there."""
    march = datetime(2031, 3, 29, 12, tzinfo=UTC)
    paris = week([], march, march + 2 * DAY, "Europe/Paris").days
    assert [(one.label, (one.end - one.start) / HOUR) for one in paris] == [
        ("Sat 29 Mar", 24), ("Sun 30 Mar", 23), ("Mon 31 Mar", 24),
    ]  # fmt: skip
    apia = datetime(2011, 12, 29, 20, tzinfo=UTC)
    assert [one.day.day for one in week([], apia, apia + DAY, "Pacific/Apia").days] == [29, 31]


def test_table() -> None:
    """A table has a time where somebody takes over, none where they go on, and says each gap below."""
    assert week_table(TWO, START, START + 3 * DAY, names={"S": "Primary"}, width=80).splitlines() == [
        "Wed 1 Jan to Fri 3 Jan 2031, UTC",
        "",
        "              │Wed 1 Jan            │Thu 2 Jan            │Fri 3 Jan",
        "──────────────┼─────────────────────┼─────────────────────┼─────────────────────",
        "Primary       │00:00 Ann Lee        │      Ben Roth       │00:00 Ann Lee",
        "              │09:00 Ben Roth       │16:00 NOBODY         │",
        "──────────────┼─────────────────────┼─────────────────────┼─────────────────────",
        "T             │00:00 c              │      c              │      c",
        "",
        "Nobody is on call for 8 h:",
        "  Primary",
        "    Thu 2 Jan 16:00 to Fri 3 Jan 00:00 (8 h)",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_table_fits(width: int) -> None:
    """At each width no line is too long, and there are as many days side by side as fit."""
    lines = week_table(TWO, START, END, width=width).splitlines()
    assert max(map(cells, lines)) <= width
    heads = [line.count("│") for line in lines if "Jan" in line and "│" in line]
    assert heads == {60: [3, 3, 1], 80: [4, 3], 120: [7]}[width]


@given(
    st.lists(st.builds(lambda one, name: Shift(schedule=one.schedule, person=Person(id=name or "x", name=name),
             start=one.start, end=one.end), shifts().filter(bool).map(lambda some: some[0]), TEXTS), max_size=5),
    st.integers(60, 200), TEXTS,
)  # fmt: skip
def test_any_table_fits(drawn: list[Shift], width: int, name: str) -> None:
    """Whatever people and schedules are called, no line is too long, and nothing in it steers a terminal."""
    table = week_table(drawn, START, END, names={"S": name}, width=width)
    assert max(map(cells, table.splitlines())) <= width
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f]", table)) <= {"\n"}
    uncovered = any(row.gaps for row in Week.of(drawn, START, END, zone="UTC", names={"S": name}).rows)
    assert ("NOBODY" in table) >= uncovered


def test_table_without_lines() -> None:
    """A table can be drawn with ASCII alone."""
    assert week_table(TWO, START, END, ascii_only=True).isascii()
    assert "+--" in week_table(TWO, START, END, ascii_only=True)


def test_nothing_to_show() -> None:
    """No schedule, and no time, are said."""
    assert week_table([], START, END).splitlines() == ["Wed 1 Jan to Tue 7 Jan 2031, UTC", "There is no schedule."]
    assert week_table(TWO, START, START) == "no day, UTC"
    assert texts(fromstring(week_svg([], START, START)))[0] == "On call: no day"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"width": 28}, "width"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"end": START - DAY}, "end"),
        ({"names": ["S"]}, "names"),
        ({"names": {"S": None}}, "names"),
        ({"names": {7: "Primary"}}, "names"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], field: str) -> None:
    """What is wrong is said by its name."""
    given_options = {"start": START, "end": END, **options}
    with pytest.raises(OptionsError) as raised:
        week_table(TWO, **given_options)
    assert raised.value.field == field
    with pytest.raises(OptionsError):
        week_svg(TWO, START, START + 367 * DAY)


def test_picture_says_everything() -> None:
    """Days, schedules, people, handovers, gaps and how long everybody is on call are written in the picture."""
    assert set(texts(draw(TWO, names={"S": "Primary", "X": "Empty"}))) >= {
        *("On call: Wed 1 Jan to Tue 7 Jan 2031", "UTC · 3 schedules", "· nobody for 7 d 8 h in all"),
        *("Wed 1 Jan", "Tue 7 Jan", "Primary", "T", "Empty", "09:00 Ben Roth", "00:00 nobody"),
        *("Ann Lee · 5 d 9 h", "Ben Roth · 1 d 7 h", "c · 7 d"),
    }


def test_gap_needs_no_colour() -> None:
    """A gap is hatched and outlined with dashes, and named."""
    picture = draw([shift(ANN, 0, 100)])
    (group,) = [one for one in picture.iter(f"{SVG}g") if (one.findtext(f"{SVG}title") or "").startswith("nobody")]
    marks = {part.get("class") for part in group}
    assert {"f-gapped", "s-hatch", "s-gap"} <= marks
    assert [part.get("stroke-dasharray") for part in group if part.get("class") == "s-gap"] == ["5 3"]
    assert group.findtext(f"{SVG}text") == "04:00 nobody"


@pytest.mark.parametrize("name", NASTY)
def test_picture_is_safe(name: str) -> None:
    """Whatever people and schedules are called, the picture is XML that brings nothing along."""
    person = Person(id="p", name=name)
    source = week_svg([shift(person, 0, 100, name)], START, END, names={name: name})
    picture = fromstring(source)
    tags = {found.tag.removeprefix(SVG) for found in picture.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "g", "text", "path"}
    assert not [key for found in picture.iter() for key in found.attrib if re.match("on|.*href", key)]
    assert not re.search(r"url|@import|@font-face|http", picture.findtext(f"{SVG}style", ""))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800]", source)


@given(shifts())
def test_picture_holds_all(drawn: list[Shift]) -> None:
    """Each time of each person and each gap has a tooltip, and nothing is drawn outside of the picture."""
    picture, told = draw(drawn), week(drawn)
    expected = [f"{bar.person.label}: {told.when(bar.start, bar.end)}" for row in told.rows for bar in bars_of(row)]
    expected += [f"nobody: {told.when(gap.start, gap.end)}" for row in told.rows for gap in row.gaps]
    assert sorted(hint for hint in hints(picture) if ": " in hint) == sorted(expected)
    right, bottom = float(picture.get("width", "")), float(picture.get("height", ""))
    for rect in picture.iter(f"{SVG}rect"):
        x, y, wide, high = (float(rect.get(name, "")) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert x + wide <= right
        assert y >= 0
        assert y + high <= bottom


def test_every_class_has_a_colour() -> None:
    """Each class in use is defined for light and for dark, and no rule reaches beyond the picture."""
    many = [shift(Person(id=str(number)), number, number + 2) for number in range(30)]
    picture = draw(many)
    style = picture.findtext(f"{SVG}style", "")
    light, _, dark = style.partition("@media (prefers-color-scheme:dark)")
    for name in {name for found in picture.iter() for name in found.get("class", "").split()}:
        assert f".{name}{{" in light
        assert f".{name}{{" in dark
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", style)
    assert [rule for rule in rules if not rule.startswith(f"#{picture.get('id')} ")] == []


def test_same_shifts_same_bytes() -> None:
    """The same shifts give the same picture, others another id."""
    assert week_svg(TWO, START, END) == week_svg(list(TWO), START, END)
    assert draw(TWO).get("id") != draw(TWO[:2]).get("id")


def test_colours_come_again_underlined() -> None:
    """When colours run out they come again with a line, another one each time, so that no two people look the same."""
    people = [shift(Person(id=f"p{number:02}"), 4 * number, 4 * number + 4) for number in range(40)]
    picture = draw(people)
    legend = picture.findall(f"{SVG}rect")[1:]
    lines = [path for path in picture.findall(f"{SVG}path") if path.get("class") == "s-named"]
    assert len(legend) == 40
    assert len(lines) == 40 - len(PEOPLE)
    assert len({line.get("stroke-dasharray") for line in lines}) == 4


def test_colours_are_seen_apart() -> None:
    """Whoever sees no red, no green or no blue tells the colours of any two people apart."""
    assert [pair for pair in combinations(PEOPLE, 2) if not seen_apart(*pair)] == []


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[("named", f"person{number}", 4.5) for number in range(len(PEOPLE))],
        *[("ink", "page", 4.5), ("soft", "page", 4.5), ("gap", "page", 4.5)],
        *[("gap", "gapped", 4.5), ("gap", "hatch", 4.5)],
    ],
)
def test_contrast(front: str, back: str, least: float, mode: int) -> None:
    """What is written can be read, on light and on dark."""
    shades = (luminance(COLOURS_OF_A_WEEK[name][mode]) for name in (front, back))
    darker, lighter = sorted(shades)
    assert (lighter + 0.05) / (darker + 0.05) >= least


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_bars_stand_out(mode: int) -> None:
    """A bar is seen on the page, by its outline or by its colour."""
    page = luminance(COLOURS_OF_A_WEEK["page"][mode])
    for number in range(len(PEOPLE)):
        shades = (luminance(COLOURS_OF_A_WEEK[name][mode]) for name in ("outline", f"person{number}"))
        assert max((max(one, page) + 0.05) / (min(one, page) + 0.05) for one in shades) >= 3
