"""An escalation in sentences, and as a tree for the terminal."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given

from aiooncall.drawing import wording
from aiooncall.drawing.measure import cells
from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget
from aiooncall.drawing.text import describe, tree
from tests.support.outlines import CHECKOUT, EMPTY, HALF_READ, OUTLINES, only, user


def test_description_says_who_is_reached_when() -> None:
    """Each step is a sentence with its wait, its time and its targets; the last says what follows."""
    assert describe(CHECKOUT) == (
        "Checkout (teams: Payments)\n"
        "1. At once: Ann Lee, and whoever is on call for Primary (now Bob).\n"
        "2. After 5 min (5 min in): one of Cy, Dee, in turn.\n"
        "3. After 10 min (15 min in): the team 支付 (Ann Lee, Bob), the schedule Primary (previous on call: Eve), "
        "and the slack channel #payments.\n"
        "If nobody acknowledges for 10 min after that, it starts again, at most 2 more times "
        "(worst case 1 h 15 min in all). Then the page is resolved."
    )


def test_description_admits_what_is_not_known() -> None:
    """Unknown waits, targets and parts are named as such, and no time is made up after them."""
    assert describe(HALF_READ).splitlines() == [
        "Half read",
        "Part of it could not be read: there may be more than this.",
        "1. At once: nobody known.",
        "2. After an unknown wait: Ann.",
        "3. Without a wait: Bob.",
        "If nobody acknowledges for 1 min after that, it starts again, at most once more. Then the escalation ends.",
    ]


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        (EMPTY, "Empty\nThere are no steps: nobody is reached."),
        (
            attrs.evolve(EMPTY, ending="The page waits.", repeats=3),
            "Empty\nThere are no steps: nobody is reached.\nThen The page waits.",
        ),
    ],
)
def test_description_of_no_steps(outline: Outline, expected: str) -> None:
    """Without steps it says that nobody is reached, and never that it starts again."""
    assert describe(outline) == expected


def test_incomplete_description_of_no_steps_claims_nothing() -> None:
    """If no step was read, it does not say that there is none."""
    assert describe(attrs.evolve(EMPTY, complete=False)).splitlines()[1:] == [
        wording.INCOMPLETE,
        "No step could be read.",
    ]


@pytest.mark.parametrize(
    ("wait", "complete", "expected"),
    [
        (60, True, "If nobody acknowledges for 1 min after that, the escalation ends (1 min in)."),
        (60, False, "If nobody acknowledges for 1 min after that, the escalation ends (at least 1 min in)."),
        (0, True, "If nobody acknowledges, the escalation ends."),
        (None, True, "If nobody acknowledges, the escalation ends."),
    ],
)
def test_last_sentence_fits_the_last_wait(wait: float | None, complete: bool, expected: str) -> None:
    """Without repeats, the last sentence says what happens after the last wait, and when, if that is known."""
    outline = Outline(title="x", steps=(OutlineStep(targets=(), wait=wait),), complete=complete)
    assert describe(outline).splitlines()[-1] == expected


def test_step_without_targets_reaches_nobody() -> None:
    """A step without targets says so."""
    assert "1. At once: nobody." in describe(Outline(title="x", steps=(OutlineStep(targets=()),)))


@pytest.mark.parametrize(("targets", "expected"), [((user("Ann"),), "Ann"), ((), "nobody")])
def test_turns_need_a_choice(targets: tuple[OutlineTarget, ...], expected: str) -> None:
    """Where there is nothing to choose between, neither text speaks of turns."""
    outline = Outline(title="x", steps=(OutlineStep(targets=targets, one_at_a_time=True),))
    assert f"1. At once: {expected}." in describe(outline)
    assert "1. At once\n" in tree(outline)


def test_wait_of_nothing_keeps_the_time() -> None:
    """After a wait of zero the step still says when it comes."""
    steps = tuple(OutlineStep(targets=(user("Ann"),), wait=wait) for wait in (0, 60, 0, 60))
    starts = [line.partition(":")[0] for line in describe(Outline(title="x", steps=steps)).splitlines()[1:5]]
    assert starts == [
        "1. At once",
        "2. Without a wait (at once)",
        "3. After 1 min (1 min in)",
        "4. Without a wait (1 min in)",
    ]


def test_nameless_things_are_shown() -> None:
    """What has no name, or no kind, still shows."""
    outline = Outline(title="\n", steps=(OutlineStep(targets=(OutlineTarget(kind="", name=""),)),))
    assert describe(outline).splitlines()[:2] == ["(no name)", "1. At once: the target (no name)."]


def test_tree_has_columns() -> None:
    """The tree shows targets below their step, in columns that wide characters don't shift."""
    assert tree(CHECKOUT).splitlines() == [
        "Checkout (teams: Payments)",
        "├── 1. At once",
        "│   ├── user           Ann Lee",
        "│   └── schedule       Primary    now Bob",
        "├── 2. After 5 min (5 min in), one of these, in turn",
        "│   ├── user           Cy",
        "│   └── user           Dee",
        "├── 3. After 10 min (15 min in)",
        "│   ├── team           支付       Ann Lee, Bob",
        "│   ├── schedule       Primary    previous on call: Eve",
        "│   └── slack channel  #payments",
        "├── After 10 min: again from step 1, at most 2 more times",
        "└── Then the page is resolved (1 h 15 min in all)",
    ]


