"""Datadog's published client and ours on one server: what either writes or deletes, the other sees, value by value."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.pager_duty_integration_api import PagerDutyIntegrationApi
from datadog_api_client.v2.api.on_call_api import OnCallApi

from aiooncall import DatadogOnCall, NotFound, evolve
from aiooncall.codec import unstructure
from aiooncall.datadog import Interval, NotificationRuleInclude, PolicyInclude, RoutingInclude, ScheduleInclude
from aiooncall.jsonapi import Graph, unlink
from tests.support.datadog_http import NOBODY, data_body, schedule_body
from tests.support.datadog_world import (
    but,
    checkout_body,
    everything,
    payments_rules,
    primary_body,
    subsets,
    without_ids,
)
from tests.support.published_client import published_api_client, simulator_in_a_thread, unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiooncall import Resource
    from aiooncall.simulator import Simulator

pytestmark = pytest.mark.slow

Json = dict[str, Any]

INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NOBODY_THERE: Final = {"user": {"data": None}}
EMAIL_CONFIG: Final = {"type": "email", "address": "ann@example.com", "formats": ["text", "html"]}


def leaves(value: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield each value that holds no other, as JSON and with its place; points in time are told in UTC."""
    if value and isinstance(value, (dict, list)):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, *path, name)
    else:
        is_instant = isinstance(value, str) and INSTANT.fullmatch(value)
        yield path, json.dumps(datetime.fromisoformat(value).astimezone(UTC).isoformat() if is_instant else value)


def values(document: Json) -> dict[Any, str]:
    """Return each value of a document by its place; what was included has its type and id for a place."""
    listed = document.get("included", [])
    included = {f"{item['type']} {item['id']}": item for item in listed}
    assert len(included) == len(listed), "something was included twice"
    return dict(leaves({"data": document["data"], "included": included}))


def theirs(answer: Any) -> Json:
    """Return an answer of the published client as JSON after checking that the client has understood all of it."""
    found: Json = answer.to_dict()
    # It has no class for the policies that come with routing rules, and keeps them as they came.
    raw = [f".included[{number}]" for number, it in enumerate(found.get("included", [])) if it["type"] == "policies"]
    assert list(unread(answer)) == (["."] if raw else []) + raw
    return found


def ours(*found: Resource, single: bool = True) -> Json:
    """Return what our client read as the document that it came from."""
    document = unlink(Graph(data=list(found), single=single))
    included = document.included or ()
    # Empty places of a rotation are only referred to; that nobody is there our client alone says outright.
    as_sent = [told_twice(it) for it in included if it.get("relationships") != NOBODY_THERE]
    return {"data": document.data[0] if single else document.data, "included": as_sent}


def told_twice(resource: Json) -> Json:
    """Return a rule with the urgency of its action on the rule, too, as the server says it and our client does not."""
    attributes = resource.get("attributes", {})
    paging = [action for action in attributes.get("actions") or () if action["type"] == "escalation_policy"]
    return but(resource, "attributes", "urgency", value=paging[0]["urgency"]) if paging else resource


@attrs.frozen
class Kind:
    """One kind of resource: our client's name for it, the end of the published methods' names, and the simulator's.

    Attributes:
        include: all that can come along.
        body: what the published client creates.
        edited: our change.
        patch: the attributes that the published client changes.
    """

    ours: str
    theirs: str
    stored: str
    include: Iterable[str] = ()
    body: Callable[[Both], Json] = attrs.field(default=None, kw_only=True)
    edited: Callable[[Any], Any] = attrs.field(default=None, kw_only=True)
    patch: Json = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Both:
    """The published client and ours on one simulator; the rest is ids."""

    sim: Simulator
    apis: tuple[Any, ...]
    ann: str
    bob: str
    cy: str
    payments: str
    storage: str

    def owner(self, kind: Kind) -> tuple[str, ...]:
        """Return the ids that come before a resource's own in a call."""
        return (self.ann,) if kind.theirs.startswith("user_") else ()

    def run(self, kind: Kind, verb: str, *arguments: Any, **options: Any) -> Any:
        """Have our client do something."""

        async def call() -> Any:
            url = self.sim.datadog_url
            async with DatadogOnCall("api", "app", api_url=url, paging_url=url) as client:
                made = getattr(getattr(client, kind.ours), verb)(*self.owner(kind), *arguments, **options)
                return await (everything(made) if verb == "list" else made)

        return asyncio.run(call())

    def ask(self, kind: Kind, verb: str, *arguments: Any, include: Iterable[str] = ()) -> Any:
        """Have the published client do something; it makes its own models of JSON."""
        name = f"{verb}_{kind.theirs}{'s' if verb == 'list' else ''}"
        method = next(getattr(api, name) for api in self.apis if hasattr(api, name))
        return method(*self.owner(kind), *arguments, **({"include": ",".join(include)} if include else {}))

    def make(self, kind: Kind) -> str:
        """Have the published client create a resource, whose answer ours agrees with, and return its id."""
        answer = self.ask(kind, "create", kind.body(self))
        assert values(theirs(answer)) == values(ours(self.run(kind, "get", answer.data.id)))
        return str(answer.data.id)

    def agreed(self, kind: Kind, name: str) -> Any:
        """Return a resource as ours reads it, after checking that theirs reads the same, whatever comes along."""
        for include in subsets(kind.include):
            found = self.run(kind, "get", name, **({"include": include} if kind.include else {}))
            assert values(ours(found)) == values(theirs(self.ask(kind, "get", name, include=include)))
        return found

    def check_gone(self, kind: Kind, name: str) -> None:
        """Check that neither client finds a resource."""
        with pytest.raises(NotFound):
            self.run(kind, "get", name)
        with pytest.raises(ApiException) as raised:
            self.ask(kind, "get", name)
        assert raised.value.status == 404


