"""The rate budgets of clients, as they are when somebody looks: no event tells each change of a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit
from weakref import ref

import attrs

from aiooncall._text import one_line
from aiooncall.client.base import core_of
from aiooncall.errors import OptionsError
from aiooncall.transport.session_pool import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiooncall.client.base import BaseClient
    from aiooncall.client.connection import Connection
    from aiooncall.ratelimit import BudgetSnapshot


class Gauge(NamedTuple):
    """What is shown of a budget: under which name, which field of its snapshot, in which unit, and what it means."""

    name: str
    field: str
    unit: str
    meaning: str


GAUGES: Final = (
    Gauge("limit", "limit", "{call}", "Calls allowed in a window; none while the limit is not known."),
    Gauge("period", "period", "s", "Length of a window."),
    Gauge("remaining", "remaining", "{call}", "Calls left in this window."),
    Gauge("reset", "resets_in", "s", "Time until this window ends at the latest."),
    Gauge("closed", "closed_for", "s", "Time until the bucket opens again after a refusal; 0 if it is open."),
    Gauge("in_flight", "in_flight", "{call}", "Calls sent and not yet answered."),
    Gauge("waiting", "waiting", "{call}", "Calls that wait for their turn."),
    Gauge("processes", "shared_by", "{process}", "Processes that share the bucket; none where it is not shared."),
)


class BudgetPlace(NamedTuple):
    """Which budget it is: of which provider and client, at which host, and the bucket's name, or a route of it."""

    provider: str
    client: str
    host: str
    bucket: str


@attrs.frozen
class _Watched:
    """A client, as far as its budgets go: its connection, which may be gone, and the URLs of its hosts."""

    connection: ref[Connection]
    urls: Mapping[str, str | None]

    def open_connection(self) -> Connection | None:
        connection = self.connection()
        return None if connection is None or connection.lifecycle.state is State.CLOSED else connection

    def snapshots(self) -> Iterator[tuple[str, str, BudgetSnapshot]]:
        """Yield the host, the bucket, and what is known of it."""
        connection = self.open_connection()
        if connection is None:
            return
        for purpose, budget in list(connection.budgets.items()):
            host = urlsplit(self.urls[purpose] or "").hostname or ""
            for shown in budget.snapshot():
                bucket = shown.name or next(iter(shown.routes), "")
                yield host, one_line(connection.secrets.redact(bucket)), shown


class WatchedBudgets:
    """The budgets of the clients that are watched, as long as these are open. They can be read in any thread."""

    def __init__(self) -> None:
        self._watched: dict[tuple[str, str], _Watched] = {}

    def watch(self, client: BaseClient, name: str) -> None:
        """Watch a client, without keeping it alive.

        Args:
            client: the client.
            name: tells clients of one provider apart.

        Raises:
            OptionsError: another client of this provider is watched by this name.
        """
        core = core_of(client)
        place = core.profile.provider, name
        known = self._watched.get(place)
        if known is not None and known.open_connection() not in {None, core.connection}:
            raise OptionsError("name", name, f"a name that no other client of {place[0]} has here")
        self._watched[place] = _Watched(ref(core.connection), core.profile.hosts)

    def snapshots(self) -> dict[BudgetPlace, BudgetSnapshot]:
        """Return what is known of each budget now."""
        return {
            BudgetPlace(*whose, host, bucket): shown
            for whose, watched in list(self._watched.items())
            for host, bucket, shown in watched.snapshots()
        }
