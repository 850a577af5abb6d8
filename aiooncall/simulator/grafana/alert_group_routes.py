"""The routes of alert groups and alerts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

import orjson

from aiooncall.simulator.grafana.alert_groups import FOREVER, VERBS, state_of
from aiooncall.simulator.grafana.auth import SERVICE_ACCOUNT
from aiooncall.simulator.grafana.json_io import nothing, parameters
from aiooncall.simulator.grafana.pagination import page_of
from aiooncall.simulator.grafana.refusals import bad_request, detail, field_errors, no_such_team
from aiooncall.simulator.grafana.router import ROOT
from aiooncall.simulator.http.routing import json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.simulator.grafana.alert_groups import AlertGroups, Verb
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

_STATES: Final = {"new": "firing", "acknowledged": "acknowledged", "resolved": "resolved", "silenced": "silenced"}
"""States by the names that the filter has for them."""
_RANGE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d_\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_DELAY: Final = re.compile(r"\s*[+-]?\d{1,18}\s*", re.ASCII)
_OLDEST_DELETABLE: Final = datetime(2020, 7, 4, 23, 59, 59, tzinfo=UTC).timestamp()


class AlertGroupRoutes:
    """The routes of alert groups and of their alerts."""

    def __init__(self, groups: AlertGroups) -> None:
        self._groups = groups
        self._world = groups.world

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", f"{ROOT}/alert_groups/", self._list)
        router.add("GET", f"{ROOT}/alert_groups/{{id}}/", self._get)
        router.add("DELETE", f"{ROOT}/alert_groups/{{id}}/", self._delete)
        for verb in VERBS:
            router.add("POST", f"{ROOT}/alert_groups/{{id}}/{verb}/", self._action(verb))
        router.add("GET", f"{ROOT}/alerts/", self._alerts)

    def _list(self, call: Call) -> Answer:
        wanted = self._filters(call.query)
        found = [group for group in self._groups.table if all(test(group) for test in wanted)]
        newest_first = sorted(found, key=lambda group: float(group["_created"]))[::-1]
        return self._world.json.send(200, page_of(call, newest_first, self._groups.show, self._world.base_url))

    def _filters(self, query: Mapping[str, str]) -> list[Callable[[Json], bool]]:
        tests = [_equal(name, query[name]) for name in ("id", "route_id", "integration_id") if query.get(name)]
        if query.get("team_id"):
            team = self._team(query["team_id"])
            tests.append(_equal("team_id", team))
        if query.get("state"):
            state = _state(query["state"])
            tests.append(lambda group: state_of(group) == state)
        if query.get("started_at"):
            start, end = _range(query["started_at"])
            tests.append(lambda group: start <= group["_created"] <= end)
        tests += [_labelled(*label.split(":")) for label in parameters(query, "label") if label.count(":") == 1]
        return tests

    def _team(self, team: str) -> str | None:
        if team == "null":
            return None
        if not self._world["teams"].find(team):
            raise no_such_team()
        return team

    def _get(self, call: Call) -> Answer:
        return self._world.json.send(200, self._groups.show(self._groups.table.get(call.ids[0])))

    def _action(self, verb: Verb) -> Callable[[Call], Answer]:
        def handle(call: Call) -> Answer:
            if call.caller.startswith(SERVICE_ACCOUNT):
                raise detail(403, f"Service accounts are not allowed to {verb} alert groups")
            group = self._groups.table.get(call.ids[0])
            delay = _delay(self._world.json.read(call).get("delay")) if verb == "silence" else FOREVER
            self._groups.act(group, verb, call.now, call.caller, delay=delay)
            return nothing(200)

        return handle

    def _delete(self, call: Call) -> Answer:
        """Promise to delete or wipe a group; it is done a little later."""
        group = self._groups.table.get(call.ids[0])
        body = self._world.json.read_any(call)
        if not isinstance(body, dict):
            return json_answer(400, "A dict with a `mode` key is expected")
        mode = cast("Json", body).get("mode", "wipe")
        due = call.now.monotonic + self._world.options.delete_delay
        if mode == "wipe":
            self._world.later(due, lambda: self._groups.wipe(group, call.now.wall))
        elif mode == "delete":
            if group["_created"] <= _OLDEST_DELETABLE:
                raise bad_request("Alert groups of before 4 July 2020 can't be deleted, only wiped.")
            self._world.later(due, lambda: self._groups.remove(group))
        else:
            return json_answer(400, "Invalid mode")
        self._groups.record(group, mode, call.now)
        return nothing(204)

    def _alerts(self, call: Call) -> Answer:
        query = call.query
        search = query.get("search", "").casefold()
        found = [
            alert
            for alert in self._world["alerts"]
            if query.get("id") in {None, alert["id"]}
            and query.get("alert_group_id") in {None, alert["alert_group_id"]}
            and search in orjson.dumps(alert["payload"]).decode().casefold()
        ]
        newest_first = sorted(found, key=lambda alert: str(alert["created_at"]))[::-1]
        return self._world.json.send(200, page_of(call, newest_first, dict, self._world.base_url))


def _state(text: str) -> str:
    state = _STATES.get(text.lower())
    if state is None:
        raise field_errors({"state": f"Must be one of the following: {', '.join(_STATES)}"})
    return state


def _range(text: str) -> tuple[float, float]:
    if not _RANGE.fullmatch(text):
        raise bad_request("Invalid range value")
    try:
        start, end = (datetime.fromisoformat(part).replace(tzinfo=UTC).timestamp() for part in text.split("_"))
    except ValueError:
        raise bad_request("Invalid range value") from None
    if start > end:
        raise bad_request("Invalid range value")
    return start, end


def _equal(name: str, wanted: str | None) -> Callable[[Json], bool]:
    return lambda group: bool(group[name] == wanted)


def _labelled(key: str, value: str) -> Callable[[Json], bool]:
    return lambda group: any(
        (label["key"]["name"], label["value"]["name"]) == (key, value) for label in group["labels"]
    )


def _delay(value: object) -> int:
    if value is None:
        raise bad_request("delay is required")
    if isinstance(value, bool) or not _DELAY.fullmatch(str(value)) or int(str(value)) < FOREVER:
        raise bad_request("invalid delay value")
    return int(str(value))
