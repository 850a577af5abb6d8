"""Schedules and overrides around changes of clocks, drawn as JSON and read as models."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from aiooncall.datadog import Interval, Layer, Member, Override, Schedule, TimeRestriction, User, Weekday
from aiooncall.datadog.layers import rotations_of, stand_ins_of
from aiooncall.datadog.rotation import on_call
from aiooncall.simulator.datadog.world import World as SimulatedWorld

if TYPE_CHECKING:
    from aiooncall.datadog.rotation import Turn

Json = dict[str, Any]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
CLOCK_CHANGES: Final = (
    ("America/New_York", "2031-03-09T07:00Z"),  # forward, from 02:00
    ("America/New_York", "2031-11-02T06:00Z"),  # back, from 02:00
    ("Europe/Berlin", "2031-03-30T01:00Z"),
    ("Europe/Berlin", "2031-10-26T01:00Z"),
    ("Australia/Lord_Howe", "2031-10-04T15:30Z"),  # by half an hour
    ("Australia/Lord_Howe", "2031-04-05T15:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),  # which skipped a day
    ("Pacific/Apia", "2011-04-02T14:00Z"),
    ("Asia/Kathmandu", "1985-12-31T18:30Z"),  # forward by a quarter of an hour at midnight
    ("Africa/Casablanca", "2025-02-23T02:00Z"),  # back for Ramadan, and forward again
    ("Africa/Casablanca", "2025-04-06T02:00Z"),
)
USERS: Final = st.sampled_from(["ann", "ben", "cem", None])
TIMES: Final = st.sampled_from(["00:00:00", "02:00:00", "02:30:00", "03:00:00", "09:00:00", "23:15:00", "24:00:00"])
DAYS: Final = st.sampled_from([*Weekday])
WINDOWS: Final = st.fixed_dictionaries({"start_day": DAYS, "start_time": TIMES, "end_day": DAYS, "end_time": TIMES})
INTERVALS: Final = st.sampled_from(
    [
        {"days": 1}, {"days": 7}, {"seconds": 3600}, {"seconds": 43_200}, {"days": 1, "seconds": 5400},
        {"days": 2, "seconds": 86_399}, {"seconds": 100_001}, {"days": 400},
    ]
)  # fmt: skip


class DrawnSchedule:
    """A schedule around a change of clocks, drawn as JSON and read as models."""

    def __init__(self, data: st.DataObject) -> None:
        zone, change = data.draw(st.sampled_from(CLOCK_CHANGES))
        self.change = datetime.fromisoformat(change)
        layers = [self._layer(data, zone) for _ in range(data.draw(st.integers(0, 3)))]
        self.wire: Json = {"time_zone": zone, "layers": layers}
        overrides = [self._override(data, number) for number in range(data.draw(st.integers(0, 3)))]
        self.overrides = sorted(overrides, key=lambda one: datetime.fromisoformat(one["attributes"]["start"]))

    def moment(self, data: st.DataObject, days: int) -> datetime:
        """Return a moment at most so many days from the change."""
        seconds = data.draw(st.integers(-days * 86_400, days * 86_400))
        hours = data.draw(st.booleans())
        return self.change + timedelta(seconds=seconds // 3600 * 3600 if hours else seconds)

    def _layer(self, data: st.DataObject, zone: str) -> Json:
        start = self.moment(data, 40)
        ends = data.draw(st.booleans())
        return {
            "effective_date": start.isoformat(),
            "end_date": (start + data.draw(st.integers(0, 60)) * DAY).isoformat() if ends else None,
            "rotation_start": self.moment(data, 50).isoformat(),
            "interval": data.draw(INTERVALS),
            "members": [{"user": {"id": user}} if user else {} for user in data.draw(st.lists(USERS, max_size=4))],
            "time_zone": data.draw(st.sampled_from([None, "", zone, "Europe/London"])),
            "restrictions": data.draw(st.lists(WINDOWS, max_size=3)),
        }

    def _override(self, data: st.DataObject, number: int) -> Json:
        start = self.moment(data, 10)
        people = {"user": data.draw(USERS), "overridden_user": data.draw(USERS)}
        linked = {name: {"data": {"id": user, "type": "users"}} for name, user in people.items() if user}
        end = start + data.draw(st.integers(1, 200)) * HOUR
        return {
            "id": f"o{number}",
            "attributes": {"start": start.isoformat(), "end": end.isoformat()},
            "relationships": linked,
        }

    @property
    def schedule(self) -> Schedule:
        """The schedule as models."""
        return Schedule(id="S", time_zone=self.wire["time_zone"], layers=[as_layer(one) for one in self.wire["layers"]])

    @property
    def models(self) -> list[Override]:
        """The overrides as models."""
        return [
            Override(
                id=one["id"],
                start=datetime.fromisoformat(one["attributes"]["start"]),
                end=datetime.fromisoformat(one["attributes"]["end"]),
                **people_of(one),
            )
            for one in self.overrides
        ]

    def rota(self) -> Json:
        """Return the schedule as the simulator has it, with people who stand in."""
        simulated = SimulatedWorld()
        simulated.schedules.add({"id": "S", "attributes": self.wire}, 0)
        for one in self.overrides:
            simulated.overrides("S").put(one)
        rota: Json = simulated.rota("S")["attributes"]
        return rota

    def computed(self, start: datetime, end: datetime) -> list[Turn]:
        """Return what is computed here."""
        return on_call(rotations_of(self.schedule), stand_ins_of(self.models), start, end)


def people_of(override: Json) -> Json:
    """Return the people of an override as models."""
    return {name: User(id=link["data"]["id"]) for name, link in override["relationships"].items()}


def as_layer(wire: Json) -> Layer:
    """Return a layer as a model."""
    end = wire["end_date"]
    return Layer(
        name="L",
        effective_date=datetime.fromisoformat(wire["effective_date"]),
        end_date=datetime.fromisoformat(end) if end else None,
        rotation_start=datetime.fromisoformat(wire["rotation_start"]),
        interval=Interval(**wire["interval"]),
        time_zone=wire["time_zone"],
        restrictions=[TimeRestriction(**one) for one in wire["restrictions"]],
        members=[Member(user=User(id=one["user"]["id"])) if one else Member(user=None) for one in wire["members"]],
    )
