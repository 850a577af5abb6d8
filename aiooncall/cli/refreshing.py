"""Who is on call, read again and again: the last good values of all that is read, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import attrs

from aiooncall.cli.rotas import read_rota
from aiooncall.cli.rows import schedule_rows, team_rows
from aiooncall.client.gather import read_all
from aiooncall.coverage.models import Person
from aiooncall.errors import OnCallError, OptionsError
from aiooncall.grafana.client import GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from aiooncall.coverage.models import Shift
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.on_call import Responder

T = TypeVar("T")

Levels = tuple[tuple[Person, ...], ...]
"""Whom each step reaches."""

KINDS: Final = ("list", "team", "schedule")
"""What is read: the lists of teams and schedules, who is on call for a team, and the shifts of a schedule."""


class Listed(NamedTuple):
    """A schedule as a list has it: its name, and the ids of the teams that own it."""

    name: str
    owners: frozenset[str]


@attrs.frozen(kw_only=True)
class TeamReading:
    """Who is on call for a team.

    Attributes:
        id: the team's id.
        name: its handle, or its name where there are no handles.
        levels: whom each step reaches, who is on call now first; empty for a team that has no on-call.
        read_at: when it was read, in seconds since the epoch.
    """

    id: str
    name: str
    levels: Levels
    read_at: float


@attrs.frozen(kw_only=True)
class ScheduleReading:
    """Who is on call by a schedule, and when.

    Attributes:
        id: the schedule's id.
        name: its name.
        owners: the teams that own it: their names by their ids.
        shifts: who is on call from when it was read until `until`.
        until: how far the shifts are known.
        read_at: when it was read, in seconds since the epoch.
    """

    id: str
    name: str
    owners: Mapping[str, str]
    shifts: Sequence[Shift]
    until: datetime
    read_at: float


@attrs.define
class Readings:
    """The last good reading of each team and schedule.

    Attributes:
        teams: by id.
        schedules: by id.
        errors: how much could not be read, by kind.
        complete: whether the last refresh could read everything; None before there was one.
        refreshed_at: when a refresh last could read everything, in seconds since the epoch; None before that.
    """

    teams: Mapping[str, TeamReading] = attrs.field(factory=dict[str, TeamReading])
    schedules: Mapping[str, ScheduleReading] = attrs.field(factory=dict[str, ScheduleReading])
    errors: Counter[str] = attrs.field(factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    complete: bool | None = None
    refreshed_at: float | None = None


class Refresher:
    """Reads who is on call for teams and by schedules.

    Args:
        client: an open client of either provider.
        teams: ids, handles (Datadog) or names (Grafana) of the teams; all of them if None.
        days: how far ahead shifts are read.
        tell: is told what could not be read, and why.

    Attributes:
        readings: what is known.
    """

    def __init__(
        self,
        client: DatadogOnCall | GrafanaOnCall,
        *,
        teams: Iterable[str] | None,
        days: int,
        tell: Callable[[str, OnCallError], None],
    ) -> None:
        self.readings: Readings = Readings()
        self._client = client
        self._asked = None if teams is None else frozenset(teams)
        self._ids: frozenset[str] | None = None
        self._ahead = timedelta(days=days)
        self._tell = tell
        self._clock = client.options.clock

    async def run(self, interval: float, then: Callable[[], object] = lambda: None) -> None:
        """Refresh for ever.

        Args:
            interval: seconds from the end of a refresh to the next.
            then: called after each.

        Raises:
            OptionsError: there is no such team.
        """
        while True:
            await self.refresh()
            then()
            await self._clock.sleep(interval)

    async def refresh(self) -> None:
        """Read everything once; what cannot be read keeps the value that it had.

        Raises:
            OptionsError: there is no such team.
        """
        readings, began = self.readings, self._clock.time()
        before = readings.errors.total()
        try:
            names = await self._teams()
            schedules = await self._schedules(names)
        except OptionsError:
            raise
        except OnCallError as error:
            self._note("list", "teams and schedules", error)
        else:
            readings.schedules = await self._read_schedules(schedules, names)
            readings.teams = await self._read_teams(schedules, names)
        readings.complete = readings.errors.total() == before
        readings.refreshed_at = began if readings.complete else readings.refreshed_at

    async def _teams(self) -> dict[str, str]:
        """Return the names of the teams that were asked for, by their ids, which are found out once."""
        known = {row["id"]: row["handle"] or row["name"] or row["id"] async for row in team_rows(self._client)}
        if self._asked is None:
            return known
        if self._ids is None:
            unknown = self._asked.difference(known, known.values())
            if unknown:
                raise OptionsError("--team", min(unknown), "the id of a team, or its handle or name")
            self._ids = frozenset(team for team, name in known.items() if not self._asked.isdisjoint((team, name)))
        return {team: name for team, name in known.items() if team in self._ids}

    async def _schedules(self, teams: Mapping[str, str]) -> dict[str, Listed]:
        """Return the schedules of the teams that were asked for, by their ids."""
        rows = {row["id"]: Listed(row["name"], frozenset(row["teams"])) async for row in schedule_rows(self._client)}
        return {one: row for one, row in rows.items() if self._asked is None or not row.owners.isdisjoint(teams)}

    async def _read_schedules(
        self, listed: Mapping[str, Listed], teams: Mapping[str, str]
    ) -> dict[str, ScheduleReading]:
        async def read(schedule: str) -> ScheduleReading:
            now = self._clock.time()
            start = datetime.fromtimestamp(now, UTC)
            until = start + self._ahead
            name, owners = listed[schedule]
            rota = await read_rota(self._client, schedule, name, start, until)
            owned = {team: known for team, known in teams.items() if team in owners}
            return ScheduleReading(
                id=schedule, name=rota.name, owners=owned, shifts=rota.shifts, until=until, read_at=now
            )

        labels = {schedule: row.name or schedule for schedule, row in listed.items()}
        return await self._each("schedule", labels, read, self.readings.schedules)

    async def _read_teams(self, listed: Mapping[str, Listed], names: Mapping[str, str]) -> dict[str, TeamReading]:
        async def read(team: str) -> TeamReading | None:
            now, client = self._clock.time(), self._client
            if isinstance(client, GrafanaOnCall):
                levels = self._by_schedules(team, listed, datetime.fromtimestamp(now, UTC))
            else:
                levels = await _by_policy(client, team)
            if levels is None:
                return self.readings.teams.get(team)
            levels = levels or (((),) if self._asked is not None else ())  # a team that was asked for has to show
            return TeamReading(id=team, name=names[team], levels=levels, read_at=now)

        return await self._each("team", names, read, self.readings.teams)

    def _by_schedules(self, team: str, listed: Mapping[str, Listed], at: datetime) -> Levels | None:
        """Return who is on call by the schedules that a team owns, as one level; None unless all of them are known."""
        owned = [schedule for schedule, row in listed.items() if team in row.owners]
        found = [self.readings.schedules.get(schedule) for schedule in owned]
        known = [one for one in found if one is not None and at < one.until]
        if len(known) < len(owned):
            return None
        return (people_at([shift for one in known for shift in one.shifts], at),) if owned else ()

    async def _each(
        self, kind: str, names: Mapping[str, str], read: Callable[[str], Awaitable[T | None]], kept: Mapping[str, T]
    ) -> dict[str, T]:
        """Return what each of several ids stands for: read now, or else as it was kept."""

        async def attempt(key: str) -> T | None:
            try:
                return await read(key)
            except OnCallError as error:
                self._note(kind, f"{kind} {names[key]}", error)
                return kept.get(key)

        found = await read_all([*names], attempt)
        return {key: value for key, value in found.items() if value is not None}

    def _note(self, kind: str, about: str, error: OnCallError) -> None:
        self.readings.errors[kind] += 1
        self._tell(about, error)


async def _by_policy(client: DatadogOnCall, team: str) -> Levels:
    """Return whom each step of a team's policy reaches; nothing if the team has no on-call, which takes more requests.

    https://docs.datadoghq.com/api/latest/on-call/get-team-on-call-users/ does not tell that from a gap.
    """
    found = await client.who_is_on_call(team=team, shifts=False)
    if not found.current and not found.escalations:
        found = await client.who_is_on_call(team=team)
    return () if found.lacks else (_people(found.current), *map(_people, found.escalations))


def people_at(shifts: Iterable[Shift], at: datetime) -> tuple[Person, ...]:
    """Return who is on call at an instant, each person once."""
    found = [shift.person for shift in shifts if shift.person and shift.start <= at < shift.end]
    return tuple({person.id: person for person in found}.values())


def _people(found: Iterable[Responder]) -> tuple[Person, ...]:
    people = {one.id: Person(id=one.id, name=one.name, email=one.email) for one in found}
    return tuple(people.values())
