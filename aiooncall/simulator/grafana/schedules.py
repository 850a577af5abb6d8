"""Schedules of the three types, their final shifts, and their calendars."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.calendar import calendar_answer
from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import (
    choice,
    flag,
    known,
    plain_object,
    read_local,
    team,
    text,
    time_zone,
    url,
)
from aiooncall.simulator.grafana.final_shifts import final_shifts
from aiooncall.simulator.grafana.on_call_shifts import OVERRIDE
from aiooncall.simulator.grafana.pagination import USUAL_SIZE
from aiooncall.simulator.grafana.refusals import NOT_NULL, REQUIRED, bad_object, bad_request, field_errors
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource
from aiooncall.simulator.http.times import write_instant

if TYPE_CHECKING:
    from datetime import datetime

    from aiooncall.simulator.grafana.final_shifts import FinalShift
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

_WEB: Final = "web"
_ICAL: Final = "ical"
_CALENDAR: Final = "calendar"
_COMMON: Final = ("id", "team_id", "name", "type", "slack", "on_call_now")
_SHOWN: Final = {
    _CALENDAR: ("time_zone", "shifts", "ical_url_overrides", "enable_web_overrides"),
    _ICAL: ("ical_url_primary", "ical_url_overrides"),
    _WEB: ("time_zone", "shifts"),
}
"""Fields that each type shows besides those that all do."""
_NEEDED: Final = {_CALENDAR: "time_zone", _ICAL: "ical_url_primary", _WEB: "time_zone"}
_DATES: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d)?", re.ASCII)
_LONGEST: Final = timedelta(days=365)
_SLACK: Final = {"channel_id": ("slack_channels", "channel"), "user_group_id": ("user_groups", "user group")}

SCHEDULES: Final = Resource(
    kind="schedules",
    fields=(
        Field("type", choice(*_SHOWN), needed=CREATE, once=True),
        Field("name", text(200), needed=CREATE),
        Field("team_id", team, nullable=ALWAYS),
        Field("time_zone", time_zone),
        Field("ical_url_primary", url),
        Field("ical_url_overrides", url, nullable=ALWAYS),
        Field("enable_web_overrides", flag, nullable=ALWAYS, default=False),
        Field("slack", plain_object, default={}),
        Field("shifts", known("on_call_shifts"), nullable=ALWAYS, default=[]),
    ),
    filters={"name": "name"},
    team_filter=True,
)


class ScheduleRoutes(CrudRoutes):
    """Schedules; those made in the web interface can't be changed from here."""

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        super().register(router)
        router.add("GET", f"{self.path}{{id}}/final_shifts/", self._final_shifts)
        router.add("GET", f"{self.path}{{id}}/export/", self._export)

    def sent(self, call: Call, method: str) -> Json:
        """Return the known fields of a request; a new schedule is read by its type, which is looked at first."""
        if method == "POST":
            _check_type(self.world.json.read(call))
        return super().sent(call, method)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check what each type needs and can't have, and tell the shifts where they belong."""
        del call
        kind = draft["type"]
        if old is not None and kind == _WEB:
            raise bad_request("Web schedule update is not enabled through API")
        if draft[_NEEDED[kind]] is None:
            raise field_errors({_NEEDED[kind]: [NOT_NULL if _NEEDED[kind] in sent else REQUIRED]})
        if kind == _CALENDAR:
            self._check_shifts(draft)
        draft["slack"] = self._slack(draft["slack"], {} if old is None else old["slack"])

    def placed(self, record: Json, sent: Json) -> None:
        """Tell the shifts of a web schedule where they belong."""
        if record["type"] == _WEB:
            for shift_id in sent.get("shifts", ()):
                self.world["on_call_shifts"].get(shift_id)["schedule"] = record["id"]

    def removing(self, record: Json) -> None:
        """Take the schedule out of the steps that call it, and its shifts and swaps with it."""
        for step in self.world["escalation_policies"].where(notify_on_call_from_schedule=record["id"]):
            step["notify_on_call_from_schedule"] = None
        for kind in ("on_call_shifts", "shift_swaps"):
            for part in self.world[kind].where(schedule=record["id"]):
                self.world[kind].remove(part["id"])

    def show(self, record: Json, call: Call) -> Json:
        """Return a schedule with what its type has, and who is on call now."""
        now = call.now.utc
        current = final_shifts(self.world, record, now, now + timedelta(microseconds=1))
        whole = {**record, "on_call_now": list(dict.fromkeys(shift.user_id for shift in current))}
        return {name: whole[name] for name in (*_COMMON, *_SHOWN[record["type"]])}

    def _check_shifts(self, draft: Json) -> None:
        for shift in (self.world["on_call_shifts"].get(shift_id) for shift_id in draft["shifts"]):
            if shift["type"] == OVERRIDE:
                raise bad_request("Shifts of type override are not supported in this schedule")

    def _slack(self, sent: Json, old: Json) -> Json:
        """Return the Slack settings: what was sent, and else what was known."""
        settings = {name: old.get(name) for name in _SLACK}
        for name in _SLACK:
            if name in sent:
                settings[name] = self._slack_id(name, sent[name])
        return settings

    def _slack_id(self, name: str, sent: object) -> str | None:
        if sent is None:
            return None
        kind, words = _SLACK[name]
        ids = (one["slack_id"] if kind == "slack_channels" else one["slack"]["id"] for one in self.world[kind])
        if str(sent).upper() not in ids:
            raise bad_request(f"Slack {words} does not exist")
        return str(sent).upper()

    def _final_shifts(self, call: Call) -> Answer:
        """Return all shifts of a range as the only page, whatever page is asked for."""
        schedule = self.get(call)
        start, end = _range(call)
        rows = [self._row(shift) for shift in final_shifts(self.world, schedule, start, end)]
        page = {
            "count": len(rows),
            "next": None,
            "previous": None,
            "results": rows,
            "current_page_number": 1,
            "page_size": USUAL_SIZE,
            "total_pages": 1,
        }
        return self.world.json.send(200, page)

    def _row(self, shift: FinalShift) -> Json:
        user = self.world["users"].get(shift.user_id)
        return {
            "user_pk": user["id"],
            "user_email": user["email"],
            "user_username": user["username"],
            "shift_start": write_instant(shift.start),
            "shift_end": write_instant(shift.end),
        }

    def _export(self, call: Call) -> Answer:
        return calendar_answer(self.world, call, [self.get(call)])


def _check_type(sent: Json) -> None:
    if "type" not in sent:
        raise field_errors({"type": "This field is required"})
    if not isinstance(sent["type"], str) or sent["type"] not in _SHOWN:
        raise field_errors({"type": "Invalid type"})


def _range(call: Call) -> tuple[datetime, datetime]:
    texts = {name: call.query.get(name) for name in ("start_date", "end_date")}
    dates = {name: _date(given) for name, given in texts.items() if given is not None}
    errors = {name: [REQUIRED] for name, given in texts.items() if given is None}
    wrong = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm, YYYY-MM-DD."
    errors |= {name: [wrong] for name, at in dates.items() if at is None}
    start, end = dates.get("start_date"), dates.get("end_date")
    if start is None or end is None:
        raise field_errors(errors)
    if start > end:
        raise bad_object("start_date must be less than or equal to end_date")
    if end - start > _LONGEST:
        raise bad_object("The difference between start_date and end_date must be less than one year (365 days)")
    return start, end


def _date(given: str) -> datetime | None:
    local = read_local(given) if _DATES.fullmatch(given) else None
    return None if local is None else local.replace(tzinfo=UTC)
