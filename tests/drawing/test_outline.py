"""The data that is drawn, and what follows from it."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget, human_duration
from tests.support.outlines import CHECKOUT, EMPTY, HALF_READ, NASTY, OUTLINES, user


def test_steps_start_when_the_waits_before_them_are_over() -> None:
    """Each step starts after the waits of all steps before it."""
    assert CHECKOUT.starts == (0, 300, 900)


def test_durations_count_the_last_wait_and_the_repeats() -> None:
    """A pass takes all waits, the last one too; all of it takes as long as the first pass and each repeat."""
    assert CHECKOUT.pass_duration == 1500
    assert CHECKOUT.total_duration == 4500


def test_nothing_is_known_after_an_unknown_wait() -> None:
    """After an unknown wait no start is known, and neither is any duration."""
    assert list(HALF_READ.starts) == [0, None, None]
    assert HALF_READ.pass_duration is None
    assert HALF_READ.total_duration is None


def test_unknown_last_wait_leaves_the_starts() -> None:
    """If only the last wait is unknown, every start is known but no duration."""
    steps = (OutlineStep(targets=(), wait=60), OutlineStep(targets=()))
    outline = Outline(title="x", steps=steps)
    assert list(outline.starts) == [0, 60]
    assert outline.pass_duration is None


def test_escalation_without_steps_takes_no_time() -> None:
    """Without steps nothing starts, and it is through at once."""
    assert EMPTY.starts == ()
    assert EMPTY.pass_duration == 0
    assert EMPTY.total_duration == 0


@given(outline=OUTLINES)
def test_starts_never_go_back(outline: Outline) -> None:
    """There is one start a step; known ones come first and never go back."""
    known = [start for start in outline.starts if start is not None]
    assert len(outline.starts) == len(outline.steps)
    assert list(outline.starts[: len(known)]) == known == sorted(known)


@pytest.mark.parametrize("wait", [-1, -0.001, float("nan"), float("inf")])
def test_impossible_wait_is_refused(wait: float) -> None:
    """A wait that is negative or not finite is an error that names it."""
    with pytest.raises(ValueError, match=r"wait: .* is not a finite number of seconds"):
        OutlineStep(targets=(), wait=wait)


def test_negative_repeats_are_refused() -> None:
    """Nothing can be repeated less than never."""
    with pytest.raises(ValueError, match="repeats"):
        Outline(title="x", steps=(), repeats=-1)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.4, "under 1 s"),
        (45, "45 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (300, "5 min"),
        (5400, "1 h 30 min"),
        (7200, "2 h"),
        (86400, "1 d"),
        (93784, "1 d 2 h 3 min 4 s"),
        (86_400_000, "1000 d"),
        (1e300, "over 1000 d"),
        (float("inf"), "over 1000 d"),
    ],
)
def test_durations_read_like_people_write_them(seconds: float, expected: str) -> None:
    """A duration has the units that it needs, and no others."""
    assert human_duration(seconds) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\r\n\tb\u2028c\x85d\xa0 e ", "a b c d e"),
        ("\x1b[31mred\x00\x7f", "[31mred"),
        ("\u202egnirts\u202c\u2066x\u2069", "gnirtsx"),
        ("a \x00 b", "a b"),
        ("\ud800\ufffe\uffffx", "x"),
        ("👩🏽\u200d💻 e\u0301", "👩🏽\u200d💻 e\u0301"),
    ],
)
def test_texts_are_cleaned(text: str, expected: str) -> None:
    """Every text is on one line, without control characters or marks that reorder others, but keeps its letters."""
    target = OutlineTarget(kind=text, name=text, detail=text, people=(text, "\n"))
    outline = Outline(title=text, steps=(), ending=text, teams=("\x00", text))
    assert {target.kind, target.name, target.detail, *target.people} == {expected}
    assert {outline.title, outline.ending, *outline.teams} == {expected}


def test_no_name_stays_dangerous_to_a_terminal() -> None:
    """Of the nastiest names, nothing but printable text on one line is left."""
    names = [user(name).name for name in NASTY]
    assert [name for name in names if not name.isprintable()] == []


def test_one_target_takes_no_turns() -> None:
    """Turns are taken only where there is a choice."""
    one, two = (user("Ann"),), (user("Ann"), user("Bob"))
    assert OutlineStep(targets=two, one_at_a_time=True).takes_turns
    assert not OutlineStep(targets=one, one_at_a_time=True).takes_turns
    assert not OutlineStep(targets=two).takes_turns


def test_outlines_are_values() -> None:
    """Outlines with the same content are equal, hash alike and can't be changed."""
    copy = attrs.evolve(CHECKOUT)
    assert copy == CHECKOUT
    assert hash(copy) == hash(CHECKOUT)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        copy.title = "x"  # type: ignore[misc]
