"""What `aiooncall doctor` checks: with reads alone, and with connections that carry no request."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import attrs

from aiooncall._base.validation import mask_url
from aiooncall.cli.telling import DOCTOR, PROXIES, words_of
from aiooncall.client.base import core_of
from aiooncall.datadog.resources import pages, team_lookup
from aiooncall.errors import OnCallError
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.grafana.resources import alert_groups, people

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiooncall.cli.running import Running
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.ratelimit import BudgetSnapshot
    from aiooncall.transport.endpoint import Endpoint

CONNECT_TIMEOUT: Final = 5.0
"""Seconds in which a host has to take a connection."""
WRONG_CLOCK: Final = 60.0
"""Seconds between two clocks from which on it is worth a word: times that are shown would mislead."""
READS: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("pages (scope on_call_read)", "page[size]", pages.LIST),
    ("teams, by handle", "page[size]", team_lookup.LIST),
)
"""What is read of Datadog: what it is, the parameter for how much, and the endpoint."""
GRAFANA_READS: Final[tuple[tuple[str, str, Endpoint], ...]] = (
    ("alert groups", "perpage", alert_groups.GROUPS.list),
    ("teams", "perpage", people.TEAMS.list),
)
"""The same for Grafana."""


class State(StrEnum):
    """What a check came to."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@attrs.frozen
class Check:
    """One thing that was checked, what came of it, and what there is to say."""

    name: str
    state: State
    text: str


async def checks_of(client: DatadogOnCall | GrafanaOnCall, running: Running) -> AsyncIterator[Check]:
    """Yield what there is to check of a client that is open, one after the other.

    Args:
        client: the client; only reads are sent.
        running: knows the words for errors.
    """
    yield proxy_check(os.environ)
    reads = GRAFANA_READS if isinstance(client, GrafanaOnCall) else READS
    dates: list[tuple[str, float]] = []
    for name, size, endpoint in reads:
        yield await _read(client, running, name, endpoint, {size: "1"}, dates)
    clock = client.options.clock
    yield clock_check(dates, clock.time(), clock.monotonic())
    yield limit_check(client.budgets())
    hosts = core_of(client).profile.hosts
    for purpose in ("paging", "events"):
        if (url := hosts.get(purpose)) is not None and url != hosts["api"]:
            yield await reach(purpose, url)


async def _read(
    client: DatadogOnCall | GrafanaOnCall,
    running: Running,
    name: str,
    endpoint: Endpoint,
    query: Mapping[str, str],
    dates: list[tuple[str, float]],
) -> Check:
    """Read one row, and keep the server's time with the moment at which it came."""
    now = client.options.clock.monotonic
    started = now()
    try:
        answer = await core_of(client).call(endpoint, query=dict(query))
    except OnCallError as error:
        return Check(name, State.FAILED, words_of(error, running).removesuffix(DOCTOR))
    dates.append((answer.headers.get("Date", ""), now()))
    return Check(name, State.OK, f"{running.host()} answered in {now() - started:.2f} s")


def proxy_check(env: Mapping[str, str]) -> Check:
    """Return which proxy the environment names, without anybody's password."""
    found = {name: mask_url(env[name]) for name in PROXIES if env.get(name)}
    direct = f"; not for {env['NO_PROXY']}" if env.get("NO_PROXY") else ""
    told = ", ".join(f"{name} is {url}" for name, url in found.items())
    return Check("proxy", State.OK, f"{told}{direct}" if told else "none in the environment")


def clock_check(dates: list[tuple[str, float]], wall: float, now: float) -> Check:
    """Compare this machine's clock with the server's.

    Args:
        dates: the `Date` of answers, and when each came, in monotonic seconds.
        wall: this machine's time, in seconds since the epoch.
        now: the same moment in monotonic seconds.
    """
    for text, came in dates:
        with suppress(ValueError, TypeError):
            ahead = wall - (now - came) - parsedate_to_datetime(text).timestamp()
            if abs(ahead) < WRONG_CLOCK:
                return Check("clock", State.OK, "within a minute of the server's")
            way = "ahead of" if ahead > 0 else "behind"
            return Check("clock", State.NOTE, f"{abs(ahead):.0f} s {way} the server's: ages will be wrong")
    return Check("clock", State.NOTE, "no answer told the server's time")


def limit_check(budgets: tuple[BudgetSnapshot, ...]) -> Check:
    """Return what is known of the rate limit."""
    known = [budget for budget in budgets if budget.limit is not None and budget.period is not None]
    if not known:
        return Check("limit", State.NOTE, "no answer told the rate limit; it is learned from the first refusal")
    told = (
        f"{budget.limit} calls in {budget.period:g} s"
        + ("" if budget.remaining is None else f", {budget.remaining} left")
        + (f", closed for {budget.closed_for:.0f} s" if budget.closed_for else "")
        for budget in known
    )
    return Check("limit", State.OK, "; ".join(dict.fromkeys(told)))


async def reach(purpose: str, url: str) -> Check:
    """Connect to a host, and send nothing: what it serves would page people."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{parts.hostname}:{port}"
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=parts.scheme == "https" or None)
    except (OSError, TimeoutError) as problem:
        state = State.NOTE if any(os.environ.get(name) for name in PROXIES) else State.FAILED
        why = getattr(problem, "strerror", None) or "no answer"
        return Check(purpose, state, f"{place} cannot be reached without a proxy: {why}")
    writer.close()
    return Check(purpose, State.OK, f"{place} can be reached; that it would page is not tried")
