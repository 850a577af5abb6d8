"""The operations as a whole: that they are those of the API, and what each does when something goes wrong."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import (
    AmbiguousOutcome,
    BadRequest,
    CodecError,
    DatadogOnCall,
    Forbidden,
    NotFound,
    OnCallError,
    OptionsError,
    ServerError,
    Unauthorized,
    datadog,
)
from aiooncall.client.base import core_of
from aiooncall.simulator import Fault, FaultKind
from aiooncall.transport.crud import Crud
from aiooncall.transport.endpoint import Endpoint, Idempotency
from tests.support.covering import covering
from tests.support.datadog_api import API
from tests.support.datadog_calls import (
    ANSWERED,
    CALLS,
    CONFIGURATION,
    CREATES,
    DELETES,
    ONCE,
    REPEATED,
    Ids,
    make_ids,
    things,
)
from tests.support.datadog_client import LOST_ANSWERS
from tests.support.datadog_http import NOBODY
from tests.support.datadog_world import answering, world

if TYPE_CHECKING:
    from collections.abc import Iterator

THROTTLES: Final = [FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.THROTTLE_HTML]
LISTS: Final = {"schedules.overrides.create", *(name for name in API if name.endswith(".list"))}
"""What answers with a list."""
_PREVIEWED: Final = ("schedules", "escalation_policies", "routing_rules")
COMPOSED: Final = {"pages.find", "teams.find", "users.find", *(f"{name}.preview" for name in _PREVIEWED)}
"""What consists of several operations."""


def declared() -> Iterator[Endpoint]:
    """Yield every endpoint that a module of `aiooncall.datadog` declares."""
    for module in pkgutil.walk_packages(datadog.__path__, "aiooncall.datadog."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Endpoint):
                yield value
            elif isinstance(value, Crud):
                yield from attrs.astuple(value, recurse=False)


def test_there_are_as_many_operations_as_the_api_has() -> None:
    """The table has the 40 operations of the API and the one that takes events, and a call of each method."""
    assert (len(set(API.values())), len(API)) == (40 + 1, 40 + 2)
    assert API.keys() == CALLS.keys()


def test_operations_are_declared_exactly_once() -> None:
    """Each operation of the API is one endpoint for each method that makes it, and no others are the same operation."""
    found, methods = Counter(endpoint.route for endpoint in declared()), Counter(API.values())
    assert {route: found[route] for route in methods} == methods
    assert {found[route] for route in found.keys() - methods.keys()} == {1}


def test_safety_of_operations() -> None:
    """Creates, escalate and reroute must not be repeated in doubt; everything else may be."""
    idempotency = {endpoint.route: endpoint.idempotency for endpoint in declared()}
    assert {name for name, route in API.items() if idempotency[route] is Idempotency.NON_IDEMPOTENT} == ONCE


def test_every_public_method_is_an_operation() -> None:
    """The services have no method that makes calls beside the operations, but for those that make several."""
    client = DatadogOnCall("k", "a")
    services = {name.rpartition(".")[0]: attrgetter(name.rpartition(".")[0])(client) for name in API}
    methods = {
        f"{name}.{method}"
        for name, service in services.items()
        for method, _ in inspect.getmembers(service, callable)
        if not method.startswith("_") and not method.endswith("_many")
    }
    assert methods == {*API, *COMPOSED}


@pytest.mark.parametrize("name", CALLS)
async def test_method_makes_its_operation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A method sends one request, of the operation that it stands for."""
    async with world() as w:
        ids = await make_ids(w)
        routes: list[str] = []
        core = core_of(w.client)
        prepare = core._prepare

        def noted(endpoint: Endpoint, *values: Any, **options: Any) -> Any:
            routes.append(endpoint.route)
            return prepare(endpoint, *values, **options)

        monkeypatch.setattr(core, "_prepare", noted)
        await CALLS[name](w.client, ids)
        assert routes == [API[name]]
        assert len(w.sent()) == 1


@pytest.mark.parametrize(("name", "fault"), covering(CREATES, LOST_ANSWERS), ids=str)
async def test_create_in_doubt_is_not_repeated(name: str, fault: Fault) -> None:
    """A create whose answer got lost is AmbiguousOutcome; it was sent once and happened at most once."""
    async with world() as w:
        ids = await make_ids(w)
        before = things(w)
        w.sim.faults.script("POST", "*", fault)
        with pytest.raises(AmbiguousOutcome) as raised:
            await CALLS[name](w.client, ids)
        assert f"{raised.value.method} {raised.value.route}" == API[name]
        assert raised.value.attempts == len(w.sent()) == 1
        happened = fault.kind not in {FaultKind.DROP_BEFORE, FaultKind.ERROR_BEFORE}
        assert things(w) - before == happened


@pytest.mark.parametrize(("name", "kind"), covering(CONFIGURATION, THROTTLES))
async def test_what_was_refused_for_the_rate_limit_is_repeated(name: str, kind: FaultKind) -> None:
    """A refusal for the rate limit is no doubt: everything is sent again, and happens once."""
    async with world() as w:
        ids = await make_ids(w)
        before = things(w)
        w.sim.faults.script(API[name].split()[0], "*", Fault(kind))
        await CALLS[name](w.client, ids)
        assert things(w) - before == (name in CREATES) - (name in DELETES)
        assert len(w.sent()) == 2


