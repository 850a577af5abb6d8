"""The operations of Grafana OnCall as a whole: that they are those of the API, and how they are addressed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import (
    BadRequest,
    NotFound,
    OptionsError,
    grafana,
)
from aiooncall.simulator import GrafanaOptions
from aiooncall.transport.crud import Crud
from aiooncall.transport.endpoint import Endpoint, Idempotency
from tests.support.grafana_api import API, BROKEN, ONCE, TWINS
from tests.support.grafana_calls import CALLS, KINDS, NEW, Ids, furnished, recorded, things
from tests.support.grafana_client import NOTHING, grafana_client, grafana_world

if TYPE_CHECKING:
    from collections.abc import Iterator


def spelled(endpoint: Endpoint) -> str:
    """Return a route with the same name for every id."""
    return re.sub(r"\{\w+\}", "{id}", endpoint.route)


def declared() -> Iterator[Endpoint]:
    """Yield every endpoint that a module of `aiooncall.grafana` declares."""
    found: dict[int, Endpoint] = {}
    for module in pkgutil.walk_packages(grafana.__path__, "aiooncall.grafana."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Endpoint):
                found[id(value)] = value
            elif isinstance(value, Crud):
                found |= {id(one): one for one in attrs.astuple(value, recurse=False)}
            elif isinstance(getattr(value, "endpoint", None), Endpoint):
                found[id(value.endpoint)] = value.endpoint
    yield from found.values()


def test_there_are_as_many_operations_as_the_api_has() -> None:
    """The table has the 96 operations of the API, and a call for each."""
    assert len(API) == len(set(API.values())) == 96
    assert CALLS.keys() == {*API.keys() - {"paging.page, newer"}, *TWINS}


def test_operations_are_declared_exactly_once() -> None:
    """Each operation of the API is one endpoint, and no two endpoints are the same operation."""
    found = Counter(map(spelled, declared()))
    assert {route: found[route] for route in API.values()} == dict.fromkeys(API.values(), 1)
    assert max(found.values()) == 1


def test_safety_of_operations() -> None:
    """Creates, pages, actions and the phone must not be repeated in doubt; everything else may be."""
    idempotency = {spelled(endpoint): endpoint.idempotency for endpoint in declared()}
    assert {name for name, route in API.items() if idempotency[route] is Idempotency.NON_IDEMPOTENT} == ONCE


def test_every_public_method_is_an_operation() -> None:
    """The services have no method that makes calls beside the operations, but for those that do many at once."""
    client = grafana_client("https://example.com")
    public = {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}
    methods = {
        f"{name}.{method}"
        for name, service in public.items()
        if type(service).__module__.startswith("aiooncall.grafana.")
        for method, _ in inspect.getmembers(service, callable)
        if not method.startswith("_") and not method.endswith("_many")
    }
    # What makes the calls of others is no operation of its own.
    assert methods == {*CALLS, "audit.plan", "audit.stream", "escalation_chains.with_steps", "shifts.stream"}


@pytest.mark.parametrize("name", [name for name in CALLS if name != BROKEN])
async def test_method_makes_its_operation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method sends one request, of the operation that it stands for, and the server takes it."""
    async with furnished() as (w, ids):
        sent = recorded(w.client, monkeypatch)
        await CALLS[name](w.client, ids)
        route = API[TWINS.get(name, name)]
        assert [re.sub(r"\{\w+\}", "{id}", one.route) for one in sent] == [route]
        (request,) = w.requests()
        shape = re.escape(route.partition(" ")[2]).replace(re.escape("{id}"), "[^/]+")
        assert re.fullmatch(shape, request.path), request.path
        assert request.status is not None
        assert (request.method, request.status // 100) == (route.partition(" ")[0], 2)


async def test_newer_engines_page_by_another_path() -> None:
    """Where only the documented path of paging is served, it is that which pages."""
    async with furnished(GrafanaOptions(paging="direct_paging")) as (w, ids):
        await CALLS["paging.page"](w.client, ids)
        assert w.sent() == ["POST escalation/", "POST direct_paging/"]
        assert [request.status for request in w.requests()] == [404, 200]


NAMED: Final = [
    name
    for name in CALLS
    if "{id}" in API.get(name, "")
    # The one shows any user's calendar, the other always the caller's own organization.
    and name not in {"users.export", "organizations.get"}
]


@pytest.mark.parametrize("name", NAMED)
async def test_what_is_not_there_is_not_found(name: str) -> None:
    """An unknown id is NotFound at the first attempt, also for a delete."""
    async with grafana_world() as w:
        with pytest.raises(NotFound) as raised:
            await CALLS[name](w.client, Ids.all(NOTHING))
        assert raised.value.errors
        assert (raised.value.attempts, len(w.sent())) == (1, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("schedules.create", "escalation_chains.create", "escalation_policies.create", "shift_swaps.create"),
        *("personal_notification_rules.create", "resolution_notes.create", "integrations.create", "routes.create"),
        *("webhooks.create", "actions.create", "paging.page", "paging.add_responders"),
    ],
)
async def test_unknown_id_in_a_body_is_a_bad_request(name: str) -> None:
    """An unknown id in what is sent is BadRequest: nothing was made, and nobody was told."""
    async with grafana_world() as w:
        with pytest.raises(BadRequest) as raised:
            await CALLS[name](w.client, Ids.all(NOTHING))
        assert raised.value.errors
        assert (raised.value.attempts, len(w.sent()), things(w), w.paged()) == (1, 1, 0, [])


BAD_IDS: list[Any] = ["", " ", "a/b", "..", ".", "a?b", "a#b", "a\nb", "a%2fb", "x" * 513, "bad\udcff", 7, None]


@pytest.mark.parametrize("name", [name for name in CALLS if "{id}" in API.get(name, "")])
async def test_id_that_cannot_be_sent(name: str) -> None:
    """An id that is blank or could change the path is an OptionsError; nothing is sent."""
    async with grafana_world() as w:
        for bad in BAD_IDS:
            with pytest.raises(OptionsError) as raised:
                await CALLS[name](w.client, Ids.all(bad))
            assert raised.value.field
        assert w.sent() == []


@pytest.mark.parametrize("odd", ["a:b", "a+b", "a&b=c;d", "käse", "a@b", "a,b", "..a", "日本"])
@pytest.mark.parametrize("name", ["schedules.get", "schedules.final_shifts", "teams.get", "routes.delete"])
async def test_odd_id_stays_one_segment(name: str, odd: str) -> None:
    """An id with characters that mean something in addresses arrives as it is, as one segment of the path."""
    async with grafana_world() as w:
        with pytest.raises(NotFound):
            await CALLS[name](w.client, Ids.all(odd))
        method, _, path = API[name].partition(" ")
        assert [(one.method, one.path) for one in w.requests()] == [(method, path.replace("{id}", odd))]


def test_every_kind_has_a_new_one() -> None:
    """What the calls create is of every kind there is."""
    assert NEW.keys() == set(KINDS)
