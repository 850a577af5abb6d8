"""The lists of teams and users, which are not On-Call's own: other products answer there, each in its way.

https://docs.datadoghq.com/api/latest/teams/ and https://docs.datadoghq.com/api/latest/users/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.json_api import bad_request
from aiooncall.simulator.datadog.pagination import read_slice
from aiooncall.simulator.http.routing import JSON_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.pagination import Slice
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

TEAMS: Final = "/api/v2/team"
USERS: Final = "/api/v2/users"
_MAX_SIZE: Final = 100
_USUAL_SIZE: Final = 10
_STATUSES: Final = {"active": "Active", "pending": "Pending", "deactivated": "Disabled"}
"""The status of a user as the list of users writes it, by the word that answers of On-Call have."""
_SORTS: Final = ("name", "modified_at", "user_count")


class PeopleRoutes:
    """The routes of both lists; who is in which team is known here alone."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._world = world
        self._envelope = envelope
        self._members: dict[str, tuple[str, ...]] = {}
        self._mine: set[str] = set()

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", TEAMS, self._teams)
        router.add("GET", USERS, self._users)

    def join(self, team_id: str, members: Sequence[str], *, mine: bool) -> None:
        """Put users into a team, and whoever calls as well if it is theirs."""
        self._members[team_id] = tuple(members)
        if mine:
            self._mine.add(team_id)

    def _teams(self, call: Call) -> Answer:
        part, keyword = read_slice(call.query, _MAX_SIZE, _USUAL_SIZE), call.query.get("filter[keyword]", "").lower()
        only_mine = _flag(call.query, "filter[me]")
        found = [
            team
            for team in self._world.teams
            if (team["id"] in self._mine or not only_mine) and any(keyword in text for text in self._texts(team))
        ]
        rows = [self._team(team) for team in part.of(found)]
        document = {"data": rows, "links": _links(part, len(found)), "meta": {"pagination": _offsets(part, len(found))}}
        return self._envelope.send(200, document, JSON_TYPE)

    def _texts(self, team: Json) -> list[str]:
        members = (self._world.users.find(user_id) for user_id in self._members.get(team["id"], ()))
        emails = [user["attributes"]["email"] for user in members if user is not None]
        return [text.lower() for text in (team["attributes"]["handle"], team["attributes"]["name"], *emails)]

    def _team(self, team: Json) -> Json:
        counted = {"user_count": len(self._members.get(team["id"], ())), "summary": ""}
        return {"id": team["id"], "type": "team", "attributes": {**team["attributes"], **counted}}

    def _users(self, call: Call) -> Answer:
        part, text = read_slice(call.query, _MAX_SIZE, _USUAL_SIZE), call.query.get("filter", "").lower()
        statuses = _statuses(call.query)
        rows = _sorted([_user(user) for user in self._world.users], call.query.get("sort", "name"))
        found = [row for row in rows if _fits(row["attributes"], text, statuses)]
        counts = {"total_count": len(rows), "total_filtered_count": len(found)}
        document: Json = {"data": part.of(found), "meta": {"page": counts}}
        return self._envelope.send(200, document, JSON_TYPE)


def _flag(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise bad_request(f"{name}: must be true or false")
    return value == "true"


def _statuses(query: Mapping[str, str]) -> list[str]:
    wanted = [status for status in query.get("filter[status]", "").split(",") if status]
    for status in wanted:
        if status not in _STATUSES.values():
            raise bad_request(f"filter[status]: {status!r} is not one of {', '.join(_STATUSES.values())}")
    return wanted or [*_STATUSES.values()]


def _user(user: Json) -> Json:
    """Return a user as this list shows it: without a name it is null, and the address is the handle too."""
    known = user["attributes"]
    status = _STATUSES.get(known["status"], known["status"])
    attributes = {
        **known,
        "disabled": status == "Disabled",
        "handle": known["email"],
        "name": known["name"] or None,
        "service_account": False,
        "status": status,
        "title": None,
        "verified": status == "Active",
    }
    return {"id": user["id"], "type": "users", "attributes": attributes}


def _fits(user: Json, text: str, statuses: list[str]) -> bool:
    said = (user["name"] or "", user["handle"], user["email"])
    return user["status"] in statuses and any(text in one.lower() for one in said)


def _sorted(rows: list[Json], sort: str) -> list[Json]:
    """Return users in order; all have been changed never and are in as many organisations, so only names count."""
    if sort.removeprefix("-") not in _SORTS:
        raise bad_request(f"sort: {sort!r} is not one of {', '.join(_SORTS)}")
    if sort.removeprefix("-") != "name":
        return rows
    return sorted(rows, key=lambda row: row["attributes"]["name"] or "", reverse=sort.startswith("-"))


def _links(part: Slice, total: int) -> Json:
    last = max(0, total - 1) // part.size
    numbers = {"first": 0, "last": last, "self": part.number, "next": part.number + 1, "prev": part.number - 1}
    return {
        name: f"{TEAMS}?page[number]={number}&page[size]={part.size}"
        for name, number in numbers.items()
        if name not in ("next", "prev") or 0 <= number <= last
    }


def _offsets(part: Slice, total: int) -> Json:
    last = max(0, total - 1) // part.size * part.size
    around = {"next_offset": part.start + part.size, "prev_offset": part.start - part.size}
    return {
        "first_offset": 0,
        "last_offset": last,
        "limit": part.size,
        "offset": part.start,
        "total": total,
        "type": "offset_limit",
        **{name: offset for name, offset in around.items() if 0 <= offset <= last},
    }
