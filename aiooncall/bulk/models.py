"""What a bulk job deals with: items, what can be done to them, and the facts of its plan."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from aiooncall._text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Status(StrEnum):
    """How far an item is."""

    OPEN = "open"
    SENDING = "sending"
    """Its bytes are about to leave, or have left. Found later, it means that the process died right then."""
    DONE = "done"
    FOUND_DONE = "found_done"
    """It was sent without an answer, by a run that was cut off or in doubt, and then found done by this job."""
    ALREADY = "already"
    """It was so before, by somebody else's doing."""
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


DONE_HERE = frozenset({Status.DONE, Status.FOUND_DONE})
"""What this job has done."""
FINISHED = DONE_HERE | {Status.ALREADY, Status.FAILED, Status.AMBIGUOUS}


def _line(text: str | None) -> str | None:
    return text and one_line(text)


@attrs.frozen(kw_only=True)
class Item:
    """A page or an alert group, as far as it is known; `state` is the provider's word.

    Texts are kept on one line and without what steers a terminal: they are shown in previews and reports.
    """

    id: str
    title: str | None = attrs.field(default=None, converter=_line)
    team: str | None = attrs.field(default=None, converter=_line)
    urgency: str | None = attrs.field(default=None, converter=_line)
    state: str | None = attrs.field(default=None, converter=_line)
    created_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Verb:
    """Something that can be done to each of many items.

    Attributes:
        name: what it is called.
        wanted: the states that show that it is done; empty if no state does.
        repeatable: whether doing it twice is as good as once.
        undo: the verb that takes it back, if there is one.
        timed: whether it takes a duration.
    """

    name: str
    wanted: frozenset[str] = frozenset()
    repeatable: bool = True
    undo: str | None = None
    timed: bool = False


@attrs.frozen(kw_only=True)
class PlanFacts:
    """What a plan says; its hash stands for all of it and for every id in its order.

    Attributes:
        provider: `datadog` or `grafana`.
        account: where and as whom, without a secret.
        verb: what is to be done.
        duration: for how long, in seconds, where the verb takes that.
        selection: where the items came from, in words.
        items: how many there are.
        duplicates: how many ids came again and were left out.
        hash: stands for the plan.
        created_at: when it was made.
    """

    provider: str
    account: str
    verb: str
    duration: float | None
    selection: str
    items: int
    duplicates: int
    hash: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class Counts:
    """How many items are in which status."""

    open: int = 0
    sending: int = 0
    done: int = 0
    found_done: int = 0
    already: int = 0
    failed: int = 0
    ambiguous: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.finished + self.unfinished

    @property
    def finished(self) -> int:
        """Those that were dealt with, whatever came of it."""
        return self.succeeded + self.failed + self.ambiguous

    @property
    def unfinished(self) -> int:
        """Those that are still to be dealt with."""
        return self.open + self.sending

    @property
    def succeeded(self) -> int:
        """Those that are as wanted, by this job or before."""
        return self.done + self.found_done + self.already


@attrs.frozen(kw_only=True)
class Preview:
    """What a plan would touch.

    Attributes:
        plan: the plan; its hash has to be given to run it.
        by_team: how many items each team has; `unknown` has those of which it is not known, here and below.
        by_urgency: how many items have which urgency.
        by_state: how many items are in which state.
        by_age: how many items are how old.
        samples: some of the items.
        warnings: what to know before it starts.
    """

    plan: PlanFacts
    by_team: Mapping[str, int]
    by_urgency: Mapping[str, int]
    by_state: Mapping[str, int]
    by_age: Mapping[str, int]
    samples: tuple[Item, ...]
    warnings: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Verification:
    """What the server shows of a job.

    Attributes:
        confirmed: items that the server shows as wanted.
        accepted: items that the server took, and does not show as wanted (yet).
        unknown: items that could not be found, or whose outcome is not known.
        failed: items that failed.
        unfinished: items that were not dealt with.
    """

    confirmed: int = 0
    accepted: int = 0
    unknown: int = 0
    failed: int = 0
    unfinished: int = 0
