"""The state of the fake Grafana OnCall, and the helpers that its parts share."""

from __future__ import annotations

import heapq
import random
import string
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator.grafana.json_io import JsonIO
from aiooncall.simulator.grafana.refusals import not_found
from aiooncall.simulator.http.table import Table
from aiooncall.simulator.http.times import write_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.simulator.grafana.options import GrafanaOptions
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.ledger import Ledger
    from aiooncall.simulator.http.routing import Call

_PREFIXES: Final = {
    "alerts": "A",
    "alert_groups": "I",
    "users": "U",
    "teams": "T",
    "schedules": "S",
    "on_call_shifts": "O",
    "escalation_chains": "F",
    "escalation_policies": "E",
    "personal_notification_rules": "N",
    "resolution_notes": "M",
    "integrations": "C",
    "routes": "R",
    "shift_swaps": "SSR",
    "user_groups": "G",
    "slack_channels": "H",
    "webhooks": "WH",
    "actions": "K",
    "organizations": "O",
}
"""The beginning of the ids of each kind."""
_ID_TAIL: Final = 12


class World:
    """All tables, by kind; names that begin with `_` are never shown.

    Attributes:
        options: How everything behaves.
        ledger: What really happened.
        json: Reads requests and writes answers.
    """

    def __init__(self, options: GrafanaOptions, ledger: Ledger, base_url: Callable[[], str], *, seed: int = 2) -> None:
        self.options = options
        self.ledger = ledger
        self.json: JsonIO = JsonIO(options.drift)
        self._base_url = base_url
        self._tables = {kind: Table(kind, lambda _: not_found()) for kind in _PREFIXES}
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._pending: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self.organization_id: str = self.new_id("organizations")

    def __getitem__(self, kind: str) -> Table:
        return self._tables[kind]

    @property
    def base_url(self) -> str:
        """Return the URL that the engine takes for its own."""
        return (self.options.engine_url or self._base_url()).rstrip("/")

    def new_id(self, kind: str) -> str:
        """Return an id that nothing has yet."""
        tail = self._random.choices(string.ascii_uppercase + string.digits, k=_ID_TAIL)
        return _PREFIXES[kind] + "".join(tail)

    def later(self, at: float, change: Callable[[], None]) -> None:
        """Let a change happen at a monotonic instant; nothing runs in the background, so it waits for `settle`."""
        heapq.heappush(self._pending, (at, next(self._numbers), change))

    def settle(self, now: float) -> None:
        """Let everything happen that was due by a monotonic instant."""
        while self._pending and self._pending[0][0] <= now:
            heapq.heappop(self._pending)[2]()

    def caller(self, call: Call) -> Json | None:
        """Return the user who calls, None for a service account."""
        return self["users"].find(call.caller)

    def team_of_caller(self, call: Call) -> str | None:
        """Return the current team of the user who calls."""
        user = self.caller(call)
        return None if user is None else user["_current_team"]


def shown(record: Json) -> Json:
    """Return what of an object is for everybody's eyes."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def written(wall: float) -> str:
    """Return seconds since the epoch as the engine writes instants."""
    return write_instant(datetime.fromtimestamp(wall, UTC))


def equal(record: Json, name: str, wanted: Any) -> bool:  # noqa: ANN401 (any JSON)
    """Tell whether a field has a value, whatever the case of its letters."""
    return str(record[name]).casefold() == str(wanted).casefold()
