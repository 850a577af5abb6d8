"""What an audit is asked: for which time and teams, which kinds of findings, and what has to be read for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

import attrs

from aiooncall._base.validation import count, one_of, seconds, text
from aiooncall.audit.facts import URGENCIES
from aiooncall.audit.kinds import FindingKind
from aiooncall.coverage.periods import LONGEST, period
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from aiooncall._base.validation import Seconds

DAYS: Final = 14
"""How many days are looked at unless said otherwise: two turns of a weekly rotation."""
LONGEST_STRETCH: Final = timedelta(days=8)
"""How long one person may be on call unless said otherwise: a week, and a day for a late handover."""
_ROUTED: Final = frozenset({
    FindingKind.NO_CATCH_ALL,
    FindingKind.NO_NOTIFICATION_RULE,
    FindingKind.POLICY_NOT_ROUTED,
    FindingKind.STEP_REACHES_NOBODY,
})  # fmt: skip
_ACCOUNTS: Final = frozenset({FindingKind.PERSON_DISABLED, FindingKind.PERSON_PENDING})
_ON_CALL: Final = frozenset({
    FindingKind.GAP,
    FindingKind.LONG_STRETCH,
    FindingKind.NO_NOTIFICATION_RULE,
    FindingKind.NOT_COMPUTED,
    FindingKind.STEP_REACHES_NOBODY,
})  # fmt: skip


@attrs.frozen(kw_only=True)
class Question:
    """What an audit is asked, checked.

    Attributes:
        start: the first instant to look at, in UTC.
        end: the first one not to.
        teams: ids or handles of the teams to look at; None for all there is.
        kinds: what to look for.
        urgencies: of which pages people have to be told.
        longest: how long one person may be on call.
        concurrency: how many things are read at once.
    """

    start: datetime
    end: datetime
    teams: tuple[str, ...] | None
    kinds: frozenset[FindingKind]
    urgencies: frozenset[str]
    longest: timedelta
    concurrency: int

    def wants(self, *kinds: FindingKind) -> bool:
        """Return whether any of some kinds is looked for."""
        return not self.kinds.isdisjoint(kinds)

    @property
    def whole(self) -> bool:
        """Whether everything is looked at."""
        return self.teams is None

    @property
    def needs_rules(self) -> bool:
        """Whether routing rules are read. What belongs to a team is known by its rules and policies."""
        return not self.whole or self.wants(*_ROUTED)

    @property
    def needs_policies(self) -> bool:
        """Whether escalation policies are read."""
        return self.needs_rules or self.wants(*_ACCOUNTS)

    @property
    def needs_people(self) -> bool:
        """Whether it has to be known of everybody whether they can be notified, where a list tells."""
        return self.wants(*_ACCOUNTS, FindingKind.NO_NOTIFICATION_RULE, FindingKind.STEP_REACHES_NOBODY)

    @property
    def needs_schedules(self) -> bool:
        """Whether each schedule is read."""
        return self.needs_on_call or self.wants(FindingKind.SCHEDULE_ENDS)

    @property
    def needs_on_call(self) -> bool:
        """Whether it is worked out who is on call on each schedule, for which overrides are read."""
        return self.wants(*_ON_CALL, *_ACCOUNTS)

    @property
    def needs_schedule_list(self) -> bool:
        """Whether it has to be known which schedules there are, and whose they are."""
        return self.needs_schedules or self.wants(FindingKind.NO_CATCH_ALL)


def question(
    now: float,
    *,
    teams: Iterable[str] | str | None,
    start: datetime | None,
    end: datetime | None,
    days: int | None,
    kinds: Iterable[FindingKind | str],
    urgencies: Iterable[str],
    max_stretch: Seconds,
    concurrency: int,
) -> Question:
    """Return what is asked, in one form.

    Raises:
        OptionsError: an argument is wrong.
    """
    begin = datetime.fromtimestamp(now, UTC) if start is None else start
    if end is not None and days is not None:
        raise OptionsError("end, days", (end, days), "one of the two")
    if end is None:
        length = count("days", DAYS if days is None else days, most=LONGEST.days)
        begin, _ = period(begin, begin)
        end = begin + timedelta(days=length)
    begin, until = period(begin, end, longest=LONGEST)
    if begin == until:
        raise OptionsError("end", end, "a time after the start")
    return Question(
        start=begin,
        end=until,
        teams=_teams(teams),
        kinds=_kinds(kinds),
        urgencies=frozenset(_urgency(urgency) for urgency in _several("urgencies", urgencies)),
        longest=timedelta(seconds=seconds("max_stretch", max_stretch)),
        concurrency=count("concurrency", concurrency, most=1000),
    )


def _teams(given: object) -> tuple[str, ...] | None:
    if given is None:
        return None
    several = [given] if isinstance(given, str) else _several("teams", given)
    return tuple(dict.fromkeys(text("teams", team) for team in several))


def _kinds(given: object) -> frozenset[FindingKind]:
    kinds = frozenset(FindingKind(one_of("kinds", kind, FindingKind)) for kind in _several("kinds", given))
    if kinds <= {FindingKind.NOT_ALLOWED}:  # nothing would be read, and nothing be refused
        raise OptionsError("kinds", [*map(str, kinds)], "another kind as well: this one is told in any case")
    return kinds


def _several(field: str, given: object) -> list[object]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise OptionsError(field, given, "an iterable of texts")
    several = list(cast("Iterable[object]", given))
    if not several:
        raise OptionsError(field, several, "an iterable of at least one text")
    return several


def _urgency(given: object) -> str:
    if given not in URGENCIES:
        raise OptionsError("urgencies", given, f"one of {', '.join(URGENCIES)}")
    return str(given)
