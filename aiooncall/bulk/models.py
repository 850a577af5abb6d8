"""The values of bulk jobs: items and their statuses, verbs, the facts of a plan, counts."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import attrs

from aiooncall._text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Status(StrEnum):
    """The status of an item."""

    OPEN = "open"
    SENDING = "sending"
    """Its bytes are about to leave, or have left. After a run was killed this means that it may have been sent."""
    DONE = "done"
    FOUND_DONE = "found_done"
    """It was sent without an answer, and a later look or run of this job found it done."""
    ALREADY = "already"
    """It had the wanted state before; somebody else did it."""
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


VerbName = Literal["acknowledge", "resolve", "escalate", "unacknowledge", "unresolve", "silence", "unsilence"]
"""The name of a verb. The first two are both providers', `escalate` is Datadog's, all others are Grafana's."""

DONE_HERE = frozenset({Status.DONE, Status.FOUND_DONE})
"""The statuses of items that this job has changed."""
FINISHED = DONE_HERE | {Status.ALREADY, Status.FAILED, Status.AMBIGUOUS}


def _line(text: str | None) -> str | None:
    return text and one_line(text)


@attrs.frozen(kw_only=True)
class Item:
    """A page or an alert group, with the fields that are known; `state` is the provider's word.

    Previews and reports show the texts, so line breaks and characters that control a terminal are removed.
    """

    id: str
    title: str | None = attrs.field(default=None, converter=_line)
    team: str | None = attrs.field(default=None, converter=_line)
    urgency: str | None = attrs.field(default=None, converter=_line)
    state: str | None = attrs.field(default=None, converter=_line)
    created_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Verb:
    """An action that a job does to each of its items.

    Attributes:
        name: its name, such as `resolve`.
        wanted: the states that show that it is done; empty if no state does.
        repeatable: whether an item can be sent twice without harm.
        undo: the name of the opposite verb; None if there is none.
        timed: whether it takes a duration.
    """

    name: str
    wanted: frozenset[str] = frozenset()
    repeatable: bool = True
    undo: str | None = None
    timed: bool = False


@attrs.frozen(kw_only=True)
class PlanFacts:
    """The facts of a plan. Its hash stands for them and for every id in its order.

    Attributes:
        provider: `datadog` or `grafana`.
        account: the host, and a few digits that tell credentials apart; no secret.
        verb: the verb, such as `resolve`.
        duration: its duration in seconds, where the verb takes one.
        selection: the source of the items, in words.
        items: the number of items.
        duplicates: the number of ids that were repeated, and left out.
        hash: the hash of the plan.
        created_at: the time of the plan.
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
    """The count of items in each status."""

    open: int = 0
    sending: int = 0
    done: int = 0
    found_done: int = 0
    already: int = 0
    failed: int = 0
    ambiguous: int = 0

    @property
    def total(self) -> int:
        """All items."""
        return self.finished + self.unfinished

    @property
    def finished(self) -> int:
        """Items with an outcome, of whatever kind."""
        return self.succeeded + self.failed + self.ambiguous

    @property
    def unfinished(self) -> int:
        """Items without an outcome."""
        return self.open + self.sending

    @property
    def succeeded(self) -> int:
        """Items with the wanted state, by this job or before it."""
        return self.done + self.found_done + self.already


@attrs.frozen(kw_only=True)
class Preview:
    """A preview of a plan: what it would change.

    Attributes:
        plan: the plan; `run` needs its hash.
        by_team: the count of items of each team; `unknown` counts items without that field, here and below.
        by_urgency: the count of items of each urgency.
        by_state: the count of items in each state.
        by_age: the count of items of each age.
        samples: some of the items.
        warnings: sentences to read before the run.
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
    """The result of `verify`: what the server shows of a job.

    Attributes:
        confirmed: items that have a wanted state.
        accepted: items that the server accepted and that do not have a wanted state, or not yet.
        unknown: items that are gone, or that are in doubt and do not have a wanted state.
        failed: items that failed.
        unfinished: items without an outcome.
    """

    confirmed: int = 0
    accepted: int = 0
    unknown: int = 0
    failed: int = 0
    unfinished: int = 0


@attrs.frozen(kw_only=True)
class WorkerShare:
    """The share of one worker in a job that was run over workers.

    Attributes:
        worker: the name of the worker.
        succeeded: items that have the wanted state.
        failed: items that failed.
        ambiguous: items in doubt.
        requests: requests that it has sent.
    """

    worker: str
    succeeded: int = 0
    failed: int = 0
    ambiguous: int = 0
    requests: int = 0
