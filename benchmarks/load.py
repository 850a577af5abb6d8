"""Put a steady load on a server of your own: a staging environment, or the simulator. Never on a vendor's.

Calls begin at a steady rate, whatever becomes of the earlier ones, so a slow server cannot hide that it is slow: the
time of a call counts from the moment at which it was due. Secrets come from the environment: DD_API_KEY and DD_APP_KEY,
or GRAFANA_ONCALL_ACCESS_TOKEN. They need not be there for a server on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import os
import sys
import time
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import cycle
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

from aiooncall import CallRate, ClientOptions, DatadogOnCall, GrafanaOnCall, OnCallError, OptionsError, PoolOptions
from aiooncall._base.validation import base_url
from aiooncall.client.base import core_of
from aiooncall.datadog.resources.pages import LIST as PAGES
from aiooncall.events import AttemptFinished, RetryScheduled, Throttled
from aiooncall.grafana.resources.alert_groups import GROUPS
from benchmarks.harness import machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aiooncall.events import Event

VENDORS = ("datadoghq", "ddog-gov", "grafana.net")
"""Parts of the names of the hosts that the vendors run: https://docs.datadoghq.com/getting_started/site/ and
https://grafana.com/docs/oncall/latest/oncall-api-reference/."""
VERBS = ("acknowledge", "resolve", "list")
MOST_IDS = 1000
"""Ids that are acted on in turns: those that the server lists first."""
ROWS = "100"
"""Rows in one list."""
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
PLACEHOLDER = "load-test"
"""Stands for secrets that are not set."""

Call = Callable[[], Awaitable[object]]


@attrs.frozen(kw_only=True)
class Plan:
    """What to do: `rate` is in calls a second, `duration` in seconds, `limit` in calls a minute."""

    url: str
    provider: str
    verb: str
    rate: float
    duration: float
    concurrency: int
    limit: int | None = None

    @property
    def calls(self) -> int:
        """How many calls are due in all."""
        return max(1, round(self.rate * self.duration))


