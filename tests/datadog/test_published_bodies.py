"""Each write sends what Datadog's published client sends for the same values: method, path, query and body."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import attrs
import pytest
from aiohttp import web
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.api.pager_duty_integration_api import PagerDutyIntegrationApi
from datadog_api_client.v1.models import PagerDutyService, PagerDutyServiceKey
from datadog_api_client.v2.api.events_api import EventsApi
from datadog_api_client.v2.api.on_call_api import OnCallApi
from datadog_api_client.v2.api.on_call_paging_api import OnCallPagingApi

from aiooncall import DatadogOnCall, OnCallError, ResourceRef, TeamHandle, UserId, evolve
from aiooncall.datadog import (
    AlertLink,
    EmailConfig,
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Interval,
    Layer,
    NotificationChannel,
    NotificationRule,
    PhoneConfig,
    PhoneSettings,
    RerouteToTeamAction,
    RoutingRule,
    Schedule,
    SlackMessageAction,
    Team,
    TeamsMessageAction,
    TimeRestriction,
    TimeRestrictions,
    User,
    WorkflowAction,
)
from aiooncall.simulator.http.server import HttpServer
from tests.support.datadog_calls import CALLS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Sent = tuple[str, str, Any]

pytestmark = pytest.mark.slow


class Models:
    """The published client's models, which have no types; there are so many that they take a second to import."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("datadog_api_client.v2.models"), name)


p: Final = Models()

AT: Final = datetime(2027, 1, 1, 9, 30, 0, 250_000, tzinfo=UTC)
SOME_ID: Final = "00000000-0000-4000-8000-000000000001"
WINDOW: Final = TimeRestriction(start_day="monday", start_time=time(9), end_day="friday", end_time=time(17, 30))
HOURS: Final = TimeRestrictions(time_zone="Europe/Paris", restrictions=[WINDOW])
STEP: Final = EscalationStep(
    id="st",
    assignment="round-robin",
    escalate_after=timedelta(minutes=5),
    targets=[User(id="u"), Team(id="t"), Schedule(id="s"), Schedule(id="s").at("previous")],
)
POLICY: Final = EscalationPolicy(
    id="p", name="P", retries=0, resolve_page_on_policy_end=False, teams=[Team(id="t")], steps=[STEP]
)
LAYER: Final = Layer(
    id="l",
    name="L",
    effective_date=AT,
    end_date=AT + timedelta(days=9),
    rotation_start=AT,
    interval=Interval(days=1, seconds=3600),
    time_zone="Asia/Tokyo",
    restrictions=[WINDOW],
    members=[User(id="u"), None],
)
SCHEDULE: Final = Schedule(id="s", name="S", time_zone="UTC", teams=[Team(id="t")], layers=[LAYER])
PAGING: Final = EscalationPolicyAction(
    policy_id="p", urgency="dynamic", ack_timeout=timedelta(minutes=30), support_hours=HOURS
)
RULES: Final = [
    RoutingRule(id="r", query="q", urgency="low", policy=ResourceRef("policies", "p"), time_restriction=HOURS),
    RoutingRule(
        actions=[
            PAGING,
            SlackMessageAction(workspace="w", channel="c"),
            TeamsMessageAction(tenant="x", team="y", channel="z"),
            WorkflowAction(handle="h"),
            RerouteToTeamAction(destination_team_id=SOME_ID),
        ]
    ),
]
RULE: Final = NotificationRule(
    id="n",
    channel=ResourceRef("notification_channels", "c"),
    category="high_urgency",
    delay=120,
    channel_settings=PhoneSettings(method="sms"),
)


def p_window() -> Any:
    """Return the window, for the published client."""
    monday, friday = p.Weekday("monday"), p.Weekday("friday")
    return p.TimeRestriction(start_day=monday, start_time="09:00:00", end_day=friday, end_time="17:30:00")


def p_hours() -> Any:
    """Return the hours, for the published client."""
    return p.TimeRestrictions(time_zone="Europe/Paris", restrictions=[p_window()])


