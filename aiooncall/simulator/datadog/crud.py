"""The life of a policy or a schedule: created, read, replaced and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.reading import check_id, check_type
from aiooncall.simulator.datadog.world import not_in_use
from aiooncall.simulator.http.routing import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import ResourceTable, World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call, Router

ON_CALL: Final = "/api/v2/on-call"


@attrs.frozen
class CrudRoutes:
    """The routes of one type of resource.

    Attributes:
        world: Everything there is.
        envelope: Wraps the answers.
        path: Where the resources live.
        table: Where they are kept.
        includes: What can be included with one.
        read: Returns the resource of a request; the last argument is the one that it replaces.
        resources: Returns a stored one as a resource, and after it what belongs to it alone.
        users: Returns who uses one, by its id.
    """

    world: World
    envelope: Envelope
    path: str
    table: ResourceTable
    includes: tuple[str, ...]
    read: Callable[[Fields, World, Json | None], Json]
    resources: Callable[[Json], list[Json]]
    users: Callable[[str], list[str]]

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", self.path, self._create)
        router.add("GET", f"{self.path}/{{id}}", self._get)
        router.add("PUT", f"{self.path}/{{id}}", self._replace)
        router.add("DELETE", f"{self.path}/{{id}}", self._delete)

    def _create(self, call: Call) -> Answer:
        include = read_include(call.query, self.includes)
        data = self.envelope.data(call)
        check_type(data, self.table.kind)
        made = self.read(data, self.world, None)
        added = self.table.add({**made, "id": self.world.new_id()}, call.now.wall)
        return self._answer(201, added, include)

    def _get(self, call: Call) -> Answer:
        include = read_include(call.query, self.includes)
        return self._answer(200, self.table.get(call.ids[0]), include)

    def _replace(self, call: Call) -> Answer:
        include = read_include(call.query, self.includes)
        old = self.table.get(call.ids[0])
        data = self.envelope.data(call)
        check_type(data, self.table.kind)
        check_id(data, old["id"])
        return self._answer(200, self.table.put(self.read(data, self.world, old)), include)

    def _delete(self, call: Call) -> Answer:
        read_include(call.query, ())
        found = self.table.get(call.ids[0])
        not_in_use(f"{self.table.name}[{found['id']}]", self.users(found["id"]))
        self.table.remove(found["id"])
        return Answer(204)

    def _answer(self, status: int, stored: Json, include: list[str]) -> Answer:
        resource, *parts = self.resources(stored)
        return self.envelope.answer(status, resource, include, parts=parts)
