"""Who is on call, gaps, and how good the readings are, as metrics of Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from aiooncall._text import one_line
from aiooncall.cli.refreshing import people_at
from aiooncall.coverage.uncovered import gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from aiooncall.cli.refreshing import Readings, ScheduleReading, TeamReading
    from aiooncall.coverage.models import Gap, Person

Labels = tuple[str, ...]
"""The values of labels. Samples stand by theirs in a mapping, so that no series can be there twice."""

TEAM: Final = ("team", "team_id")
SCHEDULE: Final = ("schedule", "schedule_id", "team")
PERSON: Final = ("person", "person_id")
GAUGES: Final[Mapping[str, tuple[Labels, str]]] = {
    "on_call": ((*TEAM, "level", *PERSON), "1 for each person on call for a team; levels over 1 are its escalations."),
    "on_call_people": ((*TEAM, "level"), "People on call for a team, by level."),
    "schedule_on_call": ((*SCHEDULE, *PERSON), "1 for each person on call by a schedule."),
    "schedule_on_call_people": (SCHEDULE, "People on call by a schedule."),
    "gap_seconds": (SCHEDULE, "Time ahead in which nobody is on call by a schedule."),
    "next_gap_timestamp_seconds": (SCHEDULE, "When the next gap of a schedule begins; not there if there is no gap."),
    "last_read_timestamp_seconds": (("kind", "name", "id"), "When a team or a schedule was last read."),
    "last_refresh_timestamp_seconds": ((), "When everything was last read."),
    "up": ((), "1 if the last refresh could read everything, else 0."),
}
"""The labels of each gauge beside `provider`, and what it shows."""


class OnCallGauges(Collector):
    """A collector for a registry. It reads nothing; who is on call by a schedule now is known from its kept shifts.

    Args:
        readings: what is known.
        provider: the label that all have.
        now: returns the time, in seconds since the epoch.
    """

    def __init__(self, readings: Readings, provider: str, now: Callable[[], float]) -> None:
        self._readings = readings
        self._provider = provider
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics with their samples, as a registry asks for them."""
        for name, samples in self._samples(datetime.fromtimestamp(self._now(), UTC)).items():
            labels, about = GAUGES[name]
            family = GaugeMetricFamily(f"aiooncall_{name}", about, labels=("provider", *labels))
            for values, value in samples.items():
                family.add_metric((self._provider, *map(one_line, values)), value)
            yield family
        yield self._errors()

    def _samples(self, now: datetime) -> Mapping[str, Mapping[Labels, float]]:
        levels = self._levels()
        known = {_place(one): one for one in self._readings.schedules.values() if now < one.until}
        people = {place: people_at(one.shifts, now) for place, one in known.items()}
        missing = {place: gaps(one.shifts, now, one.until) for place, one in known.items()}
        return {
            "on_call": _ones(levels),
            "on_call_people": _sizes(levels),
            "schedule_on_call": _ones(people),
            "schedule_on_call_people": _sizes(people),
            "gap_seconds": {place: _length(found) for place, found in missing.items()},
            "next_gap_timestamp_seconds": {
                place: found[0].start.timestamp() for place, found in missing.items() if found
            },
            "last_read_timestamp_seconds": self._ages(),
            "last_refresh_timestamp_seconds": _sample(self._readings.refreshed_at),
            "up": _sample(self._readings.complete),
        }

    def _levels(self) -> dict[Labels, tuple[Person, ...]]:
        return {
            (team.name, team.id, str(level)): people
            for team in self._readings.teams.values()
            for level, people in enumerate(team.levels, 1)
        }

    def _ages(self) -> dict[Labels, float]:
        read: dict[str, Mapping[str, TeamReading | ScheduleReading]] = {
            "team": self._readings.teams,
            "schedule": self._readings.schedules,
        }
        return {(kind, one.name, one.id): one.read_at for kind, several in read.items() for one in several.values()}

    def _errors(self) -> CounterMetricFamily:
        about = "Teams, schedules and lists that could not be read."
        family = CounterMetricFamily("aiooncall_refresh_errors", about, labels=("provider", "kind"))
        for kind, number in self._readings.errors.items():
            family.add_metric((self._provider, kind), number)
        return family


def _place(schedule: ScheduleReading) -> Labels:
    return schedule.name, schedule.id, ",".join(schedule.owners.values())


def _ones(people: Mapping[Labels, tuple[Person, ...]]) -> dict[Labels, float]:
    return {(*place, one.label, one.id): 1 for place, several in people.items() for one in several}


def _sizes(people: Mapping[Labels, tuple[Person, ...]]) -> dict[Labels, float]:
    return {place: len(several) for place, several in people.items()}


def _length(missing: Iterable[Gap]) -> float:
    return sum((gap.end - gap.start).total_seconds() for gap in missing)


def _sample(value: float | None) -> dict[Labels, float]:
    return {} if value is None else {(): value}
