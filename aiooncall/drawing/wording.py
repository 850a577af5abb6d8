"""What all drawings of an escalation say in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from aiooncall.drawing.outline import Outline, OutlineTarget

IN_TURN: Final = "one of these, in turn"
INCOMPLETE: Final = "Part of it could not be read: there may be more than this."
_UNNAMED: Final = "(no name)"
_KINDS: Final = frozenset({"user", "team", "schedule"})


def title(outline: Outline) -> str:
    """Return the name of the escalation."""
    return outline.title or _UNNAMED


def heading(outline: Outline) -> str:
    """Return the name of the escalation and its teams."""
    return f"{title(outline)} (teams: {', '.join(outline.teams)})" if outline.teams else title(outline)


def name(target: OutlineTarget) -> str:
    """Return what to call a target."""
    return target.name or _UNNAMED


def kind(target: OutlineTarget) -> str:
    """Return what sort of thing a target is."""
    return target.kind.replace("_", " ") or "target"


def look(target: OutlineTarget) -> str:
    """Return which look a target has: "user", "team", "schedule" or "other"."""
    return target.kind if target.kind in _KINDS else "other"


def notes(target: OutlineTarget) -> str:
    """Return what more is known of a target: its detail and its people."""
    people = ", ".join(target.people)
    if target.detail and people:
        return f"{target.detail}: {people}"
    if people and target.kind == "schedule":
        return f"now {people}"
    return target.detail or people


def nobody(outline: Outline) -> str:
    """Return who is reached by a step without targets."""
    return "nobody" if outline.complete else "nobody known"


def no_steps(outline: Outline) -> str:
    """Return what to say of an escalation without steps."""
    return "There are no steps: nobody is reached." if outline.complete else "No step could be read."


def moment(start: float) -> str:
    """Return when something happens, `start` seconds after the escalation began."""
    return f"{human_duration(start)} in" if start else "at once"


def pause(wait: float | None) -> str:
    """Return how long a wait is, in as few words as possible."""
    if wait is None:
        return "wait unknown"
    return human_duration(wait) if wait else "no wait"


def arrival(outline: Outline, index: int) -> str:
    """Return when the step at `index` starts: after which wait, and how long after the beginning."""
    if index == 0:
        return "At once"
    wait, start = outline.steps[index - 1].wait, outline.starts[index]
    if wait is None:
        return "After an unknown wait"
    phrase = f"After {human_duration(wait)}" if wait else "Without a wait"
    return phrase if start is None else f"{phrase} ({moment(start)})"


def again(outline: Outline) -> str:
    """Return how often the whole is repeated."""
    return "at most once more" if outline.repeats == 1 else f"at most {outline.repeats} more times"


def ending(outline: Outline) -> str:
    """Return what happens when all is through."""
    return outline.ending.rstrip(". ") or "the escalation ends"


def in_all(outline: Outline) -> str:
    """Return how long all passes take, or nothing if that is unknown or no time at all."""
    if not outline.total_duration:
        return ""
    return f"{'' if outline.complete else 'at least '}{human_duration(outline.total_duration)}"
