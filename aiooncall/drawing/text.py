"""An escalation as lines of text: to read aloud, and as a tree for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from aiooncall.drawing import wording
from aiooncall.drawing.measure import cells, pad
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget

_Item = TypeVar("_Item")

_WIDEST_COLUMN: Final = 40
"""A longer text moves only what stands behind it, not the whole column."""


def describe(outline: Outline) -> str:
    """Return the escalation in sentences, a line for each step.

    Args:
        outline: the escalation.
    """
    return "\n".join(_sentences(outline))


def _sentences(outline: Outline) -> Iterator[str]:
    yield wording.heading(outline)
    if not outline.complete:
        yield wording.INCOMPLETE
    for index, step in enumerate(outline.steps):
        yield f"{index + 1}. {wording.arrival(outline, index)}: {_reached(step) or wording.nobody(outline)}."
    if outline.steps:
        yield _afterwards(outline)
    else:
        yield wording.no_steps(outline)
        if outline.ending:
            yield f"Then {wording.ending(outline)}."


def _reached(step: OutlineStep) -> str:
    who = [_phrase(target) for target in step.targets]
    if step.takes_turns:
        return f"one of {', '.join(who)}, in turn"
    return ", ".join((*who[:-1], f"and {who[-1]}")) if len(who) > 1 else "".join(who)


def _phrase(target: OutlineTarget) -> str:
    called, notes = wording.name(target), wording.notes(target)
    if target.kind == "schedule" and not target.detail:
        called = f"whoever is on call for {called}"
    elif target.kind != "user":
        called = f"the {wording.kind(target)} {called}"
    return f"{called} ({notes})" if notes else called


def _afterwards(outline: Outline) -> str:
    wait, in_all = outline.steps[-1].wait, wording.in_all(outline)
    unless = f"If nobody acknowledges for {human_duration(wait)} after that" if wait else "If nobody acknowledges"
    if not outline.repeats:
        return f"{unless}, {wording.ending(outline)}{f' ({in_all} in)' if in_all else ''}."
    worst = f" (worst case {in_all} in all)" if in_all else ""
    return f"{unless}, it starts again, {wording.again(outline)}{worst}. Then {wording.ending(outline)}."


class _Lines(NamedTuple):
    """What a tree is drawn with: before a branch and below it, and the same for the last branch."""

    branch: str
    beside: str
    last: str
    below: str


_BOX: Final = _Lines("├── ", "│   ", "└── ", "    ")
_ASCII: Final = _Lines("|-- ", "|   ", "`-- ", "    ")


class _Branch(NamedTuple):
    text: str
    leaves: Sequence[str] = ()


def tree(outline: Outline, *, ascii_only: bool = False) -> str:
    r"""Return the escalation as a tree for the terminal, with the targets in columns.

    Args:
        outline: the escalation.
        ascii_only: draw with ASCII characters only; others in names are written as escapes like `\u00e9`.
    """
    show = _escape if ascii_only else str
    branches = [_Branch(show(text), leaves) for text, leaves in _branches(outline, show)]
    return "\n".join((show(wording.heading(outline)), *_draw(branches, _ASCII if ascii_only else _BOX)))


def _escape(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _draw(branches: list[_Branch], lines: _Lines) -> Iterator[str]:
    for branch, is_last in _with_last(branches):
        yield (lines.last if is_last else lines.branch) + branch.text
        for leaf, is_last_leaf in _with_last(branch.leaves):
            yield (lines.below if is_last else lines.beside) + (lines.last if is_last_leaf else lines.branch) + leaf


def _with_last(items: Sequence[_Item]) -> Iterator[tuple[_Item, bool]]:
    """Yield each item, and whether it is the last."""
    return ((item, number == len(items)) for number, item in enumerate(items, 1))


def _branches(outline: Outline, show: Callable[[str], str]) -> Iterator[_Branch]:
    if not outline.complete:
        yield _Branch(wording.INCOMPLETE)
    leaves = _leaves(outline, show)
    for index, step in enumerate(outline.steps):
        turns = f", {wording.IN_TURN}" if step.takes_turns else ""
        yield _Branch(f"{index + 1}. {wording.arrival(outline, index)}{turns}", leaves[index])
    if not outline.steps:
        yield _Branch(wording.no_steps(outline))
    yield from map(_Branch, _endings(outline))


def _endings(outline: Outline) -> Iterator[str]:
    in_all = wording.in_all(outline)
    if outline.steps and outline.repeats:
        yield f"{_after(outline)} again from step 1, {wording.again(outline)}"
        yield f"Then {wording.ending(outline)}{f' ({in_all} in all)' if in_all else ''}"
    elif outline.steps:
        yield f"{_after(outline)} {wording.ending(outline)}{f' ({in_all} in)' if in_all else ''}"
    elif outline.ending:
        yield f"Then {wording.ending(outline)}"


def _after(outline: Outline) -> str:
    wait = outline.steps[-1].wait
    if wait is None:
        return "After an unknown wait:"
    return f"After {human_duration(wait)}:" if wait else "Without a wait:"


def _leaves(outline: Outline, show: Callable[[str], str]) -> list[list[str]]:
    """Return the targets of each step, in columns that are the same for all steps."""
    rows = [[[show(text) for text in _columns(target)] for target in step.targets] for step in outline.steps]
    flat = [row for step in rows for row in step]
    widths = [min(_WIDEST_COLUMN, max(map(cells, column))) for column in zip(*flat, strict=True)]
    return [[_aligned(row, widths) for row in step] or [wording.nobody(outline)] for step in rows]


def _columns(target: OutlineTarget) -> tuple[str, str, str]:
    return wording.kind(target), wording.name(target), wording.notes(target)


def _aligned(row: list[str], widths: list[int]) -> str:
    return "  ".join(map(pad, row, widths)).rstrip()
