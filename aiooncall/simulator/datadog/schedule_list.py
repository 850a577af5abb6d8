"""The list of schedules: searched, and in slices."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.simulator.datadog.config_routes import SCHEDULES
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linked, meta_page
from aiooncall.simulator.datadog.schedule_json import schedule_row
from aiooncall.simulator.datadog.slices import read_slice

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.routing import Answer, Call, Router

_MAX_SIZE: Final = 100
_FACET: Final = re.compile(r"\b(?P<facet>team\.id|user\.id):(?:\((?P<many>[^)]*)\)|(?P<one>\S+))")


class Query(NamedTuple):
    """What a search asks for: a pattern of names, and for each facet the ids of which one must fit."""

    name: str
    facets: list[tuple[str, frozenset[str]]]

    def matches(self, schedule: Json) -> bool:
        """Tell whether a schedule fulfils every condition."""
        name = schedule["attributes"]["name"].lower()
        pattern = self.name if "*" in self.name else f"*{self.name}*"
        return fnmatchcase(name, _literal(pattern)) and all(
            wanted & _FACETS[facet](schedule) for facet, wanted in self.facets
        )


def parse_query(text: str) -> Query:
    """Split a query into a name and facets that must all fit."""
    facets = [(found["facet"], _ids(found["many"] or found["one"] or "")) for found in _FACET.finditer(text)]
    name = re.sub(r"\bAND\b", " ", _FACET.sub(" ", text))
    return Query(" ".join(name.lower().split()), facets)


class ScheduleList:
    """Shows the schedules, oldest first."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._schedules = world.schedules
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("GET", SCHEDULES, self._list)

    def _list(self, call: Call) -> Answer:
        include = read_include(call.query, ("teams",))
        part = read_slice(call.query, _MAX_SIZE)
        query = parse_query(call.query.get("filter[query]", ""))
        found = [schedule for schedule in self._schedules if query.matches(schedule)]
        rows = list(map(schedule_row, part.of(found)))
        return self._envelope.answer(200, rows, include, meta={"page": meta_page(len(found), *part)})


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split()) - {"OR"}


def _literal(pattern: str) -> str:
    """Leave `*` the only character of a pattern with a meaning."""
    return re.sub(r"[?\[]", r"[\g<0>]", pattern)


def _team_ids(schedule: Json) -> frozenset[str]:
    return frozenset(team["id"] for team in linked(schedule, "teams"))


def _user_ids(schedule: Json) -> frozenset[str]:
    members = (member for layer in schedule["attributes"]["layers"] for member in layer["members"])
    return frozenset(member["user"]["id"] for member in members if "user" in member)


_FACETS: Final = {"team.id": _team_ids, "user.id": _user_ids}
