"""An escalation as a picture: safe, legible and whole."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import fromstring

import attrs
import pytest
from hypothesis import given

from aiooncall.drawing import wording
from aiooncall.drawing.measure import pixels
from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget
from aiooncall.drawing.svg import svg
from aiooncall.drawing.svg_theme import COLOURS
from aiooncall.drawing.text import describe
from tests.support.contrast import luminance
from tests.support.outlines import CHECKOUT, EMPTY, HALF_READ, NASTY, OUTLINES, only, user

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SVG: Final = "{http://www.w3.org/2000/svg}"
TEXT_CONTRAST: Final = 4.5
SHAPE_CONTRAST: Final = 3.0


def draw(outline: Outline) -> Element:
    """Return the parsed picture of an escalation."""
    return fromstring(svg(outline))


def texts(picture: Element) -> list[str]:
    """Return what is written in a picture, from top to bottom of its source."""
    return ["".join(found.itertext()) for found in picture.iter(f"{SVG}text")]


def hints(picture: Element) -> list[str]:
    """Return the tooltips."""
    return [found.text or "" for found in picture.iter(f"{SVG}title")][1:]


def classes(picture: Element) -> set[str]:
    """Return all classes in use."""
    return {name for found in picture.iter() for name in found.get("class", "").split()}


def test_picture_says_everything() -> None:
    """Title, teams, times, targets, waits, turns, repeats and ending are written in the picture."""
    assert set(texts(draw(CHECKOUT))) >= {
        *("Checkout", "3 steps · 1 h 15 min in all", "Teams: Payments"),
        *("1", "2", "3", "at once", "+5 min", "+15 min", "+25 min", "+1 h 15 min", "at the latest"),
        *("Ann Lee", "Primary", "Cy", "Dee", "支付", "#payments"),
        *("user", "schedule · now Bob", "team · Ann Lee, Bob", "schedule · previous on call: Eve", "slack channel"),
        *("5 min", "10 min", "One of these, in turn"),
        *("Starts again from step 1, at most 2 more times", "Then the page is resolved"),
    }


def test_picture_shows_what_is_not_known() -> None:
    """Unknown parts, targets, waits and times are said to be unknown; nothing claims when it ends."""
    found = texts(draw(HALF_READ))
    assert {wording.INCOMPLETE, "Nobody known", "wait unknown", "no wait", "time unknown"} <= set(found)
    assert not {"at the latest", "or later"} & set(found)


@pytest.mark.parametrize(("complete", "expected"), [(True, "at the latest"), (False, "or later")])
def test_end_of_a_part_may_be_later(complete: bool, expected: str) -> None:
    """If part of it was not read, the end may come later than it seems."""
    outline = attrs.evolve(CHECKOUT, complete=complete)
    assert {"at the latest", "or later"} & set(texts(draw(outline))) == {expected}


def test_picture_without_steps() -> None:
    """Without steps the picture says so, with the ending if there is one, and without a way back."""
    assert texts(draw(EMPTY)) == ["Empty", wording.no_steps(EMPTY)]
    ended = draw(attrs.evolve(EMPTY, ending="it rests", repeats=2))
    assert "Then it rests" in texts(ended)
    assert "s-step" not in classes(ended)


def test_step_without_targets_reaches_nobody() -> None:
    """A step without targets has a card that says so."""
    assert "Nobody" in texts(draw(Outline(title="x", steps=(OutlineStep(targets=()),))))


def test_long_time_takes_two_lines() -> None:
    """A time with many units is broken after two of them, so that it stays beside the time line."""
    steps = (OutlineStep(targets=(), wait=93784), OutlineStep(targets=()))
    assert {"+1 d 2 h", "3 min 4 s"} <= set(texts(draw(Outline(title="x", steps=steps))))


def test_wait_stands_in_the_middle_of_its_frame() -> None:
    """The frame of a wait ends as far behind its text as it begins before its icon."""
    steps = (OutlineStep(targets=(user("Ann"),), wait=300), OutlineStep(targets=(user("Ben"),)))
    groups = list(draw(Outline(title="x", steps=steps)).iter())
    place = next(at for at, found in enumerate(groups) if found.text == "5 min")
    frame, text = groups[place - 2], groups[place]
    left, wide = float(frame.attrib["x"]), float(frame.attrib["width"])
    behind = left + wide - float(text.attrib["x"]) - pixels("5 min", 12, bold=True)
    assert behind == pytest.approx(12, abs=0.1)


def test_repeats_have_a_way_back() -> None:
    """Only an escalation that is repeated has an arrow back to its start, and is wider for it."""
    once = draw(attrs.evolve(CHECKOUT, repeats=0, steps=CHECKOUT.steps[:1]))
    again = draw(attrs.evolve(CHECKOUT, repeats=1, steps=CHECKOUT.steps[:1]))
    assert "s-step" not in classes(once)
    assert "s-step" in classes(again)
    assert int(once.get("width", "")) < int(again.get("width", ""))


def test_kinds_differ_in_shape() -> None:
    """Each kind has a badge of its own shape and colour, so that nobody has to tell colours apart."""
    kinds = ("user", "team", "schedule", "other")
    step = OutlineStep(targets=tuple(OutlineTarget(kind=kind, name="x") for kind in kinds))
    shapes = {path.get("class"): path.get("d") for path in draw(Outline(title="x", steps=(step,))).iter(f"{SVG}path")}
    assert len({shapes[f"f-{kind}"] for kind in kinds}) == len(kinds)


def test_unknown_kind_looks_like_other() -> None:
    """A kind that is not known is drawn as any other target, and named."""
    picture = draw(Outline(title="x", steps=(OutlineStep(targets=(OutlineTarget(kind="pager_duty", name="x"),)),)))
    assert "f-other" in classes(picture)
    assert "pager duty" in texts(picture)


def test_long_name_is_shortened_with_a_tooltip() -> None:
    """A name that is too long is cut with an ellipsis, and whole in the tooltip."""
    name = "A schedule with a very long name " * 5
    picture = draw(only(name))
    assert [text for text in texts(picture) if text.startswith("A schedule") and text.endswith("…")]
    assert f"{name.strip()} (user)" in hints(picture)


def test_long_title_teams_and_ending_have_tooltips() -> None:
    """Whatever can be cut is whole in a tooltip."""
    long = "very long " * 40
    outline = attrs.evolve(CHECKOUT, title=f"Title {long}", teams=(f"Team {long}",), ending=f"Ending {long}")
    picture = draw(outline)
    assert wording.heading(outline) in hints(picture)
    assert f"Then Ending {long.strip()}" in hints(picture)
    assert long not in "".join(texts(picture))


def test_picture_is_accessible() -> None:
    """The picture has a role, and its name and description are found by the ids that it refers to."""
    picture = draw(CHECKOUT)
    by_id = {found.get("id"): found.text for found in picture.iter() if found.get("id")}
    assert picture.get("role") == "img"
    assert [by_id[each] for each in picture.get("aria-labelledby", "").split()] == [
        wording.heading(CHECKOUT),
        describe(CHECKOUT),
    ]


def test_picture_needs_nothing_from_outside() -> None:
    """No scripts, images, links, imports or foreign fonts, even if a name looks like one."""
    for outline in (CHECKOUT, *map(only, NASTY)):
        picture = draw(outline)
        style = picture.findtext(f"{SVG}style", "")
        tags = {found.tag.removeprefix(SVG) for found in picture.iter()}
        assert tags <= {"svg", "title", "desc", "style", "defs", "clipPath", "rect", "g", "text", "path", "circle"}
        assert not re.search(r"url|@import|@font-face|http", style)
        assert not [name for found in picture.iter() for name in found.attrib if re.match("on|.*href", name)]


def test_same_outline_same_bytes() -> None:
    """The same escalation gives the same picture."""
    assert svg(CHECKOUT) == svg(attrs.evolve(CHECKOUT))


def test_ids_of_two_pictures_differ() -> None:
    """Two pictures may stand in one page: no id is used twice, and no style reaches into the other."""
    one, other = draw(CHECKOUT), draw(attrs.evolve(CHECKOUT, repeats=1))
    ids = [found.get("id") for picture in (one, other) for found in picture.iter() if found.get("id")]
    assert len(ids) == len(set(ids))
    for picture in (one, other):
        rules = re.findall(r"([^{}]+)\{[^{}]*\}", picture.findtext(f"{SVG}style", ""))
        assert [rule for rule in rules if not rule.startswith(f"#{picture.get('id')} ")] == []


def test_every_class_has_a_colour_on_light_and_dark() -> None:
    """Each class in use is defined twice: for light, and inside the query for dark."""
    for outline in (CHECKOUT, HALF_READ, EMPTY):
        picture = draw(outline)
        light, _, dark = picture.findtext(f"{SVG}style", "").partition("@media (prefers-color-scheme:dark)")
        for name in classes(picture):
            assert f".{name}{{" in light
            assert f".{name}{{" in dark


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[("ink", back, TEXT_CONTRAST) for back in ("page", "panel", "card")],
        *[("soft", back, TEXT_CONTRAST) for back in ("page", "panel", "card")],
        *[("glyph", back, TEXT_CONTRAST) for back in ("step", "user", "team", "schedule", "other", "nobody", "soft")],
        ("step", "panel", TEXT_CONTRAST),
        ("warning", "warned", TEXT_CONTRAST),
        ("rail", "page", SHAPE_CONTRAST),
        ("step", "page", SHAPE_CONTRAST),
        *[(front, "card", SHAPE_CONTRAST) for front in ("user", "team", "schedule", "other", "nobody")],
    ],
)
def test_contrast(front: str, back: str, least: float, mode: int) -> None:
    """Text and shapes have the contrast that WCAG asks for, on light and on dark."""
    lighter, darker = sorted((luminance(COLOURS[front][mode]), luminance(COLOURS[back][mode])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least


def boxes(picture: Element) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of each card."""
    found: list[tuple[float, float, float, float]] = []

    def visit(element: Element, left: float, top: float) -> None:
        if moved := re.match(r"translate\((\S+) (\S+)\)$", element.get("transform", "")):
            left, top = left + float(moved[1]), top + float(moved[2])
        if "f-card" in element.get("class", ""):
            found.append((left, top, left + float(element.get("width", "")), top + float(element.get("height", ""))))
        for child in element:
            visit(child, left, top)

    visit(picture, 0, 0)
    return found


