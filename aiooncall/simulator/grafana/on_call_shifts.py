"""On-call shifts: single ones, recurring ones, rotations, and overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import (
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
from aiooncall.simulator.grafana.recurrence import WEEKDAYS
from aiooncall.simulator.grafana.refusals import Invalid, bad_request, field_errors, server_error
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource
from aiooncall.simulator.grafana.series import ROLLING

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

OVERRIDE: Final = "override"
SINGLE: Final = "single_event"

_MOST_MONTHDAYS: Final = 31
_MONTHS: Final = 12
_RECURRENCE: Final = ("frequency", "interval", "until", "week_start", "by_day", "by_month", "by_monthday")
_ROTATION: Final = ("rolling_users", "start_rotation_from_user_index")
_HIDDEN: Final[dict[str, frozenset[str]]] = {
    SINGLE: frozenset({*_RECURRENCE, *_ROTATION}),
    "recurrent_event": frozenset(_ROTATION),
    ROLLING: frozenset({"users"}),
    OVERRIDE: frozenset({"level", *_RECURRENCE, *_ROTATION}),
}
"""The types of shifts, and the fields that each one lacks."""
_ONCE: Final = frozenset({SINGLE, OVERRIDE})
_LONGEST_NAME: Final = 200
_DAYS: Final = ", ".join(f"'{day}'" for day in WEEKDAYS)
_BAD_WEEK_START: Final = f"Invalid day format for week start field. Should be one of the following: {_DAYS}"
_BAD_DAY: Final = f"Invalid day value in by_day field. Valid values: {_DAYS}"
_BAD_MONTH: Final = "Invalid month value in by_month field. Valid values: from 1 to 12"
_BAD_MONTHDAY: Final = "Invalid monthday value in by_monthday field. Valid values: from 1 to 31 and from -31 to -1"


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
        Field("name", text(), nullable=CREATE),
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
            choice(*WEEKDAYS, refusal=lambda: bad_request(_BAD_WEEK_START)),
            default="SU",
        ),
        Field("by_day", list_of(WEEKDAYS.__contains__, _BAD_DAY), nullable=ALWAYS),
        Field("by_month", list_of(_is_month, _BAD_MONTH), nullable=ALWAYS),
        Field("by_monthday", list_of(_is_monthday, _BAD_MONTHDAY), nullable=ALWAYS),
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
        _check_name(draft["name"], old)
        if old is None or draft["frequency"] != old["frequency"]:
            _check_recurrence(draft, sent)
        if draft["type"] not in _ONCE and sent.get("interval", 1) is None:
            raise bad_request("Field 'interval' must be a positive integer")
        _check_rotation(draft)
        blank = self.resource.blank()
        draft.update({name: blank[name] for name in _HIDDEN[draft["type"]]})
        if draft["frequency"] is not None:
            draft["interval"] = draft["interval"] or 1
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
        """Return a shift with its schedule; the first day of a week matters only to weekly ones."""
        weekly = record["frequency"] == "weekly"
        hidden = _HIDDEN[record["type"]] | frozenset(() if weekly else ("week_start",))
        whole = {**super().show(record, call), "schedule": record["schedule"] or self._schedule_with(record)}
        return {name: value for name, value in whole.items() if name not in hidden}

    def _schedule_with(self, record: Json) -> str | None:
        """Return the first schedule that has a shift."""
        having = (schedule["id"] for schedule in self.world["schedules"] if record["id"] in schedule["shifts"])
        return next(having, None)


def _check_name(name: str | None, old: Json | None) -> None:
    """Refuse a name that is too long; a change of it breaks down, as nothing looks before the database does."""
    if name is None or len(name) <= _LONGEST_NAME:
        return
    if old is not None:
        raise server_error()
    raise field_errors({"name": [f"Ensure this field has no more than {_LONGEST_NAME} characters."]})


def _check_recurrence(draft: Json, sent: Json) -> None:
    """Refuse a shift that is to recur and does not say how; a change of the frequency says all of it again."""
    if draft["type"] in _ONCE:
        return
    if draft["frequency"] is None:
        raise bad_request("Field 'frequency' is required for this on-call shift type")
    if draft["frequency"] == "weekly" and "week_start" not in sent:
        raise bad_request("Field 'week_start' is required for frequency type 'weekly'")


def _check_rotation(draft: Json) -> None:
    """Refuse a rotation that does not say who begins, or turns by days that can't be."""
    if draft["type"] != ROLLING:
        return
    if draft["start_rotation_from_user_index"] is None:
        raise bad_request("Field 'start_rotation_from_user_index' is required for this on-call shift type")
    if draft["frequency"] != "daily":
        return
    if draft["by_monthday"]:
        raise bad_request(
            "Day limits are temporarily disabled for on-call shifts with type 'rolling_users' and frequency 'daily'"
        )
    if draft["by_day"] and (draft["interval"] or 1) > len(draft["by_day"]):
        raise bad_request("Interval must be less than or equal to the number of selected days")