def check_url(url: str, *, allow_remote: bool = False) -> str:
    """Return the base URL `url` if load may be put on it.

    Raises:
        OptionsError: it is no base URL, it is a vendor's, or it is not on this machine and that was not allowed.
    """
    host = (urlsplit(base_url("--url", url)).hostname or "").rstrip(".")
    if any(f".{vendor}." in f".{host}." for vendor in VENDORS):
        raise OptionsError("--url", host, "a server of your own: load is never put on a vendor's")
    if not (allow_remote or is_loopback(host)):
        raise OptionsError("--url", host, "a server on this machine, or --allow-remote")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Load:
    """The load, and what came of it so far.

    Args:
        plan: what to do.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.begun = 0
        self.failed: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.refused = 0
        self.retried = 0
        self.times = array("d")
        """Seconds that each call took that succeeded."""
        self._started = self._ended = 0.0

    def __call__(self, event: Event, /) -> None:
        """Count an event of the client."""
        self.refused += isinstance(event, Throttled)
        self.retried += isinstance(event, RetryScheduled)
        if isinstance(event, AttemptFinished):
            self.statuses[str(event.status or event.outcome)] += 1

    async def run(self) -> None:
        """Begin every call when it is due, and wait for all of them."""
        async with self._client() as client:
            call = await self._call_of(client)
            self.statuses.clear()  # what was needed to find out what to call is no load
            self.refused = self.retried = 0
            room = asyncio.Semaphore(self.plan.concurrency)
            self._started = time.perf_counter()
            async with asyncio.TaskGroup() as crew:
                for number in range(self.plan.calls):
                    due = self._started + number / self.plan.rate
                    if (wait := due - time.perf_counter()) > 0:
                        await asyncio.sleep(wait)
                    await room.acquire()
                    self.begun += 1
                    crew.create_task(self._one(call, due)).add_done_callback(lambda _: room.release())

    async def _one(self, call: Call, due: float) -> None:
        try:
            await call()
        except OnCallError as error:
            self.failed[type(error).__name__] += 1
        else:
            self.times.append(time.perf_counter() - due)
        finally:
            self._ended = time.perf_counter()

    def _client(self) -> DatadogOnCall | GrafanaOnCall:
        url, most, limit = self.plan.url, self.plan.concurrency, self.plan.limit
        options = ClientOptions(
            rate_limit=None if limit is None else CallRate(calls=limit, per=60),
            pool=PoolOptions(max_connections=most, max_connections_per_host=most),
            hooks=[self],
        )
        names = ("DD_API_KEY", "DD_APP_KEY", "GRAFANA_ONCALL_ACCESS_TOKEN")
        local = is_loopback(urlsplit(url).hostname or "")
        env = {**dict.fromkeys(names, PLACEHOLDER if local else ""), **os.environ, "GRAFANA_ONCALL_URL": url}
        if self.plan.provider == "grafana":
            return GrafanaOnCall.from_env(env, options=options)
        return DatadogOnCall(env["DD_API_KEY"], env["DD_APP_KEY"], api_url=url, paging_url=url, options=options)

    async def _call_of(self, client: DatadogOnCall | GrafanaOnCall) -> Call:
        """Return what one call does; those that act go through the ids that the server has open."""
        grafana = isinstance(client, GrafanaOnCall)
        if self.plan.verb == "list":
            endpoint, size = (GROUPS.list, "perpage") if grafana else (PAGES, "page[size]")
            core = core_of(client)
            return lambda: core.call(endpoint, query={size: ROWS})
        if not (ids := await _first_ids(_unresolved(client))):
            raise OptionsError("--verb", self.plan.verb, "list, since the server has nothing open to act on")
        act = getattr(client.alert_groups if isinstance(client, GrafanaOnCall) else client.pages, self.plan.verb)
        turns = cycle(ids)
        return lambda: act(next(turns))

    @property
    def summary(self) -> dict[str, Any]:
        """What came of it, for a file."""
        seconds = self._ended - self._started if self.times or self.failed else 0.0
        times = sorted(self.times)
        return {
            "plan": attrs.asdict(self.plan),
            "machine": machine(),
            "calls_due": self.plan.calls,
            "calls_begun": self.begun,
            "calls_succeeded": len(times),
            "calls_failed": dict(self.failed),
            "seconds": seconds,
            "achieved_rate": len(times) / seconds if seconds else 0.0,
            "latency_ms": {name: percentile(times, share) * 1000 for name, share in SHARES.items() if times},
            "requests": dict(sorted(self.statuses.items())),
            "refused": self.refused,
            "retried": self.retried,
        }


async def _unresolved(client: DatadogOnCall | GrafanaOnCall) -> AsyncIterator[str]:
    """Yield the ids of what is unresolved, first those that nobody has acknowledged."""
    if isinstance(client, GrafanaOnCall):
        for state in ("firing", "acknowledged"):
            async for group in client.alert_groups.list(state=state):
                yield group.id
    else:
        for status in ("triggered", "acknowledged"):
            async for page in client.pages.list(f"status:{status}"):
                yield page.id


async def _first_ids(found: AsyncIterator[str]) -> list[str]:
    ids: list[str] = []
    async for one in found:
        ids.append(one)
        if len(ids) == MOST_IDS:
            break
    return ids


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of `ordered`, which is sorted, that is not exceeded by `share` of them."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def show(summary: dict[str, Any]) -> None:
    """Print what came of the load."""
    plan, failed = summary["plan"], summary["calls_failed"]
    due, begun, done = (summary[f"calls_{name}"] for name in ("due", "begun", "succeeded"))
    bad = sum(failed.values())
    requests = ", ".join(f"{count:,} x {status}" for status, count in summary["requests"].items())
    latency = ", ".join(f"{name} {value:.1f}" for name, value in summary["latency_ms"].items())
    lines = {
        "asked for": f"{plan['rate']:g} calls a second for {plan['duration']:g} s: {plan['verb']}, {plan['provider']}",
        "achieved": f"{summary['achieved_rate']:.1f} calls a second that succeeded, for {summary['seconds']:.1f} s",
        "calls": f"{done:,} succeeded, {bad:,} failed, {begun - done - bad:,} not ended; {begun:,} of {due:,} begun",
        "latency": f"{latency} ms, from when a call was due" if latency else "nothing succeeded",
        "requests": f"{requests or 'none'}; refused (429) {summary['refused']:,}, sent again {summary['retried']:,}",
    }
    if failed:
        lines["failed"] = ", ".join(f"{count:,} x {name}" for name, count in failed.items())
    for name, text in lines.items():
        print(f"{name:<10} {text}")


def parse(arguments: Sequence[str] | None = None) -> tuple[Plan, Path | None]:
    """Return what the command line asks for, and the file for the summary."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", required=True, help="base URL of the server")
    parser.add_argument("--rate", type=_positive, default=100.0, help="calls a second")
    parser.add_argument("--duration", type=_positive, default=30.0, help="seconds")
    parser.add_argument("--provider", choices=("datadog", "grafana"), default="datadog")
    parser.add_argument("--verb", choices=VERBS, default="acknowledge", help="what each call does")
    parser.add_argument("--concurrency", type=int, default=256, help="most calls, and connections, at once")
    parser.add_argument("--limit", type=int, help="keep to so many calls a minute; Grafana's default is 300")
    parser.add_argument("--allow-remote", action="store_true", help="allow a server that is not on this machine")
    parser.add_argument("--json", type=Path, help="where to write the summary")
    chosen = vars(parser.parse_args(arguments))
    file, allowed = chosen.pop("json"), chosen.pop("allow_remote")
    try:
        return Plan(**{**chosen, "url": check_url(chosen["url"], allow_remote=allowed)}), file
    except OptionsError as problem:
        parser.error(str(problem))


def _positive(text: str) -> float:
    if not 0 < (number := float(text)) <= 1e6:
        raise ValueError(text)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Put on the load that the command line asks for; return 0 if no call failed."""
    plan, file = parse(arguments)
    load = Load(plan)
    try:
        asyncio.run(load.run())
    except KeyboardInterrupt:
        print("interrupted")
    except OnCallError as problem:
        print(f"not begun: {problem}", file=sys.stderr)
        return 2
    show(load.summary)
    if file is not None:
        file.write_text(json.dumps(load.summary, indent=1) + "\n", encoding="utf-8")
    return int(bool(load.failed))


if __name__ == "__main__":
    sys.exit(main())
