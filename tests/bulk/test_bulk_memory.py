"""What a run holds in memory does not depend on how many items it has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

import pytest

from aiooncall.bulk.job import Job
from aiooncall.bulk.planning import write_plan
from aiooncall.bulk.providers import DatadogProvider
from aiooncall.errors import BadRequest
from tests.support.datadog_client import datadog
from tests.support.memory import peak_of_memory
from tests.support.soak import SOAK

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.bulk.models import Verb
    from aiooncall.datadog.client import DatadogOnCall

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000


class Nowhere(DatadogProvider):
    """Stands in for a provider at which nothing has to be sent."""

    refuses: ClassVar[bool] = False

    async def act(self, verb: Verb, item_id: str, duration: float | None) -> bool:
        """Do nothing, as a call would: not without a pause."""
        await asyncio.sleep(0)
        if self.refuses:
            raise BadRequest(status=400, errors=("no " * 100,), method="POST", route="/nowhere")
        return True


class Refusing(Nowhere):
    """Stands in for a provider that refuses everything."""

    refuses = True


SIZES = [(Nowhere, 20_000, 5), (Refusing, 12_000, 3)] if SOAK else [(Nowhere, 3_000, 4), (Refusing, 3_000, 3)]


async def peak(client: DatadogOnCall, kind: type[Nowhere], number: int, path: Path) -> int:
    """Return the bytes that a run of so many items takes at most, over what there was at its start."""
    ids = (f"00000000-0000-4000-8000-{position:012}" for position in range(number))
    provider = kind(client)
    plan = await write_plan(provider, "resolve", path, ids, described_as="x", duration=None, most=None)
    with Job(provider, plan) as job, peak_of_memory() as most:
        counts = await job.run(job.plan.hash)
    assert counts.finished == number
    return most[0]


@pytest.mark.no_cover
@pytest.mark.parametrize(("kind", "number", "times"), SIZES)
async def test_memory_of_a_run(kind: type[Nowhere], number: int, times: int, tmp_path: Path) -> None:
    """A run of many times as many items takes no more memory, and little of it, even if all of them fail."""
    async with datadog() as (_, client):
        few = await peak(client, kind, number, tmp_path / "few.db")
        many = await peak(client, kind, number * times, tmp_path / "many.db")
    assert many - few < MEGABYTE
    assert many < 5 * MEGABYTE
