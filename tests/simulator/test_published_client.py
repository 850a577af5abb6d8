"""Datadog's own published client against the simulator: the fake speaks what the vendor's models read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v2.api.on_call_paging_api import OnCallPagingApi
from datadog_api_client.v2.model.create_page_request import CreatePageRequest
from datadog_api_client.v2.model.create_page_request_data import CreatePageRequestData
from datadog_api_client.v2.model.create_page_request_data_attributes import CreatePageRequestDataAttributes
from datadog_api_client.v2.model.create_page_request_data_attributes_target import (
    CreatePageRequestDataAttributesTarget,
)
from datadog_api_client.v2.model.create_page_request_data_type import CreatePageRequestDataType
from datadog_api_client.v2.model.on_call_page_target_type import OnCallPageTargetType
from datadog_api_client.v2.model.page_urgency import PageUrgency

from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule
from tests.support.published_client import published_api_client, simulator_in_a_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.simulator import Simulator

# An hour, so that the test never crosses into the next window.
LIMIT = RateRule("on-call", 100, 3600)


@contextmanager
def published_client(sim: Simulator, app_key: str = "app") -> Iterator[OnCallPagingApi]:
    """Point the published client at a simulator."""
    with published_api_client(sim, app_key) as client:
        yield OnCallPagingApi(client)  # type: ignore[no-untyped-call]


def page_request() -> CreatePageRequest:
    """Return the published client's model of a create request."""
    target = CreatePageRequestDataAttributesTarget(identifier="my-team", type=OnCallPageTargetType.TEAM_HANDLE)
    attributes = CreatePageRequestDataAttributes(
        description="Details", tags=["service:test"], target=target, title="Down", urgency=PageUrgency.LOW
    )
    return CreatePageRequest(data=CreatePageRequestData(attributes=attributes, type=CreatePageRequestDataType.PAGES))


def test_published_client_pages_once() -> None:
    """The published client creates, acknowledges, escalates and resolves a page, each exactly once."""
    with simulator_in_a_thread(rate_rules=(LIMIT,), credentials={"api": "app"}) as sim, published_client(sim) as api:
        created = api.create_on_call_page(page_request())
        page_id = UUID(created.data.id)
        api.acknowledge_on_call_page(page_id)
        api.escalate_on_call_page(page_id)
        api.resolve_on_call_page(page_id)
    ledger = sim.ledger
    actions = [effect.action for effect in ledger.effects]
    assert actions == ["create", "acknowledge", "escalate", "resolve"]
    assert {effect.page_id for effect in ledger.effects} == {str(page_id)}
    assert (ledger.doubled(), ledger.unfinished(), ledger.statuses) == ([], [], {200: 1, 202: 3})


def test_published_client_reads_refusals() -> None:
    """The published client sees 403 for wrong keys, 404 for an unknown page and a 429 with its headers."""
    plan = FaultPlan()
    plan.script("POST", "*/resolve", Fault(FaultKind.THROTTLE))
    nobody = UUID(int=0)
    with simulator_in_a_thread(rate_rules=(LIMIT,), credentials={"api": "app"}, faults=plan) as sim:
        with published_client(sim, app_key="wrong") as api, pytest.raises(ApiException) as forbidden:
            api.resolve_on_call_page(nobody)
        with published_client(sim) as api:
            with pytest.raises(ApiException) as throttled:
                api.resolve_on_call_page(nobody)
            with pytest.raises(ApiException) as missing:
                api.resolve_on_call_page(nobody)
    assert [error.value.status for error in (forbidden, throttled, missing)] == [403, 429, 404]
    assert throttled.value.headers["X-RateLimit-Remaining"] == "0"
