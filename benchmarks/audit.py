"""What does the audit of a large account take: how many requests, and how long at a limit?"""

from __future__ import annotations

import asyncio
import time
from math import ceil
from typing import TYPE_CHECKING

import aiohttp
import attrs

from aiooncall import ClientOptions, DatadogOnCall
from aiooncall.simulator import RateRule, Simulator
from benchmarks.contenders import KEY
from benchmarks.harness import Result
from tests.support.audit_world import DAYS, START, account, policy, put_in, rule, schedule, user
from tests.support.datadog_http import Caller
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from tests.support.audit_world import Json

LIMIT = 100
PERIODS = (2.0, 10.0, 60.0)
ONE_IN = 20
"""One schedule in so many has an override."""
PAGE, PEOPLE_A_TEAM = 100, 3
TARGET, REQUESTS_TARGET = 1.05, 1.1


@attrs.frozen
class Run:
    """What one audit came to.

    Attributes:
        sent: requests that the server saw.
        counted: pages of the lists, one rule read a team, two reads a person, and an override list a schedule.
        planned: how many the audit itself counted.
        seconds: how long it took.
        theory: how long a client needs that knows the server's clock.
        refusals: how many requests were refused.
        cpu: seconds of CPU, of client and server together.
        findings: how many there were.
    """

    sent: int
    counted: int
    planned: int
    seconds: float
    theory: float
    refusals: int
    cpu: float
    findings: int


def run(*, quick: bool) -> Result:
    """Audit an account at limits of several periods."""
    teams = 20 if quick else 200
    result = Result(
        name="audit",
        question=f"what does the audit of {teams} teams take, at {LIMIT} calls a window?",
        method=(
            "Client and simulator on virtual time, 14 days. Each team has a policy, a schedule and three people; one"
            f" schedule in {ONE_IN} has an override.\nCounted: pages of the three lists, one rule read a team, two"
            " reads a person, one list of overrides a schedule. The theory is a client that knows\nthe server's clock."
        ),
        packages=("aiooncall", "aiohttp"),
        columns=("period, s", "sent", "counted", "sent/counted", "planned", "taken, s", "theory, s", "over", "429s"),
    )
    for period in PERIODS[:1] if quick else PERIODS:
        one = asyncio.Runner(loop_factory=VirtualTimeLoop).run(_measured(_account(teams), period))
        _report(result, period, one, judged=not quick)
    return result


def _report(result: Result, period: float, one: Run, *, judged: bool) -> None:
    share, over = one.sent / one.counted, one.seconds / one.theory
    times = (f"{one.seconds:.1f}", f"{one.theory:.1f}", f"{over:.3f}")
    counts = (f"{one.sent:,}", f"{one.counted:,}", f"{share:.3f}", f"{one.planned:,}")
    result.rows.append((f"{period:g}", *counts, *times, str(one.refusals)))
    result.raw[f"{period:g}"] = attrs.asdict(one)
    if one.findings:
        result.failures.append(f"{period:g} s: {one.findings} findings where nothing is wrong")
    if judged:
        result.aim(f"{period:g} s: requests over what was counted", share, REQUESTS_TARGET)
        result.aim(f"{period:g} s: requests over what was planned", one.sent / one.planned, REQUESTS_TARGET)
        result.aim(f"{period:g} s: time over theory", over, TARGET)


def _account(teams: int) -> Json:
    """Return an account in which nothing is wrong: each team has two people on call, and a third as the last step."""
    policies = [policy([("schedule", team)], [("user", PEOPLE_A_TEAM * team + 2)], team=team) for team in range(teams)]
    schedules = [
        schedule(first, first + 1, team=team, stand_ins={} if team % ONE_IN else {3: first + 2})
        for team, first in enumerate(range(0, PEOPLE_A_TEAM * teams, PEOPLE_A_TEAM))
    ]
    return account(
        [user() for _ in range(PEOPLE_A_TEAM * teams)], schedules, policies, *([rule(team)] for team in range(teams))
    )


async def _measured(given: Json, period: float) -> Run:
    clock, teams = VirtualClock(), len(given["teams"])
    limit = RateRule("oncall", LIMIT, period, methods=frozenset({"GET"}))
    async with Simulator(clock=clock, rate_rules=[limit]) as sim, aiohttp.ClientSession() as session:
        await put_in(sim, Caller(session, sim), given)
        options = ClientOptions(clock=clock)
        async with DatadogOnCall(KEY, KEY, api_url=sim.datadog_url, options=options) as client:
            await asyncio.sleep(-clock.time() % period)
            started, cpu = clock.monotonic(), time.process_time()
            audit = await client.audit(start=START, days=DAYS)
            seconds, cpu = clock.monotonic() - started, time.process_time() - cpu
    sent = len(sim.ledger.requests)
    refusals = sum(request.status == 429 for request in sim.ledger.requests)
    return Run(
        sent=sent,
        counted=3 * ceil(teams / PAGE) + teams + 2 * PEOPLE_A_TEAM * teams + teams,
        planned=audit.requests.planned,
        seconds=seconds,
        theory=(ceil((sent - refusals) / LIMIT) - 1) * period,
        refusals=refusals,
        cpu=cpu,
        findings=len(audit.findings),
    )