def p_targets() -> list[Any]:
    """Return the targets, for the published client."""
    previous = p.EscalationPolicyStepTargetConfig(
        schedule=p.EscalationPolicyStepTargetConfigSchedule(position=p.ScheduleTargetPosition("previous"))
    )
    kinds = {"u": "users", "t": "teams", "s": "schedules"}
    plain = [
        p.EscalationPolicyStepTarget(type=p.EscalationPolicyStepTargetType(kind), id=name)
        for name, kind in kinds.items()
    ]
    schedules = p.EscalationPolicyStepTargetType("schedules")
    return [*plain, p.EscalationPolicyStepTarget(type=schedules, id="s", config=previous)]


def p_teams() -> Any:
    """Return the owners, for the published client."""
    team = p.DataRelationshipsTeamsDataItems(id="t", type=p.DataRelationshipsTeamsDataItemsType("teams"))
    return p.DataRelationshipsTeams(data=[team])


def p_policy(verb: str) -> Any:
    """Return the request for the policy, for the published client."""
    kind, more = f"EscalationPolicy{verb.title()}Request", {"id": "p"} if verb == "update" else {}
    step = getattr(p, f"{kind}DataAttributesStepsItems")(
        assignment=p.EscalationPolicyStepAttributesAssignment("round-robin"),
        escalate_after_seconds=300,
        targets=p_targets(),
        **({"id": "st"} if more else {}),
    )
    attributes = getattr(p, f"{kind}DataAttributes")(
        name="P", retries=0, resolve_page_on_policy_end=False, steps=[step]
    )
    data = getattr(p, f"{kind}Data")(
        attributes=attributes,
        relationships=getattr(p, f"{kind}DataRelationships")(teams=p_teams()),
        type=getattr(p, f"{kind}DataType")("policies"),
        **more,
    )
    return getattr(p, kind)(data=data)


def p_schedule(verb: str) -> Any:
    """Return the request for the schedule, for the published client."""
    kind, more = f"Schedule{verb.title()}Request", {"id": "s"} if verb == "update" else {}
    member = p.ScheduleRequestDataAttributesLayersItemsMembersItems
    layer = getattr(p, f"{kind}DataAttributesLayersItems")(
        name="L",
        effective_date=AT,
        end_date=AT + timedelta(days=9),
        rotation_start=AT,
        interval=p.LayerAttributesInterval(days=1, seconds=3600),
        time_zone="Asia/Tokyo",
        restrictions=[p_window()],
        members=[member(user=p.ScheduleRequestDataAttributesLayersItemsMembersItemsUser(id="u")), member()],
        **({"id": "l"} if more else {}),
    )
    data = getattr(p, f"{kind}Data")(
        attributes=getattr(p, f"{kind}DataAttributes")(name="S", time_zone="UTC", layers=[layer]),
        relationships=getattr(p, f"{kind}DataRelationships")(teams=p_teams()),
        type=getattr(p, f"{kind}DataType")("schedules"),
        **more,
    )
    return getattr(p, kind)(data=data)


def p_rules() -> Any:
    """Return the request for the routing rules, for the published client."""
    actions = [
        p.RoutingRuleEscalationPolicyAction(
            type=p.RoutingRuleEscalationPolicyActionType("escalation_policy"),
            policy_id="p",
            urgency=p.Urgency("dynamic"),
            ack_timeout_minutes=30,
            support_hours=p.RoutingRuleEscalationPolicyActionSupportHours(
                time_zone="Europe/Paris", restrictions=[p_window()]
            ),
        ),
        p.SendSlackMessageAction(type=p.SendSlackMessageActionType("send_slack_message"), workspace="w", channel="c"),
        p.SendTeamsMessageAction(
            type=p.SendTeamsMessageActionType("send_teams_message"), tenant="x", team="y", channel="z"
        ),
        p.TriggerWorkflowAutomationAction(type=p.TriggerWorkflowAutomationActionType("workflow"), handle="h"),
        p.RoutingRuleRerouteToTeamAction(
            type=p.RoutingRuleRerouteToTeamActionType("reroute_to_team"), destination_team_id=UUID(SOME_ID)
        ),
    ]
    old = p.TeamRoutingRulesRequestRule(
        id="r", query="q", urgency=p.Urgency("low"), policy_id="p", time_restriction=p_hours()
    )
    rules = [old, p.TeamRoutingRulesRequestRule(actions=actions)]
    data = p.TeamRoutingRulesRequestData(
        id=SOME_ID,
        type=p.TeamRoutingRulesRequestDataType("team_routing_rules"),
        attributes=p.TeamRoutingRulesRequestDataAttributes(rules=rules),
    )
    return p.TeamRoutingRulesRequest(data=data)