@pytest.fixture
def b() -> Iterator[Both]:
    """Run both clients on one simulator."""
    with simulator_in_a_thread() as sim, published_api_client(sim) as client:
        people = sim.add_user("Ann Lee", "ann@example.com"), sim.add_user("Bob Roy"), sim.add_user("Cy")
        teams = sim.add_team("payments", "Payments"), sim.add_team("storage", "Storage")
        interfaces: tuple[Any, ...] = (OnCallApi, PagerDutyIntegrationApi)
        yield Both(sim, tuple(api(client) for api in interfaces), *people, *teams)


def rule_body(b: Both) -> Json:
    """Return the request for a rule about a phone that is made for it."""
    channel = {"data": {"id": b.make(PHONE), "type": "notification_channels"}}
    settings = {"type": "phone", "method": "sms"}
    attributes = {"category": "high_urgency", "delay_minutes": 1, "channel_settings": settings}
    return data_body("notification_rules", attributes, relationships={"channel": channel})


def edited_schedule(schedule: Any) -> Any:
    """Return a schedule whose layers changed places, with fewer members and other times."""
    days, nights = schedule.layers
    later = evolve(nights, interval=Interval(days=3), end_date=nights.end_date + timedelta(microseconds=7))
    return evolve(schedule, name="Secondary", layers=[later, evolve(days, members=days.members[:2])])


PHONE = Kind(
    *("notification_channels", "user_notification_channel", "notification_channels"),
    body=lambda _: data_body("notification_channels", {"config": {"type": "phone", "number": "+14155550123"}}),
)
EMAIL = attrs.evolve(PHONE, body=lambda _: data_body("notification_channels", {"config": EMAIL_CONFIG}))
SCHEDULE = Kind(
    *("schedules", "on_call_schedule", "schedules", ScheduleInclude),
    body=lambda b: primary_body(b.ann, b.bob, b.cy, b.payments),
    edited=edited_schedule,
    patch=schedule_body(None, name="Nobody", end_date="2028-02-29T23:59:59.999999Z")["data"]["attributes"],
)
POLICY = Kind(
    *("escalation_policies", "on_call_escalation_policy", "policies", PolicyInclude),
    body=lambda b: checkout_body(b.ann, b.bob, b.make(SCHEDULE), b.payments, b.storage),
    edited=lambda policy: evolve(policy, name="Refunds", retries=4, steps=policy.steps[1::-1]),
    patch={"retries": 0, "resolve_page_on_policy_end": False},
)
ROUTING = Kind("routing_rules", "on_call_team_routing_rules", "team_routing_rules", RoutingInclude)
RULE = Kind(
    *("notification_rules", "user_notification_rule", "notification_rules", NotificationRuleInclude),
    body=rule_body,
    edited=lambda rule: evolve(rule, category="low_urgency", delay=timedelta(minutes=5)),
    patch={"delay_minutes": 30},
)
SERVICE = Kind("pagerduty_services", "pager_duty_integration_service", "pagerduty_services")

each_kind = pytest.mark.parametrize("kind", [POLICY, SCHEDULE, RULE], ids=lambda kind: kind.ours)


@each_kind
def test_theirs_creates_and_ours_changes_and_deletes(b: Both, kind: Kind) -> None:
    """What theirs creates ours reads the same, what ours makes of it theirs reads the same, and then it is gone."""
    made = b.make(kind)
    wanted = kind.edited(b.agreed(kind, made))
    answer = b.run(kind, "update", wanted, include=kind.include)
    assert b.agreed(kind, made) == answer == wanted
    b.run(kind, "delete", made)
    b.check_gone(kind, made)


