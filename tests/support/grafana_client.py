"""What the tests of the Grafana OnCall client share: a client on a simulator, both on virtual time."""

from __future__ import annotations

import pickle
import traceback
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from aiooncall import ClientOptions, GrafanaOnCall
from aiooncall.simulator import Fault, FaultKind, Simulator
from aiooncall.simulator.http.routing import Answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aiooncall.simulator import GrafanaOptions, RequestRecord
    from aiooncall.simulator.http.routing import Call

API = "/api/v1"
TOKEN = "token-meowmeowmeow-0123456789"
STACK = "https://example.grafana.net"
NOTHING = "X00000000000"
"""An id that nothing has."""


@attrs.frozen
class GrafanaWorld:
    """A simulator, and a client of its Grafana half that lives in the same virtual time.

    Attributes:
        calls: the requests that got past credentials, limits and faults, with their queries and bodies.
    """

    sim: Simulator
    client: GrafanaOnCall
    clock: VirtualClock
    calls: list[Call] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        router = self.sim.grafana.router
        answer = router.answer

        def watched(call: Call) -> Answer:
            self.calls.append(call)
            return answer(call)

        router.answer = watched  # type: ignore[method-assign]  # the simulator keeps no bodies

    def another(self, token: str = TOKEN, *, url: str | None = None, **options: Any) -> GrafanaOnCall:
        """Return one more client, not yet open; `options` are the client's own or those of `ClientOptions`."""
        return grafana_client(self.sim.grafana_url if url is None else url, token, clock=self.clock, **options)

    def fail(self, method: str, path: str, *faults: Fault | FaultKind | None) -> None:
        """Give the next requests of a method to a path below the API's root, which may be a glob, these faults."""
        steps = (Fault(fault) if isinstance(fault, FaultKind) else fault for fault in faults)
        self.sim.faults.script(method, f"{API}/{path}", *steps)

    def answer(self, status: int, body: bytes) -> None:
        """Let the server answer everything with one and the same status and body from now on, and do nothing."""
        self.sim.grafana.router.answer = lambda call: Answer(status, body)  # type: ignore[method-assign]  # no fault

    def requests(self, method: str | None = None, path: str | None = None) -> list[RequestRecord]:
        """Return the requests that arrived, those of a method, those to a path below the API's root."""
        return [
            record
            for record in self.sim.ledger.requests
            if method in {None, record.method} and (path is None or record.path == f"{API}/{path}")
        ]

    def sent(self) -> list[str]:
        """Return what arrived, as a method and the path below the API's root."""
        return [f"{record.method} {record.path.removeprefix(f'{API}/')}" for record in self.sim.ledger.requests]

    def body(self, number: int = -1) -> Any:
        """Return what was sent in one of the calls, decoded; None without a body."""
        return orjson.loads(self.calls[number].body) if self.calls[number].body else None

    def query(self, number: int = -1) -> list[tuple[str, str]]:
        """Return the query of one of the calls, without what says which page it is."""
        return [pair for pair in self.calls[number].query.items() if pair[0] not in {"page", "perpage"}]

    def paged(self) -> list[str | None]:
        """Return who was told, once for each time."""
        return [told.user_id for told in self.sim.ledger.notifications]

    def groups(self, titles: Iterable[str]) -> list[str]:
        """Put firing alert groups in, a minute apart and the first one the oldest, and return their ids."""
        now = self.clock.time()
        listed = list(titles)
        return [
            self.sim.grafana.add_alert_group(title, created_at=now - 60.0 * (len(listed) - number))
            for number, title in enumerate(listed)
        ]


@asynccontextmanager
async def grafana_world(
    rules: GrafanaOptions | None = None, *, token: str = TOKEN, client: dict[str, Any] | None = None, **simulator: Any
) -> AsyncIterator[GrafanaWorld]:
    """Yield a simulator and an open client on it.

    Args:
        rules: how the fake Grafana OnCall behaves.
        token: the client's credentials.
        client: options of the client, its own or those of `ClientOptions`.
        simulator: options of the simulator.
    """
    clock = VirtualClock()
    async with (
        Simulator(clock=clock, grafana=rules, **simulator) as sim,
        grafana_client(sim.grafana_url, token, **{"clock": clock, **(client or {})}) as opened,
    ):
        yield GrafanaWorld(sim, opened, clock)


def grafana_client(url: str, token: str = TOKEN, **options: Any) -> GrafanaOnCall:
    """Return a client, not yet open; `options` are the client's own or those of `ClientOptions`."""
    own = {name: options.pop(name) for name in ("stack_url", "auth_scheme", "limit_group", "pool") if name in options}
    return GrafanaOnCall(url, token, options=ClientOptions(**{"clock": VirtualClock(), **options}), **own)


def shown(error: BaseException) -> str:
    """Return all that can be read off an error: its traceback, what it holds, and what a pickle of it holds."""
    again = pickle.loads(pickle.dumps(error))
    return f"{''.join(traceback.format_exception(error))} {error!r} {vars(error)!r} {again} {vars(again)!r}"
