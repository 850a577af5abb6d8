"""What each operation of Grafana OnCall does when something goes wrong: it is repeated, or refused, or in doubt."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from aiooncall import AmbiguousOutcome, BadRequest, Forbidden, ServerError, Unauthorized
from aiooncall.simulator import Fault, FaultKind
from tests.support.covering import covering
from tests.support.datadog_client import LOST_ANSWERS
from tests.support.grafana_api import API, BROKEN, CALLED, CREATES, DELETES, ONCE, PHONE, REPEATED, TWINS
from tests.support.grafana_calls import CALLS, Ids, furnished, things
from tests.support.grafana_client import grafana_world

THROTTLES: Final = [FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.THROTTLE_HTML]


@pytest.mark.parametrize(("name", "fault"), covering(CREATES, LOST_ANSWERS), ids=str)
async def test_create_in_doubt_is_not_repeated(name: str, fault: Fault) -> None:
    """A create whose answer got lost is AmbiguousOutcome; it was sent once and happened at most once."""
    async with furnished() as (w, ids):
        before = things(w)
        w.sim.faults.script("POST", "*", fault)
        with pytest.raises(AmbiguousOutcome) as raised:
            await CALLS[name](w.client, ids)
        assert f"{raised.value.method} {raised.value.route}" == API[name]
        assert raised.value.attempts == len(w.sent()) == 1
        happened = fault.kind not in {FaultKind.DROP_BEFORE, FaultKind.ERROR_BEFORE}
        # An integration comes with its default route.
        assert things(w) - before == happened * (2 if name == "integrations.create" else 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    covering([*CREATES, *PHONE, *DELETES, "schedules.update", "schedules.list", "info.get"], THROTTLES),
)
async def test_what_was_refused_for_the_rate_limit_is_repeated(name: str, kind: FaultKind) -> None:
    """A refusal for the rate limit is no doubt: everything is sent again, and happens once."""
    async with furnished() as (w, ids):
        w.sim.faults.script(API[name].split()[0], "*", Fault(kind))
        await CALLS[name](w.client, ids)
        assert [request.status == 429 for request in w.requests()] == [True, False]


@pytest.mark.parametrize(("name", "fault"), covering(REPEATED, LOST_ANSWERS), ids=str)
async def test_everything_else_is_repeated(name: str, fault: Fault) -> None:
    """Reading, replacing and deleting are sent again until an answer comes; what was done before is done."""
    async with furnished() as (w, ids):
        before = things(w)
        w.sim.faults.script(API[name].split()[0], "*", fault)
        await CALLS[name](w.client, ids)
        route = w.sent()[0]
        assert before - things(w) == _gone(name)
        # Nobody waits for the body of a 204: that it ends early does not show.
        again = 1 if fault.kind is FaultKind.TRUNCATED_BODY and ".delete" in name else 2
        assert w.sent().count(route) == again


def _gone(name: str) -> int:
    """Return how many things go: a chain's steps, a schedule's swaps and an integration's routes go with it."""
    more = {"escalation_chains.delete": 1, "schedules.delete": 1, "integrations.delete": 2}
    return (name in DELETES) + more.get(name, 0)


@pytest.mark.parametrize("name", ["users.list", "teams.get", "routes.update", "routes.patch", "routes.delete"])
async def test_page_of_html_is_repeated_once(name: str) -> None:
    """A 500 with a page of HTML means that the engine broke down: it is asked once more, and then it is ServerError."""
    async with furnished() as (w, ids):
        crash = Fault(FaultKind.ERROR_BEFORE, status=500, html=True)
        w.sim.faults.script(API[name].split()[0], "*", *[crash] * 10)
        with pytest.raises(ServerError) as raised:
            await CALLS[name](w.client, ids)
        assert (raised.value.attempts, len(w.sent())) == (2, 2)


@pytest.mark.parametrize("name", [name for name in CALLS if TWINS.get(name, name) in ONCE])
async def test_page_of_html_is_never_repeated_where_it_may_have_happened(name: str) -> None:
    """A 500 with a page of HTML in answer to a create, a page, an action or a call is never sent again."""
    async with furnished(client={"reconcile_timeout": 1.0}) as (w, ids):
        crash = Fault(FaultKind.ERROR_BEFORE, status=500, html=True)
        w.sim.faults.script("POST", "*", *[crash] * 10)
        with pytest.raises(AmbiguousOutcome):
            await CALLS[name](w.client, ids)
        assert len(w.requests("POST")) == 1


async def test_list_of_organizations_breaks_down() -> None:
    """The list that released engines cannot give is asked for twice and no more."""
    async with grafana_world() as w:
        with pytest.raises(ServerError):
            await CALLS[BROKEN](w.client, Ids())
        assert w.sent() == ["GET organizations/"] * 2


REFUSALS: Final = {400: BadRequest, 401: Unauthorized, 403: Forbidden, 422: BadRequest, 501: ServerError}


@pytest.mark.parametrize(
    ("name", "refusal"),
    covering([name for name in CALLED if "maintenance" not in name], list(product(REFUSALS, (False, True)))),
)
async def test_final_refusal_is_raised(name: str, refusal: tuple[int, bool]) -> None:
    """A refusal for good is raised at once as its class, in the server's words, whether JSON or HTML."""
    status, html = refusal
    async with grafana_world() as w:
        fault = Fault(FaultKind.ERROR_BEFORE, status=status, html=html)
        w.sim.faults.script(API[name].split()[0], "*", fault)
        with pytest.raises(REFUSALS[status]) as raised:
            await CALLS[name](w.client, Ids())
        assert (raised.value.status, raised.value.attempts, len(w.sent())) == (status, 1, 1)
        assert len(raised.value.errors) == 1
