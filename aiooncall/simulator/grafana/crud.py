"""The life of any object: created, listed, read, changed and deleted, as its description says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.grafana.json_io import nothing
from aiooncall.simulator.grafana.pagination import page_of
from aiooncall.simulator.grafana.refusals import bad_object, no_such_team, server_error
from aiooncall.simulator.grafana.resource import read_fields
from aiooncall.simulator.grafana.router import ROOT
from aiooncall.simulator.grafana.world import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.simulator.grafana.resource import Resource
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router
    from aiooncall.simulator.http.table import Table


class CrudRoutes:
    """The routes of one kind of object; what sets a kind apart overrides the methods below `register`."""

    def __init__(self, world: World, resource: Resource) -> None:
        self.world = world
        self.resource = resource
        self.table: Table = world[resource.kind]
        self.path: str = f"{ROOT}/{resource.kind}/"

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", self.path, self._list)
        router.add("POST", self.path, self._create)
        router.add("GET", f"{self.path}{{id}}/", self._get)
        router.add("PUT", f"{self.path}{{id}}/", self._change)
        router.add("PATCH", f"{self.path}{{id}}/", self._change)
        router.add("DELETE", f"{self.path}{{id}}/", self._delete)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Check an object before it is stored, and complete it.

        Args:
            draft: The object as it is going to be.
            old: What it is now, None when it is new.
            sent: The fields that the request brought.
            call: The request.
        """

    def placed(self, record: Json, sent: Json) -> None:
        """Do what follows when an object has been stored."""

    def removing(self, record: Json) -> None:
        """Do what follows when an object goes, or refuse to let it."""

    def rows(self, call: Call) -> list[Json]:
        """Return what there is to list, in order."""
        del call
        return list(self.table)

    def get(self, call: Call) -> Json:
        """Return the object of a path."""
        return self.table.get(call.ids[0])

    def show(self, record: Json, call: Call) -> Json:
        """Return an object as answers have it."""
        del call
        return shown(record)

    def listed(self, record: Json, call: Call) -> Json:
        """Return an object as lists have it."""
        return self.show(record, call)

    def sent(self, call: Call, method: str) -> Json:
        """Return the known fields that a request brings."""
        return read_fields(self.resource.fields, self.world.json.read(call), self.world, method)

    def answer(self, status: int, record: Json, call: Call) -> Answer:
        """Return an answer that shows an object."""
        return self.world.json.send(status, self.show(record, call))

    def _list(self, call: Call) -> Answer:
        self._check_team(call.query)
        rows = [record for record in self.rows(call) if self._wanted(record, call.query)]
        base_url, size = self.world.base_url, self.resource.page_size
        return self.world.json.send(200, page_of(call, rows, lambda row: self.listed(row, call), base_url, size))

    def _get(self, call: Call) -> Answer:
        return self.answer(200, self.get(call), call)

    def _create(self, call: Call) -> Answer:
        sent = self.sent(call, "POST")
        draft = {"id": self.world.new_id(self.resource.kind), **self.resource.blank(), **sent}
        self._store(draft, None, sent, call)
        return self.answer(201, draft, call)

    def _change(self, call: Call) -> Answer:
        old = self.get(call)
        sent = self.sent(call, call.method)
        draft = {**old, **sent}
        self._store(draft, old, sent, call)
        return self.answer(200, draft, call)

    def _delete(self, call: Call) -> Answer:
        record = self.get(call)
        self.removing(record)
        self.table.remove(record["id"])
        return nothing(204)

    def _store(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        self._check_unique(draft)
        self.prepare(draft, old, sent, call)
        self.table.put(draft)
        self.placed(draft, sent)

    def _check_unique(self, draft: Json) -> None:
        name = self.resource.unique
        if name is not None and any(twin["id"] != draft["id"] for twin in self.table.where(**{name: draft[name]})):
            raise bad_object(f"The fields organization, {name} must make a unique set.")

    def _check_team(self, query: Mapping[str, str]) -> None:
        """Break down on a filter by team, as the engine does wherever it has one, but for a team that is not there."""
        team = query.get("team_id")
        if team is None or not self.resource.team_filter:
            return
        if team != "null" and not self.world["teams"].find(team):
            raise no_such_team()
        raise server_error()

    def _wanted(self, record: Json, query: Mapping[str, str]) -> bool:
        return all(record[field] == query[name] for name, field in self.resource.filters.items() if name in query)