@pytest.mark.parametrize(("name", "fault"), covering(REPEATED, LOST_ANSWERS), ids=str)
async def test_everything_else_is_repeated(name: str, fault: Fault) -> None:
    """Reading, replacing and deleting are sent again until an answer comes; a delete that was done before is done."""
    async with world() as w:
        ids = await make_ids(w)
        w.sim.faults.script(API[name].split()[0], "*", fault, fault)
        before = things(w)
        await CALLS[name](w.client, ids)
        assert things(w) - before == -(name in DELETES)
        # Nobody waits for the body of a 204: that it ends early does not show.
        assert len(w.sent()) == (1 if fault.kind is FaultKind.TRUNCATED_BODY and name in DELETES else 3)


@pytest.mark.parametrize("name", [name for name in CONFIGURATION if "{" in API[name]])
async def test_what_is_not_there_is_not_found(name: str) -> None:
    """An unknown id is NotFound at the first attempt, also for a delete."""
    async with world() as w:
        unknown = Ids(*[NOBODY] * len(attrs.fields(Ids)))
        with pytest.raises(NotFound) as raised:
            await CALLS[name](w.client, unknown)
        assert raised.value.errors
        assert (raised.value.attempts, len(w.sent())) == (1, 1)


BAD_IDS: list[Any] = ["", "a/b", "..", "a?b", "a\nb", "a%2fb", "x" * 513, "bad\udcff", 7, None]


@pytest.mark.parametrize("name", [name for name in REPEATED if "{" in API[name] and not name.endswith(".update")])
async def test_id_that_cannot_be_sent(name: str) -> None:
    """An id that is blank or could change the path is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        for bad in BAD_IDS:
            with pytest.raises(OptionsError) as raised:
                await CALLS[name](w.client, Ids(*[bad] * len(attrs.fields(Ids))))
            assert f"{{{raised.value.field}}}" in API[name]
        assert w.sent() == []


REFUSALS = {400: BadRequest, 401: Unauthorized, 403: Forbidden, 422: BadRequest, 501: ServerError}


@pytest.mark.parametrize(("name", "refusal"), covering(CONFIGURATION, list(product(REFUSALS, (False, True)))))
async def test_final_refusal_is_raised(name: str, refusal: tuple[int, bool]) -> None:
    """A refusal for good is raised at once as its class, in the server's words, whether JSON or HTML."""
    status, html = refusal
    async with world() as w:
        w.sim.faults.script(API[name].split()[0], "*", Fault(FaultKind.ERROR_BEFORE, status=status, html=html))
        with pytest.raises(REFUSALS[status]) as raised:
            await CALLS[name](w.client, Ids())
        assert (raised.value.status, raised.value.attempts, len(w.sent())) == (status, 1, 1)
        assert len(raised.value.errors) == 1


NO_DOCUMENTS: list[Any] = [
    b"",
    b"not JSON",
    b'{"data": {"type": "policies", "id": "1"',
    {},
    [],
    "text",
    5,
    True,
    {"data": None},
    {"data": "text"},
    {"data": 5},
    {"data": {}},
    {"data": {"id": "1"}},
    {"data": {"type": "robots", "id": "1"}},
    {"data": [{"type": "robots", "id": "1"}]},
    {"data": [None]},
    {"errors": []},
    {"service_name": None},
]


@pytest.mark.parametrize("name", ANSWERED)
async def test_answer_that_is_not_what_was_promised(name: str) -> None:
    """A success that is no JSON, no JSON:API or about something else is an error, and never an empty object.

    Of what must not be done twice it is the reason for a doubt.
    """
    async with answering(*NO_DOCUMENTS) as (recorder, client):
        for number, answer in enumerate(NO_DOCUMENTS, 1):
            if name == "pagerduty_services.update" and answer == b"":
                assert (await CALLS[name](client, Ids())).name == "service-1"
                continue
            with pytest.raises(OnCallError) as raised:
                await CALLS[name](client, Ids())
            error = raised.value.__cause__ if name in ONCE else raised.value
            assert isinstance(raised.value, AmbiguousOutcome) is (name in ONCE)
            assert isinstance(error, CodecError)
            assert error.path.startswith("$"), answer
            assert len(recorder.bodies) == number


@pytest.mark.parametrize("name", [name for name in ANSWERED if name not in LISTS and "pagerduty" not in name])
async def test_list_where_one_was_promised(name: str) -> None:
    """A list of resources of the right type is not taken for one of them, not even a list of one."""
    kinds = {
        "escalation_policies": "policies",
        "teams": "team_oncall_responders",
        "routing_rules": "team_routing_rules",
    }
    kinds |= {"schedules.on_call": "shifts", "schedules.responders": "schedule_oncall_responders"}
    service = name.partition(".")[0]
    row = {"type": kinds.get(name) or kinds.get(service) or service, "id": "1", "attributes": {"name": "x"}}
    for rows in ([], [row], [row, row]):
        async with answering({"data": rows}) as (_, client):
            with pytest.raises((CodecError, AmbiguousOutcome), match="got a list"):
                await CALLS[name](client, Ids())
