"""Situations in which the library says what the page of troubleshooting quotes, by the headings of that page.

Each returns what was said; it takes the request of the test, for its fixtures. They run on a loop with virtual time.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import trustme

from aiooncall import (
    UNSET,
    ClientOptions,
    DatadogOnCall,
    GrafanaOnCall,
    PagedUser,
    PoolOptions,
    ResourceRef,
    bulk,
)
from aiooncall.bulk.journal import Journal
from aiooncall.coverage import to_icalendar
from aiooncall.datadog import EscalationPolicy, EscalationStep, User
from aiooncall.datadog.resources import pages
from aiooncall.distributed import RedisBudget, TaskiqWorkers
from aiooncall.pytest_plugin.guarding import guarded
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import TEAM, datadog
from tests.support.grafana_client import grafana_client
from tests.support.raw_server import answer
from tests.support.situations import (
    answered,
    client_of,
    grafana,
    on,
    on_a_job,
    refused,
    said,
    through_proxy,
    with_faults,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import pytest

    from tests.support.situations import Situation

NOWHERE: Final = "http://127.0.0.1:1"
HTML: Final = b"<html>Sign in</html>"


async def _listed(client: DatadogOnCall, page_size: int = 100) -> None:
    async for _ in client.pages.list(page_size=page_size):
        pass


async def _alert(client: DatadogOnCall) -> None:
    async with client_of(NOWHERE) as other:
        await other.alerts.trigger("Disk full", team="storage", key="db-1")


async def _government(client: DatadogOnCall) -> None:
    async with DatadogOnCall("api-key", "app-key", site="ddog-gov.com") as other:
        await other.pages.acknowledge("p-1")


async def _groups(client: GrafanaOnCall) -> None:
    async for _ in client.alert_groups.list():
        pass


async def _read(client: DatadogOnCall) -> None:
    await client.pages.get("p-1")


async def _unknown_authority(request: pytest.FixtureRequest) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context) as server:
        return await on(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")(request)


async def _no_ca_file(request: pytest.FixtureRequest) -> str:
    return await said(DatadogOnCall("k", "a", options=ClientOptions(pool=PoolOptions(ca_file="/no/such.pem"))).open())


async def _used_before_opening(request: pytest.FixtureRequest) -> str:
    return await said(DatadogOnCall("api-key", "app-key").pages.get("p-1"))


async def _used_after_closing(request: pytest.FixtureRequest) -> str:
    client = DatadogOnCall("api-key", "app-key")
    await client.open()
    await client.close()
    return await said(client.pages.get("p-1"))


async def _opened_again(request: pytest.FixtureRequest) -> str:
    async with DatadogOnCall("api-key", "app-key") as client:
        return await said(client.open())


async def _on_another_loop(request: pytest.FixtureRequest) -> str:
    async with DatadogOnCall("api-key", "app-key") as client:
        return await asyncio.to_thread(lambda: asyncio.run(said(client.pages.get("p-1"))))


async def _lossy(request: pytest.FixtureRequest) -> str:
    owner = {"owner": {"data": {"type": "robots", "id": "r-2"}}}
    step = EscalationStep(targets=[User(id="u-1")], extra={"relationships": owner})
    async with datadog() as (_, client):
        return await said(client.escalation_policies.update(EscalationPolicy(id="p-1", name="Checkout", steps=[step])))


async def _reference_written(request: pytest.FixtureRequest) -> str:
    step: Any = ResourceRef("steps", "s-1")
    policy = EscalationPolicy(id="p-1", name="Checkout", steps=[step])
    async with datadog() as (_, client):
        return await said(client.escalation_policies.update(policy))


async def _list_too_long(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("monkeypatch").setattr(pages, "LIST_BOUND", 10)
    async with datadog() as (sim, client):
        for number in range(11):
            sim.add_page(title=f"Disk full on db-{number}")
        return await said(_listed(client, page_size=5))


async def _resolved_group(request: pytest.FixtureRequest) -> str:
    async with datadog() as (sim, _), grafana_client(sim.grafana_url) as client:
        return await said(client.alert_groups.silence(sim.grafana.add_alert_group("Disk full", state="resolved"), 600))


async def _hook_failed(request: pytest.FixtureRequest) -> str:
    logged = request.getfixturevalue("caplog")

    def hook(event: object) -> None:
        raise KeyError(event)

    async with datadog(hooks=[hook]) as (sim, client):
        await client.pages.get(sim.add_page(title="Disk full"))
    return str(logged.messages[0])


async def _guarded(request: pytest.FixtureRequest) -> str:
    async with DatadogOnCall("real-api-key", "real-app-key") as client:
        with guarded():
            return await said(client.pages.get("p-1"))


async def _opened_by_another(job: bulk.Job, client: DatadogOnCall) -> None:
    async with client_of("http://127.0.0.1:8080") as other:
        bulk.open_job(other, job.journal)


async def _run_twice(job: bulk.Job, client: DatadogOnCall) -> None:
    with closing(Journal.open(job.journal)) as held:
        held.lock()
        await job.run(job.plan.hash)


async def _without_its_count(job: bulk.Job, client: DatadogOnCall) -> None:
    await job.run(job.plan.hash)
    job.close()
    job.journal.with_name("night.db.intents").unlink()
    with bulk.open_job(client, job.journal) as again:
        await again.resume()


async def _planned_again(job: bulk.Job, client: DatadogOnCall) -> None:
    await bulk.plan(client, "escalate", job.journal, ["p-1"])


async def _planned_for_none(job: bulk.Job, client: DatadogOnCall) -> None:
    await bulk.plan(client, "escalate", job.journal.with_name("other.db"), [])


async def _planned_for_many(job: bulk.Job, client: DatadogOnCall) -> None:
    await bulk.plan(client, "escalate", job.journal.with_name("other.db"), ["p-1", "p-2"], most=1)


def _create(client: DatadogOnCall, key: str = "db-1") -> Awaitable[object]:
    return client.pages.create("Disk full", target=TEAM, dedup_key=key)


LOST: Final = Fault(FaultKind.DROP_AFTER)
SLOW: Final = Fault(FaultKind.SLOW, delay=3600)
NAIVE: Final = datetime(2031, 4, 12)  # noqa: DTZ001 (that is the mistake)
LIBRARY: Final[dict[str, tuple[Situation, ...]]] = {
    "A variable is missing": (refused(lambda: DatadogOnCall.from_env({})),),
    "A key has a character too many": (refused(lambda: DatadogOnCall("api-key\n", "app-key")),),
    "The site is unknown": (refused(lambda: DatadogOnCall("api-key", "app-key", site="datadog.com")),),
    "Datadog refuses the keys": (with_faults(_listed, simulator={"credentials": {"other": "keys"}}),),
    "Grafana refuses the token": (
        grafana(_groups, "wrong-token"),
        grafana(lambda client: client.paging.page(users=[PagedUser("U1")], title="Disk full"), "glsa_token"),
    ),
    "The token belongs to a service account": (refused(lambda: GrafanaOnCall(NOWHERE, "glsa_token")),),
    "The address is not that of the API": (
        answered(answer(200, HTML)),
        answered(answer(200)),
        with_faults(_read, Fault(FaultKind.REDIRECT)),
    ),
    "A government site": (with_faults(_government),),
    "Alerts need an address": (with_faults(_alert),),
    "There is no connection": (on(NOWHERE), on("http://nowhere.invalid")),
    "The certificate is not trusted": (_unknown_authority, _no_ca_file),
    "The proxy wants a password": (through_proxy("https://pages.invalid"), through_proxy("http://pages.invalid")),
    "It takes too long": (with_faults(_read, SLOW), with_faults(_read, SLOW, timeout=60, deadline=5)),
    "The rate limit leaves no room": (with_faults(_read, Fault(FaultKind.THROTTLE, retry_after="3600"), deadline=10),),
    "Nobody knows whether it happened": (
        with_faults(_create, Fault(FaultKind.DROP_BEFORE)),
        with_faults(lambda client: client.pages.escalate("p-1"), LOST),
    ),
    "The client is not open here": (_used_before_opening, _used_after_closing, _opened_again, _on_another_loop),
    "A hook failed": (_hook_failed,),
    "It is not there, or in another state": (
        with_faults(lambda client: client.teams.on_call("paymentss")),
        _resolved_group,
    ),
    "The list is too long": (_list_too_long,),
    "It was not read": (
        refused(lambda: ResourceRef("users", "u-1").name),
        _reference_written,
        refused(lambda: UNSET[0]),
    ),
    "A write would lose something": (_lossy,),
    "A key or a time is refused": (
        with_faults(lambda client: _create(client, "DB 1")),
        with_faults(lambda client: client.shifts("s-1", NAIVE, NAIVE)),
    ),
    "The journal cannot be used": (
        refused(lambda: Journal.open("no-such.db")),
        *map(on_a_job, (_planned_again, _run_twice, _opened_by_another, _without_its_count)),
    ),
    "The plan is refused": (
        on_a_job(lambda job, _: job.run("0123456789abcdef")),
        on_a_job(lambda job, _: job.run(job.plan.hash, most=2)),
        on_a_job(_planned_for_many),
        on_a_job(lambda job, _: job.resume()),
    ),
    "There is nothing to do": (on_a_job(_planned_for_none),),
    "Something is not installed": (
        without("icalendar", lambda: to_icalendar([])),
        without("redis", lambda: RedisBudget("redis://redis")),
        without("taskiq_aio_pika", lambda: TaskiqWorkers("amqp://rabbitmq", "redis://redis")),
    ),
    "The guard refuses a call": (_guarded,),
}
"""What says it, by the heading."""
