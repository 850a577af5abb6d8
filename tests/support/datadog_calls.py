"""One valid call of every operation that the Datadog client has, by the name of its method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall import UserId
from aiooncall.datadog import (
    EmailConfig,
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Layer,
    NotificationChannel,
    NotificationRule,
    Override,
    RoutingRule,
    Schedule,
    User,
)
from tests.support.datadog_http import (
    ON_CALL,
    POLICIES,
    SCHEDULES,
    anybody,
    data_body,
    override_body,
    policy_body,
    schedule_body,
)
from tests.support.datadog_world import PAGERDUTY, everything

if TYPE_CHECKING:
    from tests.support.datadog_world import World

START: Final = datetime(2027, 1, 1, tzinfo=UTC)
_LATER: Final = START + timedelta(days=45)
EMAIL: Final = {"type": "email", "address": "ann@example.com", "formats": ["html"]}


@attrs.frozen
class Ids:
    """What the calls are about; nothing else needs it, so that it can be deleted. By default nothing has these ids."""

    user: str = "user-1"
    team: str = "11111111-1111-4111-8111-111111111111"
    policy: str = "policy-1"
    schedule: str = "schedule-1"
    channel: str = "channel-1"
    used_channel: str = "channel-2"
    rule: str = "rule-1"
    override: str = "override-1"
    service: str = "service-1"
    page: str = "page-1"


async def make_ids(w: World) -> Ids:
    """Make one of everything; the requests for that are not in the ledger."""
    rule = data_body("notification_rules", {})["data"]
    used = w.sim.add_channel(w.ann, EMAIL)
    rule["relationships"] = {"channel": {"data": {"type": "notification_channels", "id": used}}}
    await w.caller.ask("POST", PAGERDUTY, {"service_name": "spare", "service_key": "k"}, status=201)
    schedule = await w.caller.make(SCHEDULES, schedule_body(w.ann))
    overrides = await w.caller.ask("POST", f"{SCHEDULES}/{schedule}/overrides", override_body(w.cy))
    made = Ids(
        user=w.ann,
        team=w.storage,
        policy=await w.caller.make(POLICIES, policy_body(anybody(w.sim), name="Spare")),
        schedule=schedule,
        override=overrides["data"][0]["id"],
        channel=w.sim.add_channel(w.ann, EMAIL),
        used_channel=used,
        rule=await w.caller.make(f"{ON_CALL}/users/{w.ann}/notification-rules", {"data": rule}),
        service="spare",
        page=w.sim.add_page(title="Down"),
    )
    w.sent()
    return made


def _policy(ids: Ids, policy_id: str = "") -> EscalationPolicy:
    return EscalationPolicy(id=policy_id, name="New", steps=[EscalationStep(targets=[User(id=ids.user)])])


def _schedule(ids: Ids, schedule_id: str = "") -> Schedule:
    layer = Layer(
        name="Days",
        effective_date=START,
        rotation_start=START,
        interval=timedelta(days=1),
        members=[User(id=ids.user)],
    )
    return Schedule(id=schedule_id, name="New", time_zone="Etc/UTC", layers=[layer])


def _everything_to(policy_id: str) -> RoutingRule:
    return RoutingRule(actions=[EscalationPolicyAction(policy_id=policy_id)])


def _rule(ids: Ids, rule_id: str = "") -> NotificationRule:
    return NotificationRule(id=rule_id, channel=NotificationChannel(id=ids.used_channel), delay=60)


def _override(ids: Ids) -> Override:
    return Override(start=START, end=START + timedelta(hours=8), user=User(id=ids.user))


_CHANNEL: Final = NotificationChannel(config=EmailConfig(address="bob@example.com"))

Call = Callable[[Any, Ids], Awaitable[Any]]
CALLS: Final[dict[str, Call]] = {
    "pages.create": lambda c, i: c.pages.create("Down", target=UserId(i.user)),
    "pages.list": lambda c, _: everything(c.pages.list()),
    "pages.get": lambda c, i: c.pages.get(i.page),
    "pages.acknowledge": lambda c, i: c.pages.acknowledge(i.page),
    "pages.escalate": lambda c, i: c.pages.escalate(i.page),
    "pages.resolve": lambda c, i: c.pages.resolve(i.page),
    "pages.reroute": lambda c, i: c.pages.reroute(i.page, target=UserId(i.user)),
    "alerts.trigger": lambda c, _: c.alerts.trigger("Down", team="storage", key="down"),
    "alerts.recover": lambda c, _: c.alerts.recover("down", team="storage"),
    "escalation_policies.create": lambda c, i: c.escalation_policies.create(_policy(i)),
    "escalation_policies.list": lambda c, _: everything(c.escalation_policies.list()),
    "escalation_policies.get": lambda c, i: c.escalation_policies.get(i.policy),
    "escalation_policies.update": lambda c, i: c.escalation_policies.update(_policy(i, i.policy)),
    "escalation_policies.delete": lambda c, i: c.escalation_policies.delete(i.policy),
    "schedules.create": lambda c, i: c.schedules.create(_schedule(i)),
    "schedules.list": lambda c, _: everything(c.schedules.list()),
    "schedules.get": lambda c, i: c.schedules.get(i.schedule),
    "schedules.update": lambda c, i: c.schedules.update(_schedule(i, i.schedule)),
    "schedules.delete": lambda c, i: c.schedules.delete(i.schedule),
    "schedules.on_call": lambda c, i: c.schedules.on_call(i.schedule),
    "schedules.responders": lambda c, i: c.schedules.responders(i.schedule),
    "schedules.overrides.create": lambda c, i: c.schedules.overrides.create(i.schedule, _override(i)),
    "schedules.overrides.list": lambda c, i: everything(c.schedules.overrides.list(i.schedule, START, _LATER)),
    "schedules.overrides.delete": lambda c, i: c.schedules.overrides.delete(i.schedule, i.override),
    "routing_rules.get": lambda c, i: c.routing_rules.get(i.team),
    "routing_rules.set": lambda c, i: c.routing_rules.set(i.team, [_everything_to(i.policy)]),
    "teams.list": lambda c, _: everything(c.teams.list()),
    "users.list": lambda c, _: everything(c.users.list()),
    "teams.on_call": lambda c, i: c.teams.on_call(i.team),
    "notification_channels.create": lambda c, i: c.notification_channels.create(i.user, _CHANNEL),
    "notification_channels.list": lambda c, i: everything(c.notification_channels.list(i.user)),
    "notification_channels.get": lambda c, i: c.notification_channels.get(i.user, i.channel),
    "notification_channels.delete": lambda c, i: c.notification_channels.delete(i.user, i.channel),
    "notification_rules.create": lambda c, i: c.notification_rules.create(i.user, _rule(i)),
    "notification_rules.list": lambda c, i: everything(c.notification_rules.list(i.user)),
    "notification_rules.get": lambda c, i: c.notification_rules.get(i.user, i.rule),
    "notification_rules.update": lambda c, i: c.notification_rules.update(i.user, _rule(i, i.rule)),
    "notification_rules.delete": lambda c, i: c.notification_rules.delete(i.user, i.rule),
    "pagerduty_services.create": lambda c, _: c.pagerduty_services.create("new", "key-1"),
    "pagerduty_services.get": lambda c, i: c.pagerduty_services.get(i.service),
    "pagerduty_services.update": lambda c, i: c.pagerduty_services.update(i.service, "key-2"),
    "pagerduty_services.delete": lambda c, i: c.pagerduty_services.delete(i.service),
}
CONFIGURATION: Final = [name for name in CALLS if not name.startswith(("pages.", "alerts."))]
CREATES: Final = [name for name in CONFIGURATION if name.endswith(".create")]
ONCE: Final = {"pages.escalate", "pages.reroute", *(name for name in CALLS if name.endswith(".create"))}
"""What must not be done twice by mistake."""
REPEATED: Final = [name for name in CONFIGURATION if name not in CREATES]
DELETES: Final = [name for name in CONFIGURATION if name.endswith(".delete")]
ANSWERED: Final = [name for name in CONFIGURATION if name not in DELETES]


def things(w: World) -> int:
    """Return how many policies, schedules, overrides, channels, rules and services the server has."""
    world = w.sim._world._world
    owned = (world._channels, world._rules, world._overrides)
    tables = [world.policies, world.schedules, *(table for tables in owned for table in tables.values())]
    return sum(len(list(table)) for table in tables) + len(w.sim._world._pagerduty._keys)