@given(outline=OUTLINES)
def test_cards_stand_apart_inside_the_picture(outline: Outline) -> None:
    """There is a card for each target; none leaves the picture or covers another."""
    picture = draw(outline)
    found = boxes(picture)
    assert len(found) == sum(len(step.targets) or 1 for step in outline.steps)
    for number, (left, top, right, bottom) in enumerate(found):
        assert left >= 0
        assert right <= int(picture.get("width", ""))
        assert top >= 0
        assert bottom <= int(picture.get("height", ""))
        for other in found[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


@given(outline=OUTLINES)
def test_every_name_can_be_read(outline: Outline) -> None:
    """Each target has a tooltip with its whole name, which is in the description too."""
    picture = draw(outline)
    targets = [target for step in outline.steps for target in step.targets]
    cards = [hint for hint in hints(picture) if hint.endswith(")")]
    assert [target.name for target in targets if not any(wording.name(target) in hint for hint in cards)] == []
    assert picture.findtext(f"{SVG}desc") == describe(outline)


@given(outline=OUTLINES)
def test_source_has_no_control_characters(outline: Outline) -> None:
    """The picture's source can be written as UTF-8 and has no control character but line breaks."""
    source = svg(outline)
    source.encode()
    assert {char for char in source if unicodedata.category(char) in {"Cc", "Cs"}} == {"\n"}


def test_a_crowd_keeps_its_order() -> None:
    """Targets are drawn in their order, two in a row if they are short."""
    targets = tuple(user(f"P{number}") for number in range(5))
    picture = draw(Outline(title="x", steps=(OutlineStep(targets=targets),)))
    assert [text for text in texts(picture) if re.fullmatch(r"P\d", text)] == [target.name for target in targets]
    assert len({top for _, top, _, _ in boxes(picture)}) == 3
