"""What came of very many ids: counted, and kept in little memory."""

from __future__ import annotations

from typing import Final

import attrs

from aiooncall._base.compact_texts import CompactTexts
from aiooncall.errors import AmbiguousOutcome

MOST_KEPT: Final = 1000
"""How many failures are kept whole; of more only the ids are, and each kind is counted with its first error."""


@attrs.frozen
class ItemOutcome:
    """What came of one id: `error` is None if it worked."""

    id: str
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether it worked."""
        return self.error is None

    @property
    def ambiguous(self) -> bool:
        """Whether it may or may not have happened."""
        return isinstance(self.error, AmbiguousOutcome)


@attrs.define(kw_only=True)
class FailureKind:
    """Failures of one class: how many there were, and the first of their errors."""

    count: int
    first: Exception


@attrs.define(kw_only=True)
class Report:
    """What came of all ids so far.

    Attributes:
        succeeded: how many worked.
        failed: how many did not, the ambiguous ones included.
        ambiguous: how many may or may not have happened.
        duplicates: how many ids were left out because they had been there before.
        outcomes: those that failed, with their errors; the first 1 000 of them.
        failed_ids: the ids of all that failed.
        kinds: all that failed, counted by the name of their error's class.
        interrupted: ids whose request may have left when the job was cancelled: they may or may not have happened.
        finished: whether every id has been dealt with.
    """

    succeeded: int = 0
    failed: int = 0
    ambiguous: int = 0
    duplicates: int = 0
    outcomes: list[ItemOutcome] = attrs.field(factory=list[ItemOutcome])
    failed_ids: CompactTexts = attrs.field(factory=CompactTexts)
    kinds: dict[str, FailureKind] = attrs.field(factory=dict[str, FailureKind])
    interrupted: list[str] = attrs.field(factory=list[str])
    finished: bool = False

    def add(self, outcome: ItemOutcome) -> None:
        """Count `outcome`."""
        if outcome.error is None:
            self.succeeded += 1
            return
        self.failed += 1
        self.ambiguous += outcome.ambiguous
        self.failed_ids.append(outcome.id)
        kind = self.kinds.setdefault(type(outcome.error).__name__, FailureKind(count=0, first=outcome.error))
        kind.count += 1
        if len(self.outcomes) < MOST_KEPT:
            self.outcomes.append(outcome)

    def raise_for_failures(self) -> None:
        """Raise an ExceptionGroup of the errors, if there are any; of more than 1 000 the first ones."""
        errors = [outcome.error for outcome in self.outcomes if outcome.error is not None]
        if errors:
            raise ExceptionGroup(f"{self.failed} of {self.failed + self.succeeded} items failed", errors)


def bare(error: Exception) -> Exception:
    """Return an error without the frames that led to it, which hold on to all that was there at the time."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