def p_channel(config: Any) -> Any:
    """Return the request for a channel, for the published client."""
    attributes = p.CreateNotificationChannelAttributes(config=config)
    kind = p.NotificationChannelType("notification_channels")
    data = p.CreateNotificationChannelData(attributes=attributes, type=kind)
    return p.CreateUserNotificationChannelRequest(data=data)


def p_rule(verb: str) -> Any:
    """Return the request for the notification rule, for the published client."""
    channel = p.OnCallNotificationRuleChannelRelationshipData(
        id="c", type=p.NotificationChannelType("notification_channels")
    )
    settings = p.OnCallPhoneNotificationRuleSettings(
        type=p.NotificationChannelPhoneConfigType("phone"), method=p.OnCallPhoneNotificationRuleMethod("sms")
    )
    attributes = getattr(p, {"create": "", "update": "Update"}[verb] + "OnCallNotificationRuleRequestAttributes")(
        category=p.OnCallNotificationRuleCategory("high_urgency"), delay_minutes=2, channel_settings=settings
    )
    kind = f"{verb.title()}OnCallNotificationRuleRequest"
    data = getattr(p, f"{kind}Data")(
        attributes=attributes,
        relationships=p.OnCallNotificationRuleRelationships(
            channel=p.OnCallNotificationRuleChannelRelationship(data=channel)
        ),
        type=p.OnCallNotificationRuleType("notification_rules"),
        **({"id": "n"} if verb == "update" else {}),
    )
    return getattr(p, kind)(data=data)


def p_page(kind: str, name: str, **more: Any) -> Any:
    """Return the request for a page, for the published client."""
    target = p.CreatePageRequestDataAttributesTarget(type=p.OnCallPageTargetType(kind), identifier=name)
    attributes = p.CreatePageRequestDataAttributes(
        title="Down", target=target, urgency=p.PageUrgency("low"), tags=["a:b"], **more
    )
    return p.CreatePageRequest(
        data=p.CreatePageRequestData(attributes=attributes, type=p.CreatePageRequestDataType("pages"))
    )


def p_event(status: str, title: str, message: str, links: Any = None, priority: str = "", **more: Any) -> Any:
    """Return the request for an alert, for the published client."""
    said = {"links": links, "priority": p.AlertEventCustomAttributesPriority(priority)} if links else {}
    attributes = p.AlertEventCustomAttributes(status=p.AlertEventCustomAttributesStatus(status), **said)
    payload = p.EventPayload(
        title=title,
        message=message,
        aggregation_key="k",
        category=p.EventCategory("alert"),
        attributes=attributes,
        **more,
    )
    kind = p.EventCreateRequestType("event")
    return p.EventCreateRequestPayload(data=p.EventCreateRequest(attributes=payload, type=kind))


def p_link() -> Any:
    """Return a link of an alert, for the published client."""
    category = p.AlertEventCustomAttributesLinksItemsCategory("runbook")
    return p.AlertEventCustomAttributesLinksItems(url="https://x.example", category=category, title="R")


@attrs.frozen
class Write:
    """One write, by our client and by the published one."""

    ours: Callable[[DatadogOnCall], Awaitable[Any]]
    api: type[Any]
    method: str
    arguments: Callable[[], tuple[Any, ...]]


