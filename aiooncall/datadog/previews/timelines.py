"""Whom a page reaches by an escalation policy, and after how long."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from aiooncall._text import one_line
from aiooncall.coverage.models import NOBODY, Person
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationStep
from aiooncall.datadog.models.schedule import Schedule, SchedulePosition, ScheduleTarget
from aiooncall.datadog.outline import label_of
from aiooncall.datadog.resources.users import people_by_id
from aiooncall.datadog.walking import kind_of, schedule_id_of, steps_of
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.policy import EscalationPolicy, StepTarget
    from aiooncall.datadog.walking import Walk
    from aiooncall.jsonapi import Resource, ResourceRef

    Names = Mapping[str, str]

COLUMN: Final = 12
"""How wide the column is that says after how long."""


@attrs.frozen(kw_only=True)
class ReachedTarget:
    """A target of a step, and the people whom it stands for then.

    Attributes:
        kind: what it is: `users`, `teams`, `schedules`, or anything else.
        name: what it is called: its name, else its id.
        position: of a schedule which position is meant, `previous`, `current` or `next`; empty for anything else.
        people: who is reached; empty for nobody.
    """

    kind: str
    name: str
    position: str
    people: tuple[Person, ...]

    @property
    def summary(self) -> str:
        """Who is reached, and by what if it is no user, such as `Ann Lee (Primary, next)`."""
        people = ", ".join(person.label for person in self.people) or NOBODY
        if self.kind == User.type:
            return one_line(people)
        usual = self.position in {"", SchedulePosition.CURRENT}
        name = f"team {self.name}" if self.kind == Team.type else self.name
        return one_line(f"{people} ({name}{'' if usual else f', {self.position}'})")


@attrs.frozen(kw_only=True)
class TimelineStep:
    """A step, in one of the times that the steps of its policy are done.

    Attributes:
        number: which step of the policy it is, from 1 on.
        repeat: which time it is: 0 for the first, 1 for the first repeat.
        elapsed: how long after the page it comes; None if a wait before it is not known.
        targets: whom it reaches then.
        in_turn: whether a page tells only one of the targets, the next one in turn.
    """

    number: int
    repeat: int
    elapsed: timedelta | None
    targets: tuple[ReachedTarget, ...]
    in_turn: bool = False

    @property
    def people(self) -> tuple[Person, ...]:
        """Who is reached, each person once; if the targets are told in turn, who may be."""
        return tuple(dict.fromkeys(person for target in self.targets for person in target.people))

    @property
    def summary(self) -> str:
        """Who is reached in words."""
        who = ", ".join(target.summary for target in self.targets) or NOBODY
        return f"one of these in turn: {who}" if self.in_turn and len(self.targets) > 1 else who


@attrs.frozen(kw_only=True)
class EscalationTimeline:
    """Whom a page reaches by an escalation policy if nobody acknowledges it, step by step.

    Attributes:
        policy: the id of the policy.
        name: its name.
        steps: its steps in the order in which they come, repeats included.
        repeats: how often the steps are done again.
        ends: how long after the page all is over; None if a wait is not known.
        resolves: whether the page is resolved then.
    """

    policy: str
    name: str
    steps: tuple[TimelineStep, ...]
    repeats: int
    ends: timedelta | None
    resolves: bool

    def reached(self) -> dict[timedelta | None, tuple[Person, ...]]:
        """Return who is reached, each person once, by how long after the page."""
        found: dict[timedelta | None, tuple[Person, ...]] = {}
        for step in self.steps:
            found[step.elapsed] = tuple(dict.fromkeys((*found.get(step.elapsed, ()), *step.people)))
        return found

    def lines(self) -> list[str]:
        """Return a line for each step: when and whom; a repeat that reaches the people right above is one line."""
        return [*self._lines()]

    def _lines(self) -> Iterator[str]:
        shown: list[tuple[ReachedTarget, ...]] = []
        for repeat in range(self.repeats + 1):
            steps = [step for step in self.steps if step.repeat == repeat]
            targets = [step.targets for step in steps]
            if repeat and not steps:
                yield _line(None, "again")
            elif repeat and targets == shown:
                yield _line(steps[0].elapsed, "again, to the same people")
            else:
                yield from (_line(step.elapsed, step.summary) for step in steps)
                shown = targets
        yield _line(self.ends, f"over: the page {'is resolved' if self.resolves else 'stays open'}")


class Moment(NamedTuple):
    """A step at the time at which it comes."""

    step: EscalationStep
    number: int
    repeat: int
    elapsed: timedelta | None
    at: datetime


def moments_of(policy: EscalationPolicy, at: datetime) -> list[Moment]:
    """Return when the steps of a policy come for a page at an instant; of unknown times only once.

    Args:
        policy: the policy with its steps.
        at: when the page begins.
    """
    outline = policy.outline()
    once, begins = outline.pass_duration, at.astimezone(UTC)  # in other zones Python adds as the wall does
    steps = [step for step in steps_of(policy) if isinstance(step, EscalationStep)]
    starts = [None if start is None else timedelta(seconds=start) for start in outline.starts]
    return [
        Moment(step, number, repeat, elapsed, begins + (elapsed or timedelta()))
        for repeat in range(1 if once is None else outline.repeats + 1)
        for number, (step, start) in enumerate(zip(steps, starts, strict=True), 1)
        for elapsed in [None if start is None else start + timedelta(seconds=repeat * (once or 0))]
    ]


async def timelines(
    core: ApiCore, walk: Walk, policies: Sequence[EscalationPolicy], at: datetime
) -> list[EscalationTimeline]:
    """Return whom a page at an instant reaches by each of some policies.

    Args:
        core: what to ask with for names that the policies do not tell.
        walk: what to ask with for everything else.
        policies: the policies, with their steps and targets.
        at: when the page begins.
    """
    moments = [moments_of(policy, at) for policy in policies]
    names = await _names(core, [moment.step for some in moments for moment in some])
    await walk.follow(moment.step for some in moments for moment in some)
    await walk.ask((moment.step, moment.at) for some in moments for moment in some)
    return [
        _timeline(policy, some, partial(_target, walk, names)) for policy, some in zip(policies, moments, strict=True)
    ]


async def _names(core: ApiCore, steps: Sequence[EscalationStep]) -> Names:
    """Return what to call the targets of steps, by id: by the name that any of them tells, or that can be had."""
    things = [_named(target) for step in steps for target in step.targets or ()]
    told = {thing.id: label for thing in things if (label := label_of(thing)) != thing.id}
    unnamed = {thing.id for thing in things if thing.type == User.type} - told.keys()
    return {**told, **{name: user.label for name, user in (await people_by_id(core, unnamed)).items()}}


def _named(target: StepTarget) -> Resource | ResourceRef:
    """Return what has the name: of a position its schedule."""
    return (isinstance(target, ScheduleTarget) and target.schedule) or target


def _timeline(
    policy: EscalationPolicy, moments: Iterable[Moment], reached: Callable[[StepTarget, datetime], ReachedTarget]
) -> EscalationTimeline:
    outline = policy.outline()
    in_turn = [step.takes_turns for step in outline.steps]
    return EscalationTimeline(
        policy=policy.id,
        name=policy.label,
        steps=tuple(
            TimelineStep(
                number=moment.number,
                repeat=moment.repeat,
                elapsed=moment.elapsed,
                targets=tuple(reached(target, moment.at) for target in moment.step.targets or ()),
                in_turn=in_turn[moment.number - 1],
            )
            for moment in moments
        ),
        repeats=outline.repeats,
        ends=None if outline.total_duration is None else timedelta(seconds=outline.total_duration),
        resolves=bool(policy.resolve_page_on_policy_end),
    )


def _target(walk: Walk, names: Names, target: StepTarget, at: datetime) -> ReachedTarget:
    """Return whom a target stands for at an instant."""
    thing = _named(target)
    people = [
        Person(id=one.id, name=one.name or (None if one.email else names.get(one.id)), email=one.email)
        for one in walk.reached((target,), at).current
    ]
    is_schedule = schedule_id_of(target) is not None
    position = target.position if isinstance(target, ScheduleTarget) else SchedulePosition.CURRENT
    return ReachedTarget(
        kind=Schedule.type if is_schedule else kind_of(target),
        name=names.get(thing.id, thing.id),
        position=str(position or SchedulePosition.CURRENT) if is_schedule else "",
        people=tuple(people),
    )


def after_page(elapsed: timedelta | None) -> str:
    """Return how long after a page something is."""
    if elapsed is None:
        return "unknown"
    return human_duration(elapsed.total_seconds()) if elapsed else "at once"


def _line(elapsed: timedelta | None, said: str) -> str:
    return f"{after_page(elapsed):<{COLUMN}}{said}"
