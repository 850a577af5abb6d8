"""What does it cost to list many alert groups of Grafana OnCall, over a bare loop of aiohttp and orjson?"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections import deque
from contextlib import AsyncExitStack
from hashlib import md5
from statistics import median
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from aiooncall.grafana.models.alert_group import AlertGroup
from aiooncall.grafana.resources.base import read_page
from benchmarks.contenders import GROUPS_PATH, PER_PAGE, bare_listing, our_listing
from benchmarks.harness import HAS_UVLOOP, Result, spread
from benchmarks.servers import canned, loop_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contenders import Lister, Listing

Json = dict[str, Any]

GROUPS = 10_000
FEW = 2_000
"""How many groups are listed where a server takes its time."""
DELAY = 0.005
TARGET = 1.05
"""For the time by the clock where a server takes its time: groups are made while the next page is under way."""
TARGETS_DECODING = {"documented": 4.0, "alertmanager": 2.7}
"""For decoding alone over `orjson.loads`, by payload."""
BARE, OURS = "aiohttp + orjson.loads", "aiooncall"
CONTENDERS: dict[str, Lister] = {"the same again (control)": bare_listing, OURS: our_listing}


@attrs.frozen
class Case:
    """One way to list: what alerts say, on which loop, seconds a page takes the server, whether groups are kept."""

    payload: str
    loop: str = "asyncio"
    delay: float = 0.0
    kept: bool = False

    def __str__(self) -> str:
        delay = [f"{self.delay * 1000:.0f} ms a page"] * bool(self.delay)
        return ", ".join([self.payload, self.loop, *delay, *["groups kept"] * self.kept])


@attrs.frozen
class Cost:
    """What a listing took, in microseconds a group: by the clock, and of CPU time of the client's process."""

    wall: float
    cpu: float


Pairs = dict[str, list[tuple[Cost, Cost]]]
"""By contender: what the bare loop took, and what it took beside it."""