EMAIL: Final = NotificationChannel(config=EmailConfig(address="a@b.example", formats=["text", "html"]))
PHONE: Final = NotificationChannel(config=PhoneConfig(number="+14155550123", region="US", verified=True))
TRIGGERED: Final[dict[str, Any]] = {"message": "help", "priority": 2, "tags": ["a:b"]}
WRITES: Final[dict[str, Write]] = {
    "pages.create": Write(
        lambda c: c.pages.create("Down", target=TeamHandle("ops"), urgency="low", description="d", tags=["a:b"]),
        *(OnCallPagingApi, "create_on_call_page", lambda: (p_page("team_handle", "ops", description="d"),)),
    ),
    "pages.create for a user": Write(
        lambda c: c.pages.create("Down", target=UserId("u"), urgency="low", tags=["a:b"]),
        *(OnCallPagingApi, "create_on_call_page", lambda: (p_page("user_id", "u"),)),
    ),
    **{
        f"pages.{verb}": Write(
            lambda c, verb=verb: getattr(c.pages, verb)(SOME_ID),  # type: ignore[misc]
            *(OnCallPagingApi, f"{verb}_on_call_page", lambda: (UUID(SOME_ID),)),
        )
        for verb in ("acknowledge", "escalate", "resolve")
    },
    "alerts.trigger": Write(
        lambda c: c.alerts.trigger(
            "Down", team="ops", key="k", links=[AlertLink("https://x.example", "runbook", "R")], **TRIGGERED
        ),
        *(EventsApi, "create_event"),
        lambda: (p_event("error", "Down", "help\n@oncall-ops", [p_link()], "2", tags=["a:b"]),),
    ),
    "alerts.recover": Write(
        lambda c: c.alerts.recover("k", team="ops", title="Up"),
        *(EventsApi, "create_event", lambda: (p_event("ok", "Up", "@oncall-ops"),)),
    ),
    "escalation_policies.create": Write(
        lambda c: c.escalation_policies.create(POLICY),
        *(OnCallApi, "create_on_call_escalation_policy", lambda: (p_policy("create"),)),
    ),
    "escalation_policies.update": Write(
        lambda c: c.escalation_policies.update(evolve(POLICY, tags=["made"])),
        *(OnCallApi, "update_on_call_escalation_policy", lambda: ("p", p_policy("update"))),
    ),
    "escalation_policies.delete": Write(
        lambda c: c.escalation_policies.delete("p"), OnCallApi, "delete_on_call_escalation_policy", lambda: ("p",)
    ),
    "schedules.create": Write(
        lambda c: c.schedules.create(SCHEDULE),
        *(OnCallApi, "create_on_call_schedule", lambda: (p_schedule("create"),)),
    ),
    "schedules.update": Write(
        lambda c: c.schedules.update(
            evolve(SCHEDULE, tags=["made"], layers=[evolve(LAYER, applied_rotation_start=AT)])
        ),
        *(OnCallApi, "update_on_call_schedule", lambda: ("s", p_schedule("update"))),
    ),
    "schedules.delete": Write(lambda c: c.schedules.delete("s"), OnCallApi, "delete_on_call_schedule", lambda: ("s",)),
    "routing_rules.set": Write(
        lambda c: c.routing_rules.set(SOME_ID, RULES, include=()),
        *(OnCallApi, "set_on_call_team_routing_rules", lambda: (SOME_ID, p_rules())),
    ),
    "routing_rules.set what was read": Write(
        lambda c: c.routing_rules.set(
            SOME_ID, [RULES[0], evolve(RULES[1], policy=ResourceRef("policies", "p"), urgency="dynamic")], include=()
        ),
        *(OnCallApi, "set_on_call_team_routing_rules", lambda: (SOME_ID, p_rules())),
    ),
    "notification_channels.create": Write(
        lambda c: c.notification_channels.create("u", EMAIL),
        *(OnCallApi, "create_user_notification_channel"),
        lambda: (
            "u",
            p_channel(
                p.CreateEmailNotificationChannelConfig(
                    type=p.NotificationChannelEmailConfigType("email"),
                    address="a@b.example",
                    formats=[p.NotificationChannelEmailFormatType(one) for one in ("text", "html")],
                )
            ),
        ),
    ),
    "notification_channels.create of a phone": Write(
        lambda c: c.notification_channels.create("u", PHONE),
        *(OnCallApi, "create_user_notification_channel"),
        lambda: (
            "u",
            p_channel(
                p.CreatePhoneNotificationChannelConfig(
                    type=p.NotificationChannelPhoneConfigType("phone"), number="+14155550123"
                )
            ),
        ),
    ),
    "notification_channels.delete": Write(
        lambda c: c.notification_channels.delete("u", "c"),
        *(OnCallApi, "delete_user_notification_channel", lambda: ("u", "c")),
    ),
    "notification_rules.create": Write(
        lambda c: c.notification_rules.create("u", RULE),
        *(OnCallApi, "create_user_notification_rule", lambda: ("u", p_rule("create"))),
    ),
    "notification_rules.update": Write(
        lambda c: c.notification_rules.update("u", RULE),
        *(OnCallApi, "update_user_notification_rule", lambda: ("u", "n", p_rule("update"))),
    ),
    "notification_rules.delete": Write(
        lambda c: c.notification_rules.delete("u", "n"),
        *(OnCallApi, "delete_user_notification_rule", lambda: ("u", "n")),
    ),
    "pagerduty_services.create": Write(
        lambda c: c.pagerduty_services.create("a b", "key-123"),
        *(PagerDutyIntegrationApi, "create_pager_duty_integration_service"),
        lambda: (PagerDutyService(service_name="a b", service_key="key-123"),),
    ),
    "pagerduty_services.update": Write(
        lambda c: c.pagerduty_services.update("a", "key-123"),
        *(PagerDutyIntegrationApi, "update_pager_duty_integration_service"),
        lambda: ("a", PagerDutyServiceKey(service_key="key-123")),
    ),
    "pagerduty_services.delete": Write(
        lambda c: c.pagerduty_services.delete("a"),
        *(PagerDutyIntegrationApi, "delete_pager_duty_integration_service", lambda: ("a",)),
    ),
}
UNPUBLISHED: Final = {"pages.reroute", "schedules.overrides.create", "schedules.overrides.delete"}
"""Writes that the published client does not have."""


