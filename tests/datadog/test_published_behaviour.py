"""What the pages for those who come from Datadog's published client say of it, looked at in the installed version."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException, ServiceException
from datadog_api_client.model_utils import data_to_dict
from datadog_api_client.v2.api.on_call_api import OnCallApi
from datadog_api_client.v2.api.on_call_paging_api import OnCallPagingApi
from urllib3.exceptions import ProtocolError
from urllib3.util import Retry

from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_http import data_body, schedule_body
from tests.support.published_client import published_api_client, simulator_in_a_thread, unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.simulator import Simulator

PAGE = data_body("pages", {"title": "Down", "target": {"type": "team_handle", "identifier": "ops"}, "urgency": "high"})


@contextmanager
def published(api: type[Any], *faults: Fault, **options: Any) -> Iterator[tuple[Simulator, Any]]:
    """Run a simulator whose next answers to a new page are `faults`, with an API of the published client on it."""
    with simulator_in_a_thread(**options) as sim, published_api_client(sim) as client:
        sim.faults.script("POST", "/api/v2/on-call/pages", *faults)
        yield sim, api(client)


def test_defaults() -> None:
    """Nothing is sent again and no time is bounded unless that is asked for; then it is three times at most."""
    configuration: Any = Configuration()  # type: ignore[no-untyped-call]
    assert (configuration.enable_retry, configuration.max_retries, configuration.request_timeout) == (False, 3, None)


def test_error_instead_of_a_page() -> None:
    """A 504 after a page was made is an error without its id; its text shows the answer's headers."""
    with published(OnCallPagingApi, Fault(FaultKind.ERROR_AFTER, status=504)) as (sim, api):
        with pytest.raises(ServiceException, match="HTTP response headers: "):
            api.create_on_call_page(PAGE)
        assert sim.ledger.count("create") == 1


def test_broken_connection() -> None:
    """A connection that breaks is an error of the library below, and none of its own."""
    with published(OnCallPagingApi, Fault(FaultKind.DROP_AFTER)) as (_, api):
        with pytest.raises(ProtocolError) as raised:
            api.create_on_call_page(PAGE)
        assert not isinstance(raised.value, ApiException)


def test_redirect_takes_the_keys_along() -> None:
    """A redirect to another origin is followed, and the keys are not among the headers that stay behind."""
    with published(OnCallApi) as (sim, api):
        sim.faults.script("GET", "/api/v2/on-call/schedules", Fault(FaultKind.REDIRECT))
        api.list_on_call_schedules()
        assert [request.method for request in sim.elsewhere] == ["GET"]
    left = {name.lower() for name in Retry.DEFAULT_REMOVE_HEADERS_ON_REDIRECT}
    assert left.isdisjoint({"dd-api-key", "dd-application-key"})


@pytest.mark.parametrize(("site", "host"), [(None, "navy.oncall.datadoghq.com"), ("datadoghq.eu", None)])
def test_host_for_paging(site: str | None, host: str | None) -> None:
    """Without a site pages go to the host of US1; with another one paging is refused until its host is given."""
    configuration = Configuration()  # type: ignore[no-untyped-call]
    configuration.server_variables = {} if site is None else {"site": site}
    api: Any = OnCallPagingApi(ApiClient(configuration))  # type: ignore[no-untyped-call]
    choose = api._create_on_call_page_endpoint._validate_and_get_host
    if host is None:
        with pytest.raises(ValueError, match=r"oncall\.datadoghq\.eu"):
            choose({"body": PAGE})
    else:
        assert choose({"body": PAGE}) == f"https://{host}"


def test_naive_datetime_is_utc() -> None:
    """A datetime without a zone is sent as one in UTC."""
    assert data_to_dict(datetime(2031, 1, 1, 9)) == "2031-01-01T09:00:00.000Z"  # type: ignore[no-untyped-call]  # noqa: DTZ001


def test_unknown_value_spreads() -> None:
    """What has something unknown in it, and the whole answer with it, counts as not understood."""
    with published(OnCallApi, drift=True) as (sim, api):
        made = api.create_on_call_schedule(schedule_body(sim.add_user("Ann")))
        places = list(unread(api.get_on_call_schedule(made.data.id, include="layers")))
    assert places[0] == "."
    assert len(places) > 1


def test_lists_ten_at_a_time() -> None:
    """The iterator over schedules asks for ten at a time."""
    with published(OnCallApi) as (sim, api):
        user = sim.add_user("Ann")
        for number in range(11):
            api.create_on_call_schedule(schedule_body(user, name=f"Schedule {number}"))
        assert len(list(api.list_on_call_schedules_with_pagination())) == 11
        assert [request.method for request in sim.ledger.requests].count("GET") == 2