def run(*, quick: bool) -> Result:
    """Measure the listing, case by case, then the decoding alone."""
    rounds, groups = (1, GROUPS // 10) if quick else (20, GROUPS)
    result = Result(
        name="grafana",
        question=f"what does it cost to list {groups:,} alert groups over a bare loop that parses their JSON?",
        method=(
            f"Pages of {PER_PAGE} groups, made beforehand, served by another process. A block lists all groups once;"
            f" {rounds} rounds; each block next\nto a block of the bare loop, in random order; the ratio is of the two,"
            " and the median is of the ratios (in brackets: 10th to 90th percentile).\nCPU time is that of the client's"
            f" process. A server that takes its time has {min(groups, FEW):,} groups. Decoding is from the bytes of a"
            " page to its groups, without\nany server."
        ),
        packages=("aiooncall", "aiohttp", "orjson", "cattrs", "uvloop"),
        columns=("case", "contender", "wall, us a group", "over bare", "CPU, us a group", "over bare"),
    )
    for payload in PAYLOADS:
        cases = [Case(payload), Case(payload, kept=True), Case(payload, delay=DELAY)]
        for case in [*cases, Case(payload, "uvloop")] if HAS_UVLOOP else cases:
            answers = pages(min(groups, FEW) if case.delay else groups, payload)
            with canned(answers, delay=case.delay) as url:
                _report(result, case, _measured(url, case, rounds, len(answers) * PER_PAGE))
        _report_decoding(result, payload, list(pages(FEW, payload).values()), rounds)
    return result


def _report(result: Result, case: Case, pairs: Pairs) -> None:
    result.raw[str(case)] = {name: [list(map(attrs.asdict, pair)) for pair in both] for name, both in pairs.items()}
    bare = [before for both in pairs.values() for before, _ in both]
    walls, cpus = [one.wall for one in bare], [one.cpu for one in bare]
    result.rows.append((str(case), BARE, spread(walls, 1), "1", spread(cpus, 1), "1"))
    for name, both in pairs.items():
        wall, cpu = [mine.wall / before.wall for before, mine in both], [mine.cpu / before.cpu for before, mine in both]
        walls, cpus = [mine.wall for _, mine in both], [mine.cpu for _, mine in both]
        result.rows.append((str(case), name, spread(walls, 1), spread(wall), spread(cpus, 1), spread(cpu)))
        if name == OURS and case.delay:
            result.aim(f"{case}: wall time over the bare loop", median(wall), TARGET)


def _measured(url: str, case: Case, rounds: int, groups: int) -> Pairs:
    with asyncio.Runner(loop_factory=loop_factory(case.loop)) as runner:
        return runner.run(_rounds(url, rounds, groups, kept=case.kept))


async def _rounds(url: str, rounds: int, groups: int, *, kept: bool) -> Pairs:
    pairs: Pairs = {name: [] for name in CONTENDERS}
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(bare_listing(url))
        listings = {name: await stack.enter_async_context(make(url)) for name, make in CONTENDERS.items()}
        for listing in (base, *listings.values()):  # connections are made, caches filled
            await _block(listing, groups, kept=True)
        for _ in range(rounds):
            for name in random.sample(list(listings), len(listings)):
                turns = [base, listings[name]]
                order = random.sample((0, 1), 2)
                costs = {turn: await _block(turns[turn], groups, kept=kept) for turn in order}
                pairs[name].append((costs[0], costs[1]))
    return pairs


async def _block(listing: Listing, groups: int, *, kept: bool) -> Cost:
    found: deque[Any] = deque(maxlen=None if kept else 1)
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    await listing(found.append)
    cost = Cost((time.perf_counter() - wall) / groups * 1e6, (time.process_time() - cpu) / groups * 1e6)
    if len(found) != (groups if kept else 1):
        raise RuntimeError(f"{len(found)} of {groups} groups were listed")
    return cost


def _report_decoding(result: Result, payload: str, bodies: list[bytes], rounds: int) -> None:
    """Measure both ways to decode the same pages, in turns."""
    turns = [(_decoding(orjson.loads, bodies), _decoding(_read, bodies)) for _ in range(rounds)]
    result.raw[f"decoding, {payload}"] = turns
    ratios, case = [mine / before for before, mine in turns], f"{payload}, decoding alone"
    result.rows.append((case, "orjson.loads", "", "", spread([before for before, _ in turns], 2), "1"))
    result.rows.append((case, OURS, "", "", spread([mine for _, mine in turns], 2), spread(ratios)))
    result.aim(f"{case}: CPU time over orjson.loads", median(ratios), TARGETS_DECODING[payload])


def _read(body: bytes) -> None:
    for _ in read_page(body, AlertGroup)[0]:
        pass


def _decoding(decode: Callable[[bytes], Any], bodies: list[bytes]) -> float:
    """Return the microseconds of CPU time a group."""
    gc.collect()
    started = time.process_time()
    for body in bodies:
        decode(body)
    return (time.process_time() - started) / (len(bodies) * PER_PAGE) * 1e6


def pages(groups: int, payload: str) -> dict[str, bytes]:
    """Return the answers to a listing of so many groups, by path and query, the same ones each time.

    Members are those of https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/.
    """
    chance, last = random.Random(groups), groups // PER_PAGE
    return {_target(number): orjson.dumps(_page(chance, number, last, payload)) for number in range(1, last + 1)}


def _target(number: int) -> str:
    return f"{GROUPS_PATH}?page={number}&perpage={PER_PAGE}"


def _page(chance: random.Random, number: int, last: int, payload: str) -> Json:
    link = "https://oncall.example.com/oncall{}".format
    return {
        "count": last * PER_PAGE,
        "next": link(_target(number + 1)) if number < last else None,
        "previous": link(_target(number - 1)) if number > 1 else None,
        "results": [_group(chance, payload) for _ in range(PER_PAGE)],
        "current_page_number": number,
        "page_size": PER_PAGE,
        "total_pages": last,
    }


def _id(chance: random.Random, kind: str) -> str:
    return kind + "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=12))


def _group(chance: random.Random, payload: str) -> Json:
    group_id, state = _id(chance, "I"), chance.choice(["firing", "acknowledged", "resolved", "silenced"])
    host, service = f"node-{chance.randrange(200)}.example.com", chance.choice(["checkout", "search", "billing"])
    at = f"2025-0{chance.randint(1, 9)}-{chance.randint(10, 28)}T{chance.randint(10, 23)}:{chance.randint(10, 59)}:09"
    acted = {verb: state == verb for verb in ("acknowledged", "resolved", "silenced")}
    return {
        "id": group_id,
        "integration_id": _id(chance, "C"),
        "team_id": chance.choice([None, "TI73TDU19W48J"]),
        "route_id": _id(chance, "R"),
        "alerts_count": chance.randint(1, 40),
        "state": state,
        "created_at": f"{at}.{chance.randrange(10**5, 10**6)}Z",
        "resolved_at": f"{at}.507322Z" if acted["resolved"] else None,
        "resolved_by": _id(chance, "U") if acted["resolved"] else None,
        "acknowledged_at": f"{at}.198120Z" if acted["acknowledged"] else None,
        "acknowledged_by": _id(chance, "U") if acted["acknowledged"] else None,
        "labels": [
            {"key": {"id": key, "name": key}, "value": {"id": value, "name": value}}
            for key, value in (("service", service), ("severity", "critical"), ("cluster", "eu-west-3"))
        ],
        "title": f"[firing] {service}: high latency on {host}",
        "permalinks": {
            "slack": f"https://example.slack.com/archives/C0123456789/p17{chance.randrange(10**14)}",
            "slack_app": f"slack://channel?team=T0123456789&id=C0123456789&message={chance.randrange(10**14)}",
            "telegram": None,
            "web": f"https://example.grafana.net/a/grafana-oncall-app/alert-groups/{group_id}",
        },
        "silenced_at": f"{at}.337411Z" if acted["silenced"] else None,
        "last_alert": {
            "id": _id(chance, "A"),
            "alert_group_id": group_id,
            "created_at": f"{at}.{chance.randrange(10**5, 10**6)}Z",
            "payload": PAYLOADS[payload](host, service, at),
        },
    }


def _documented(host: str, service: str, _at: str) -> Json:
    """Return a payload like that of the documentation of alert groups."""
    values = ({"tags": None, "value": value, "metric": f"{service} value"} for value in (100, 200))
    return {
        "state": "alerting",
        "title": f"[Alerting] {service} on {host}",
        "ruleId": 0,
        "message": "Someone is testing the alert notification within Grafana.",
        "ruleUrl": "https://example.grafana.net/",
        "ruleName": f"{service} latency",
        "evalMatches": list(values),
    }


def _alertmanager(host: str, service: str, at: str) -> Json:
    """Return a payload as Alertmanager sends it (https://prometheus.io/docs/alerting/latest/configuration/)."""
    common = {"alertname": "HighLatency", "cluster": "eu-west-3", "service": service, "severity": "critical"}
    said = {
        "summary": f"High latency of {service}",
        "description": f"The 99th percentile of {service} on {host} is above 800 ms for more than 10 minutes.",
        "runbook_url": f"https://runbooks.example.com/{service}/high-latency",
    }
    alerts = [
        {
            "status": "firing",
            "labels": {**common, "instance": f"{host}:{port}", "job": "node", "namespace": "production"},
            "annotations": said,
            "startsAt": f"{at}.000Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": f"https://prometheus.example.com/graph?g0.expr=latency%7Bservice%3D%22{service}%22%7D&g0.tab=1",
            "fingerprint": md5(f"{host}:{port}".encode(), usedforsecurity=False).hexdigest()[:16],
        }
        for port in (9100, 9101)
    ]
    return {
        "receiver": "oncall",
        "status": "firing",
        "alerts": alerts,
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": common,
        "commonAnnotations": said,
        "externalURL": "https://alertmanager.example.com",
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        "numFiring": len(alerts),
        "numResolved": 0,
    }


PAYLOADS: dict[str, Callable[[str, str, str], Json]] = {"documented": _documented, "alertmanager": _alertmanager}