async def sent_by_ours(write: Write) -> Sent:
    """Return the request that our client sends, on a server that refuses it."""
    sent: list[Sent] = []

    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        sent.append((request.method, request.path_qs, json.loads(body) if body else None))
        return web.Response(status=400, text="{}")

    origin = HttpServer(refuse)
    await origin.start("127.0.0.1", 0)
    try:
        url = origin.url
        async with DatadogOnCall("api", "app", api_url=url, paging_url=url, events_url=url) as client:
            with pytest.raises(OnCallError):
                await write.ours(client)
    finally:
        await origin.close()
    (one,) = sent
    return one


class Stopped(Exception):
    """A request of the published client, in place of sending it."""


def sent_by_theirs(write: Write) -> Sent:
    """Return the request that the published client would send; without `include` it has no query."""
    sent: list[Sent] = []

    def stop(method: str, url: str, *, body: Any = None, **_: Any) -> None:
        parts = urlsplit(url)
        said = json.loads(json.dumps(body).replace("+00:00", "Z"))  # the same time, which ours writes shorter
        sent.append((method, parts.path, said))
        raise Stopped

    configuration = Configuration(host="http://127.0.0.1")  # type: ignore[no-untyped-call]
    configuration.api_key = {"apiKeyAuth": "api", "appKeyAuth": "app"}
    with ApiClient(configuration) as client:
        client.rest_client.request = stop
        with pytest.raises(Stopped):
            getattr(write.api(client), write.method)(*write.arguments())
    (one,) = sent
    return one


@pytest.mark.parametrize("name", WRITES)
async def test_request_is_that_of_the_published_client(name: str) -> None:
    """What is sent for the same values is the same, member by member; only the form of a time may differ."""
    ours, theirs = await sent_by_ours(WRITES[name]), sent_by_theirs(WRITES[name])
    assert (ours[0], unquote(ours[1])) == (theirs[0], unquote(theirs[1]))
    assert ours[2] == theirs[2]


def test_every_write_is_compared() -> None:
    """There is no write that is not compared with the published client's, if that has it."""
    verbs = {"create", "update", "set", "delete", "acknowledge", "escalate", "resolve", "reroute", "trigger", "recover"}
    writes = {name for name in CALLS if name.rpartition(".")[2] in verbs}
    assert writes - {name.partition(" ")[0] for name in WRITES} <= UNPUBLISHED
