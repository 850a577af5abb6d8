"""An escalation as plain data: who is reached, when, and in which order.

Texts are cleaned when an object is made, so nothing that draws them has to mind line breaks or control characters.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.drawing.measure import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_LONGEST: Final = 1000 * 86400
"""A longer duration says nothing more to anybody."""


def _clean_all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, texts)))


def _check_wait(_: object, field: attrs.Attribute[float | None], value: float | None) -> None:
    if value is not None and not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{field.name}: {value!r} is not a finite number of seconds, 0 or more")


@attrs.frozen(kw_only=True)
class OutlineTarget:
    """Someone or something that a step reaches.

    Attributes:
        kind: "user", "team", "schedule", or anything else.
        name: what to show.
        detail: more about it, such as "previous on call".
        people: who stands behind a schedule or team, if that is known.
    """

    kind: str = attrs.field(converter=clean)
    name: str = attrs.field(converter=clean)
    detail: str = attrs.field(converter=clean, default="")
    people: tuple[str, ...] = attrs.field(converter=_clean_all, default=())


@attrs.frozen(kw_only=True)
class OutlineStep:
    """One step of an escalation.

    Attributes:
        targets: whom it reaches.
        wait: seconds until the next step, or until what follows the last one; None if unknown.
        one_at_a_time: whether each page goes to only one of the targets, in turn (round-robin).
    """

    targets: tuple[OutlineTarget, ...]
    wait: float | None = attrs.field(default=None, validator=_check_wait)
    one_at_a_time: bool = False

    @property
    def takes_turns(self) -> bool:
        """Return whether there is a choice between targets."""
        return self.one_at_a_time and len(self.targets) > 1


@attrs.frozen(kw_only=True)
class Outline:
    """A whole escalation.

    Attributes:
        title: its name.
        steps: its steps, in order.
        repeats: how often the whole is done again if nobody answers.
        ending: what happens when it is through, such as "the page is resolved".
        teams: the teams it belongs to.
        complete: False if part of it was not read.
    """

    title: str = attrs.field(converter=clean)
    steps: tuple[OutlineStep, ...]
    repeats: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    ending: str = attrs.field(converter=clean, default="")
    teams: tuple[str, ...] = attrs.field(converter=_clean_all, default=())
    complete: bool = True

    @property
    def starts(self) -> tuple[float | None, ...]:
        """Return when each step starts, in seconds from the start of the escalation; None from an unknown wait on."""
        return self._instants()[:-1]

    @property
    def pass_duration(self) -> float | None:
        """Return how many seconds one pass takes, with the last step's wait; None if a wait is unknown."""
        return self._instants()[-1]

    @property
    def total_duration(self) -> float | None:
        """Return how many seconds all passes take if nobody answers; None if a wait is unknown."""
        once = self.pass_duration
        return None if once is None else once * (1 + self.repeats)

    def _instants(self) -> tuple[float | None, ...]:
        return tuple(accumulate((step.wait for step in self.steps), _later, initial=0.0))


def _later(start: float | None, wait: float | None) -> float | None:
    return None if start is None or wait is None else start + wait


def human_duration(seconds: float) -> str:
    """Return a duration as people write it: `45 s`, `5 min`, `1 h 30 min`, `2 h`, `1 d`.

    Args:
        seconds: the duration, 0 or more; it is rounded to whole seconds.
    """
    if seconds > _LONGEST:
        return f"over {_LONGEST // 86400} d"
    if 0 < seconds < 1:
        return "under 1 s"
    left, parts = round(seconds), list[str]()
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"
