"""On-call shifts: single ones, recurring ones, rotations, and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.kinds import (
    choice,
    groups_of_known,
    known,
    list_of,
    local_time,
    team,
    text,
    time_zone,
    whole,
)
from aiooncall.simulator.grafana.refusals import Invalid, bad_request
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.json_api import Json
    from aiooncall.simulator.routing import Call

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OVERRIDE: Final = "override"
ROLLING: Final = "rolling_users"

_MOST_MONTHDAYS: Final = 31
_MONTHS: Final = 12
_RECURRENCE: Final = ("frequency", "interval", "until", "week_start", "by_day", "by_month", "by_monthday")
_ROTATION: Final = ("rolling_users", "start_rotation_from_user_index")
_HIDDEN: Final[dict[str, frozenset[str]]] = {
    "single_event": frozenset({*_RECURRENCE, *_ROTATION}),
    "recurrent_event": frozenset(_ROTATION),
    ROLLING: frozenset({"users"}),
    OVERRIDE: frozenset({"level", *_RECURRENCE, *_ROTATION}),
}
"""The types of shifts, and the fields that each one lacks."""


def _is_month(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MONTHS


def _is_monthday(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= abs(value) <= _MOST_MONTHDAYS


def _interval(value: object, world: World) -> int:
    try:
        return int(whole(1)(value, world))
    except Invalid:
        raise bad_request("Invalid value for interval") from None


def _frequency(*allowed: str) -> Any:  # noqa: ANN401 (a kind)
    return choice(*allowed, refusal=lambda: bad_request("Invalid frequency type"))


SHIFTS: Final = Resource(
    kind="on_call_shifts",
    fields=(
        Field("team_id", team, nullable=ALWAYS),
        Field("name", text(200), needed=CREATE, nullable=CREATE),
        Field("type", choice(*_HIDDEN, refusal=lambda: bad_request("Invalid shift type")), needed=CREATE),
        Field("time_zone", time_zone, nullable=ALWAYS),
        Field("level", whole(0), default=0),
        Field("start", local_time, needed=CREATE),
        Field("duration", whole(1), needed=CREATE),
        Field("rotation_start", local_time),
        Field("frequency", _frequency("hourly", "daily", "weekly", "monthly"), nullable=ALWAYS),
        Field("interval", _interval, nullable=ALWAYS),
        Field("until", local_time, nullable=ALWAYS),
        Field(
            "week_start",
            choice(*WEEKDAYS, refusal=lambda: bad_request("Invalid day format for week start field.")),
            default="MO",
        ),
        Field("by_day", list_of(WEEKDAYS.__contains__, "Invalid day value in by_day field."), nullable=ALWAYS),
        Field("by_month", list_of(_is_month, "Invalid month value in by_month field."), nullable=ALWAYS),
        Field("by_monthday", list_of(_is_monthday, "Invalid monthday value in by_monthday field."), nullable=ALWAYS),
        Field("users", known("users"), nullable=ALWAYS, default=[]),
        Field("rolling_users", groups_of_known("users"), nullable=ALWAYS),
        Field("start_rotation_from_user_index", whole(0), nullable=ALWAYS),
    ),
    filters={"name": "name"},
    team_filter=True,
)


class ShiftRoutes(CrudRoutes):
    """Shifts; each shows only what its type has."""

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check what a type needs, and forget what it does not have."""
        del call
        kind = draft["type"]
        if old is None or "type" in sent or "frequency" in sent:
            _check_recurrence(draft, sent, old)
        if kind == ROLLING and draft["start_rotation_from_user_index"] is None:
            raise bad_request("Field 'start_rotation_from_user_index' is required for this on-call shift type")
        blank = self.resource.blank()
        draft.update({name: blank[name] for name in _HIDDEN[kind]})
        draft["rotation_start"] = draft["rotation_start"] or draft["start"]
        draft.setdefault("schedule", None)

    def removing(self, record: Json) -> None:
        """Take the shift out of its schedules."""
        for schedule in self.world["schedules"]:
            if record["id"] in schedule["shifts"]:
                schedule["shifts"].remove(record["id"])

    def rows(self, call: Call) -> list[Json]:
        """Return the shifts, on request those of one schedule."""
        wanted = call.query.get("schedule_id")
        if wanted is None:
            return list(self.table)
        schedule = self.world["schedules"].find(wanted)
        return [] if schedule is None else [shift for shift in self.table if shift["id"] in schedule["shifts"]]

    def show(self, record: Json, call: Call) -> Json:
        """Return a shift; the first day of a week matters only to weekly ones."""
        weekly = record["frequency"] == "weekly"
        hidden = _HIDDEN[record["type"]] | frozenset(() if weekly else ("week_start",))
        return {name: value for name, value in super().show(record, call).items() if name not in hidden}


def _check_recurrence(draft: Json, sent: Json, old: Json | None) -> None:
    if draft["type"] in {"single_event", OVERRIDE}:
        return
    if draft["frequency"] is None:
        raise bad_request("Field 'frequency' is required for this on-call shift type")
    weekly_before = old is not None and old["frequency"] == "weekly"
    if draft["frequency"] == "weekly" and "week_start" not in sent and not weekly_before:
        raise bad_request("Field 'week_start' is required for frequency type 'weekly'")