@each_kind
def test_ours_creates_and_theirs_changes_and_deletes(b: Both, kind: Kind) -> None:
    """A copy that ours creates is stored like what theirs created; theirs changes it for ours, and then it is gone."""
    first = b.make(kind)
    copy = b.run(kind, "create", b.agreed(kind, first))
    made = copy.id
    assert made != first
    assert values(ours(copy)) == values(theirs(b.ask(kind, "get", made)))
    wanted = b.sim.stored(kind.stored, made)
    assert without_ids(wanted) == without_ids(b.sim.stored(kind.stored, first))
    wanted["attributes"] |= kind.patch
    answer = b.ask(kind, "update", made, {"data": wanted}, include=kind.include)
    assert values(theirs(answer)) == values(ours(b.agreed(kind, made)))
    assert without_ids(b.sim.stored(kind.stored, made)) == without_ids(wanted)
    b.ask(kind, "delete", made)
    b.check_gone(kind, made)


def test_channels(b: Both) -> None:
    """Channels that either adds or takes away are the same for the other, one by one and listed."""
    phone, email = [b.agreed(PHONE, b.make(kind)) for kind in (PHONE, EMAIL)]
    copies = [b.run(PHONE, "create", one) for one in (phone, email)]
    assert [b.agreed(PHONE, one.id) for one in copies] == copies
    assert [one.config for one in copies] == [phone.config, email.config]
    listed = b.run(PHONE, "list")
    assert listed == [phone, email, *copies]
    assert values(ours(*listed, single=False)) == values(theirs(b.ask(PHONE, "list")))
    b.run(PHONE, "delete", phone.id)
    b.ask(PHONE, "delete", copies[1].id)
    b.check_gone(PHONE, phone.id)
    b.check_gone(PHONE, copies[1].id)


@pytest.mark.parametrize(("kind", "include"), [(SCHEDULE, "teams"), (RULE, "channel")])
def test_lists(b: Both, kind: Kind, include: str) -> None:
    """Both list the same schedules and the same notification rules, with what comes along."""
    made = {b.make(kind), b.make(kind)}
    listed = b.run(kind, "list", include=(include,))
    answer = b.ask(kind, "list", include=(include,))
    assert {one.id for one in listed} == made
    assert values(ours(*listed, single=False)) == values(theirs(answer))


def test_routing_rules(b: Both) -> None:
    """A team's rules are the same for both: made up by the server, set and set again by either, and taken away."""
    b.agreed(ROUTING, b.payments)
    answer = b.ask(ROUTING, "set", b.payments, payments_rules(b.make(POLICY)), include=RoutingInclude)
    found = b.agreed(ROUTING, b.payments)
    assert values(theirs(answer)) == values(ours(found))
    wanted = evolve(found, rules=[evolve(found.rules[1], query="env:prod"), found.rules[3]])
    assert b.run(ROUTING, "set", b.payments, wanted, include=RoutingInclude) == wanted == b.agreed(ROUTING, b.payments)
    stored = {"data": b.sim.stored(ROUTING.stored, b.payments)}
    b.ask(ROUTING, "set", b.payments, but(stored, "data", "attributes", "rules", 0, "query", value="env:staging"))
    assert b.agreed(ROUTING, b.payments).rules == (evolve(wanted.rules[0], query="env:staging"), wanted.rules[1])
    b.run(ROUTING, "set", b.payments, [])
    assert b.agreed(ROUTING, b.payments).rules == ()
    assert len(b.run(ROUTING, "set", b.payments, [evolve(rule, id="") for rule in found.rules]).rules) == 4
    b.ask(ROUTING, "set", b.payments, data_body("team_routing_rules", {"rules": []}))
    assert b.agreed(ROUTING, b.payments).rules == ()
    b.check_gone(ROUTING, NOBODY)


def test_pagerduty_services(b: Both) -> None:
    """A service that either creates, changes or deletes is the same service, or none, for the other."""
    mine = unstructure(b.run(SERVICE, "create", "a b", "k1"))
    assert mine == theirs(b.ask(SERVICE, "get", "a b")) == {"service_name": "a b"}
    made = theirs(b.ask(SERVICE, "create", {"service_key": "k2", "service_name": "c&d"}))
    assert made == unstructure(b.run(SERVICE, "get", "c&d")) == {"service_name": "c&d"}
    b.ask(SERVICE, "update", "a b", {"service_key": "k3"})
    b.run(SERVICE, "update", "c&d", "k4")
    assert [b.sim.stored(SERVICE.stored, name)["service_key"] for name in ("a b", "c&d")] == ["k3", "k4"]
    b.ask(SERVICE, "delete", "a b")
    b.run(SERVICE, "delete", "c&d")
    b.check_gone(SERVICE, "a b")
    b.check_gone(SERVICE, "c&d")


@each_kind
def test_comparison_notices_any_other_value(b: Both, kind: Kind) -> None:
    """Documents that differ in one value anywhere, in nothing but its type, or by a microsecond, are not the same."""
    document = json.loads(json.dumps(ours(b.agreed(kind, b.make(kind)))))
    for path, told in leaves(document):
        for value in ("another", [json.loads(told)]):
            assert values(but(document, *path, value=value)) != values(document), path
    moments = ["2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00.000001Z"]
    assert len({told for _, told in leaves([*moments, 1, "1", True, 1.0, None, {}, []])}) == 9