def test_tree_in_ascii() -> None:
    """The ASCII tree draws with ASCII and escapes other letters; the columns stay aligned."""
    assert tree(only("Zoë"), ascii_only=True).splitlines() == [
        "T",
        "|-- 1. At once",
        "|   `-- user  Zo\\xeb",
        "`-- After 1 min: the escalation ends (1 min in)",
    ]


@pytest.mark.parametrize(
    ("outline", "expected"),
    [
        (EMPTY, ["Empty", "└── There are no steps: nobody is reached."]),
        (
            attrs.evolve(EMPTY, ending="it rests", complete=False),
            ["Empty", f"├── {wording.INCOMPLETE}", "├── No step could be read.", "└── Then it rests"],
        ),
        (
            HALF_READ,
            [
                "Half read",
                f"├── {wording.INCOMPLETE}",
                "├── 1. At once",
                "│   └── nobody known",
                "├── 2. After an unknown wait",
                "│   └── user  Ann",
                "├── 3. Without a wait",
                "│   └── user  Bob",
                "├── After 1 min: again from step 1, at most once more",
                "└── Then the escalation ends",
            ],
        ),
    ],
)
def test_tree_of_what_is_missing(outline: Outline, expected: list[str]) -> None:
    """Missing steps, targets and waits show as such."""
    assert tree(outline).splitlines() == expected


@pytest.mark.parametrize(("wait", "expected"), [(None, "After an unknown wait:"), (0, "Without a wait:")])
def test_tree_ends_after_the_last_wait(wait: float | None, expected: str) -> None:
    """The last branch says what is known of the last wait."""
    outline = Outline(title="x", steps=(OutlineStep(targets=(user("Ann"),), wait=wait),))
    assert tree(outline).splitlines()[-1] == f"└── {expected} the escalation ends"


def test_equal_targets_have_one_last_branch() -> None:
    """Only the last of equal targets gets the mark of the last."""
    outline = Outline(title="x", steps=(OutlineStep(targets=(user("A"), user("A")), wait=60),))
    assert tree(outline).splitlines()[2:4] == ["│   ├── user  A", "│   └── user  A"]


@given(outline=OUTLINES)
def test_description_names_every_target(outline: Outline) -> None:
    """Each step is one line, in which all its targets are named, whatever they are called."""
    before = 1 if outline.complete else 2
    lines = describe(outline).split("\n")[before:]
    steps = lines[: len(outline.steps)]
    assert len(lines) == len(steps) + 1 + bool(outline.ending and not steps)
    for number, (line, step) in enumerate(zip(steps, outline.steps, strict=True), 1):
        assert line.startswith(f"{number}. ")
        assert [target.name for target in step.targets if wording.name(target) not in line] == []


@given(outline=OUTLINES)
def test_tree_names_every_target_in_a_line_of_its_own(outline: Outline) -> None:
    """Each target has one line, with its name where the names of all others stand, unless they are very long."""
    leaves = [line for line in tree(outline).split("\n")[1:] if line[4:8] in {"├── ", "└── "}]
    targets = [target for step in outline.steps for target in step.targets or (None,)]
    assert len(leaves) == len(targets)
    kinds = max((cells(wording.kind(target)) for target in targets if target), default=0)
    for leaf, target in zip(leaves, targets, strict=True):
        if target is None:
            assert leaf.endswith(wording.nobody(outline))
        else:
            assert wording.name(target) in leaf
            if kinds <= 40:
                before = leaf[8:].removeprefix(wording.kind(target)).partition(wording.name(target)[0])[0]
                assert cells(wording.kind(target)) + len(before) == kinds + 2


@given(outline=OUTLINES)
def test_ascii_tree_is_ascii(outline: Outline) -> None:
    """An ASCII tree can be written to any terminal, and has as many lines as the other."""
    plain = tree(outline, ascii_only=True)
    assert plain.isascii()
    assert plain.count("\n") == tree(outline).count("\n")
