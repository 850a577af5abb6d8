"""A write compares the answer with what was sent, tells what is missing, and never raises for it."""

from __future__ import annotations

import copy
import logging
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import UNSET, ResourceRef, UnknownResource, WriteNotKept, evolve, log_events
from aiooncall.codec.fields import READ_ONLY
from aiooncall.datadog import (
    EmailConfig,
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Layer,
    Member,
    NotificationChannel,
    NotificationRule,
    PhoneConfig,
    PhoneSettings,
    PolicyInclude,
    RoutingRule,
    RoutingRules,
    Schedule,
    ScheduleInclude,
    ScheduleTarget,
    SlackMessageAction,
    Team,
    TimeRestriction,
    TimeRestrictions,
    UnknownVariant,
    User,
    WorkflowAction,
)
from aiooncall.datadog.writing.kept import not_kept
from tests.support.datadog_world import MANNERS, answering, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.events import Event

TEAM: Final = "00000000-0000-4000-8000-000000000001"
AT: Final = datetime(2027, 1, 1, tzinfo=UTC)
ANN: Final = User(id="ann")
WINDOW: Final = TimeRestriction(start_day="monday", start_time=time(9), end_day="friday", end_time="17:00")
TUESDAY: Final = evolve(WINDOW, start_day="tuesday")
HOURS: Final = TimeRestrictions(time_zone="UTC", restrictions=[WINDOW])
PAGE: Final = EscalationPolicyAction(policy_id="P", urgency="low", ack_timeout=1800, support_hours=HOURS)
SLACK: Final = SlackMessageAction(workspace="w", channel="c")

LAYER: Final = Layer(
    id="l",
    name="L",
    effective_date=AT,
    end_date=AT + timedelta(days=9),
    rotation_start=AT,
    interval=timedelta(days=1, seconds=5),
    time_zone="Asia/Tokyo",
    restrictions=[WINDOW, TUESDAY],
    members=[Member(id="m", user=ANN), Member(id="n", user=User(id="ben"))],
)
POLICY: Final = EscalationPolicy(
    id="p",
    name="P",
    retries=2,
    resolve_page_on_policy_end=True,
    teams=[Team(id="t"), Team(id="u")],
    steps=[
        EscalationStep(
            id="1",
            escalate_after=300,
            assignment="default",
            targets=[ANN, Team(id="t"), ScheduleTarget(position="next", schedule=Schedule(id="s"))],
        ),
        EscalationStep(id="2", targets=[Schedule(id="s")], extra={"attributes": {"mood": "calm"}}),
    ],
)
SCHEDULE: Final = Schedule(
    id="s",
    name="S",
    time_zone="UTC",
    teams=[Team(id="t")],
    layers=[LAYER],
)
RULES: Final = RoutingRules(
    id="t",
    rules=[
        RoutingRule(id="1", query="q", time_restriction=HOURS, actions=[evolve(PAGE, support_hours=UNSET), SLACK]),
        RoutingRule(id="2", query="r", actions=[UnknownVariant(kind="robot", extra={"mood": "calm"}), PAGE]),
        RoutingRule(id="3", query="s", urgency="high", policy=ResourceRef("policies", "P")),
    ],
)
PHONE: Final = NotificationChannel(config=PhoneConfig(number="+15550100"))
EMAIL: Final = NotificationChannel(config=EmailConfig(address="a@b.example", formats=["text", "html"]))
RULE: Final = NotificationRule(
    id="r",
    channel=ResourceRef("notification_channels", "c"),
    category="high_urgency",
    delay=60,
    channel_settings=PhoneSettings(method="sms"),
)
WHOLES: Final = [POLICY, SCHEDULE, RULES, PHONE, EMAIL, RULE]
LEADING: Final = (User, Team, Schedule, ResourceRef, ScheduleTarget)
"""What a part leads to, and is written by its id."""


def places(model: Any, path: str = "") -> Iterator[tuple[str, list[str | int]]]:
    """Yield each value that a write of a model sends: how it is called, and the steps that lead to it."""
    for field in attrs.fields(type(model)):
        value = getattr(model, field.name)
        if value is UNSET or field.name in {"id", "extra"} or field.metadata.get(READ_ONLY, False):
            continue
        name = f"{path}.{field.name}" if path else field.name
        for place, step, inner in [(name, [field.name], value), *of_list(name, field.name, value)]:
            yield place, step
            if attrs.has(type(inner)) and not isinstance(inner, LEADING):
                yield from ((deeper, [*step, *steps]) for deeper, steps in places(inner, place))


def of_list(name: str, field: str, value: Any) -> list[tuple[str, list[str | int], Any]]:
    """Return what a list holds, each with its name and the steps that lead to it."""
    listed = value if isinstance(value, tuple) else ()
    return [(f"{name}[{number}]", [field, number], one) for number, one in enumerate(listed)]


def without(model: Any, steps: list[str | int]) -> Any:
    """Return a copy of a model that lacks the value at the end of some steps."""
    changed = copy.deepcopy(model)
    owner = changed
    for step in steps[:-1]:
        owner, before = (owner[step] if isinstance(step, int) else getattr(owner, step)), owner
    if isinstance(steps[-1], int):
        setattr(before, str(steps[-2]), owner[: steps[-1]] + owner[steps[-1] + 1 :])
    else:
        setattr(owner, steps[-1], UNSET)
    return changed


CASES: Final = [
    pytest.param(whole, steps, place, id=f"{type(whole).__name__} {place}")
    for whole in WHOLES
    for place, steps in places(whole)
    if steps[-1] not in {"steps", "layers", "rules", "teams", "targets", "members", "user", "channel", "policy"}
]
"""All that is sent, but for whole relationships: an answer without one has not been asked for it."""


@pytest.mark.parametrize(("whole", "steps", "place"), CASES)
def test_any_value_that_is_gone_is_named(whole: Any, steps: list[str | int], place: str) -> None:
    """Whichever single value an answer lacks, that is told by its name, that of its action, or in its list."""
    lost = not_kept(whole, without(whole, steps))
    if isinstance(steps[-1], int):
        assert [path for path in lost if path.startswith(place.rpartition("[")[0])]
    else:
        assert [path for path in lost if path == place or (path.endswith("]") and place.startswith(path))]


@pytest.mark.parametrize("whole", WHOLES, ids=lambda whole: type(whole).__name__)
def test_same_values_are_kept(whole: Any) -> None:
    """An answer that says what was sent lacks nothing, whatever ids it gives and whatever else it says."""
    answer = copy.deepcopy(whole)
    answer.id, answer.extra = "new", {"attributes": {"new": 1}}
    assert not_kept(whole, answer) == ()


def rule(**said: Any) -> RoutingRules:
    """Return a team's rules of one."""
    return RoutingRules(rules=[RoutingRule(query="q", **said)])


OLD: Final = ResourceRef("policies", "P")
MIRRORED: Final = {"actions": [PAGE], "policy": OLD, "urgency": "low"}


@pytest.mark.parametrize(
    ("sent", "got", "lost"),
    [
        ({"actions": [PAGE]}, MIRRORED, []),
        ({"actions": [SLACK, PAGE]}, {**MIRRORED, "actions": [PAGE, SLACK]}, []),
        ({"actions": [evolve(PAGE, urgency=UNSET)], "urgency": "low"}, MIRRORED, []),
        ({"policy": OLD, "urgency": "low"}, {"policy": OLD, "urgency": "low", "actions": []}, []),
        ({"policy": OLD, "urgency": "low", "actions": []}, {"actions": [PAGE], "urgency": "low"}, []),
        (
            {"actions": [PAGE]},
            {"policy": OLD, "urgency": "low", "actions": []},
            ["actions[0].ack_timeout", "actions[0].support_hours"],
        ),
        ({"actions": [PAGE]}, {"urgency": "low", "actions": None}, ["actions"]),
        ({"actions": [PAGE]}, {**MIRRORED, "actions": [evolve(PAGE, urgency="high")]}, ["actions[0].urgency"]),
        ({"actions": [PAGE]}, {"actions": [evolve(PAGE, policy_id="Q")]}, ["actions[0].policy_id"]),
        ({"policy": OLD}, {"actions": [evolve(PAGE, policy_id="Q")]}, ["policy"]),
        ({"urgency": "high", "actions": [SLACK]}, {"actions": [SLACK], "policy": None}, ["urgency"]),
        ({"actions": [SLACK, WorkflowAction(handle="h")]}, {"actions": [SLACK]}, ["actions[1]"]),
        ({"actions": []}, {"actions": [SLACK]}, ["actions"]),
        ({"time_restriction": None, "actions": None}, {"actions": []}, []),
    ],
)
def test_rules_are_compared_by_what_they_mean(sent: Any, got: Any, lost: list[str]) -> None:
    """Policy and urgency are kept wherever an answer tells them; what only an action can say is not."""
    assert not_kept(rule(**sent), rule(**got)) == tuple(f"rules[0].{path}" for path in lost)


def test_rules_that_an_answer_adds_or_repeats_are_no_loss() -> None:
    """A rule that comes twice, or that the server makes up for a team without any, is none that was lost."""
    one, two, three = RULES.rules or ()
    assert not_kept(RULES, evolve(RULES, rules=[one, one, two, three])) == ()
    assert not_kept(RoutingRules(rules=[]), evolve(RULES, rules=[RoutingRule(id="virtual-t-rule-0")])) == ()
    assert not_kept(RULES, evolve(RULES, rules=[one, three, two])) != ()


def test_targets_are_compared_by_what_they_stand_for() -> None:
    """Targets may stand in another order, a plain schedule is the current position, and what is unread is kept."""

    def policy(*targets: Any) -> EscalationPolicy:
        return EscalationPolicy(name="P", steps=[EscalationStep(targets=targets)])

    plan = Schedule(id="s")
    for sent, got in [
        ((ANN, Team(id="t")), (ResourceRef("teams", "t"), ResourceRef("users", "ann"))),
        ((plan.at("current"),), (ResourceRef("schedules", "s"),)),
        ((plan,), (plan.at("current"),)),
        ((plan.at("next"),), (ResourceRef("schedule_target", "s_next"),)),
        ((UnknownResource(kind="robots", id="r"),), (ResourceRef("robots", "r"),)),
    ]:
        assert not_kept(policy(*sent), policy(*got)) == ()
    assert not_kept(policy(plan.at("next")), policy(plan)) == ("steps[0].targets[0]",)
    assert not_kept(policy(ANN, plan), policy(plan)) == ("steps[0].targets[0]",)


def test_what_an_answer_only_refers_to_is_not_called_lost() -> None:
    """Parts that were not included, or came without attributes, cannot be compared."""
    unread: Any = ResourceRef("steps", "1")
    assert not_kept(POLICY, evolve(POLICY, steps=[unread, EscalationStep(id="2")])) == ()
    assert not_kept(POLICY, evolve(POLICY, steps=[unread])) == ("steps[1]",)


def test_times_are_compared_as_times() -> None:
    """The same instant in another zone, and the same time of the day in fewer digits, are the same."""
    shorter = evolve(WINDOW, start_time="9:00", end_time=time(17))
    moved = evolve(LAYER, rotation_start=AT.astimezone(), restrictions=[TUESDAY, shorter])
    assert not_kept(SCHEDULE, evolve(SCHEDULE, layers=[moved])) == ()
    later = evolve(LAYER, rotation_start=AT + timedelta(microseconds=1))
    assert not_kept(SCHEDULE, evolve(SCHEDULE, layers=[later])) == ("layers[0].rotation_start",)


def test_what_the_server_makes_is_not_compared_but_an_edit_of_it_is_told() -> None:
    """A new applied start is no loss, nor is a phone that is not confirmed yet; tags that were edited are one."""
    noted = evolve(SCHEDULE, layers=[evolve(LAYER, applied_rotation_start=AT)])
    moved = evolve(SCHEDULE, layers=[evolve(LAYER, applied_rotation_start=AT + timedelta(days=1))])
    assert not_kept(noted, moved) == ()
    copied = NotificationChannel(active=True, config=PhoneConfig(number="+15550100", region="US", verified=True))
    assert not_kept(copied, evolve(PHONE, active=False)) == ()
    assert not_kept(evolve(SCHEDULE, tags=["a"]), evolve(SCHEDULE, tags=[])) == ("tags",)
    assert not_kept(evolve(SCHEDULE, tags=[]), evolve(SCHEDULE, tags=["a"])) == ("tags",)


ANSWER: Final[dict[str, Any]] = {
    "data": {
        "id": TEAM,
        "type": "team_routing_rules",
        "relationships": {"rules": {"data": [{"id": "R", "type": "team_routing_rules"}]}},
    },
    "included": [
        {
            "id": "R",
            "type": "team_routing_rules",
            "attributes": {"query": "", "urgency": "low", "actions": []},
            "relationships": {"policy": {"data": {"id": "P", "type": "policies"}}},
        }
    ],
}
"""What an account was seen to answer to a rule whose action had a timeout and hours."""


async def test_set_tells_what_was_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """An action that comes back as a bare policy is told by the result, an event and the log; nothing is raised."""
    events: list[Event] = []
    caplog.set_level(logging.WARNING, "aiooncall")
    async with answering(ANSWER, hooks=[events.append, log_events]) as (_, client):
        rules = await client.routing_rules.set(TEAM, (RoutingRule(actions=[PAGE]) for _ in range(1)))
        lost = ("rules[0].actions[0].ack_timeout", "rules[0].actions[0].support_hours")
        assert rules.not_kept == lost
        (told,) = [event for event in events if isinstance(event, WriteNotKept)]
        route = "/api/v2/on-call/teams/{team_id}/routing-rules"
        assert told == WriteNotKept(method="PUT", route=route, named={"team_id": TEAM}, not_kept=lost)
        assert ["ack_timeout" in message for message in caplog.messages] == [True]
        assert copy.deepcopy(rules).not_kept == evolve(rules).not_kept == ()
        assert rules == await client.routing_rules.get(TEAM)


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_nothing_is_lost_that_the_server_kept(manner: Any) -> None:
    """Writes of all kinds say that all was kept, whatever comes along and however odd answers are."""
    events: list[Event] = []
    async with world(manner, hooks=[events.append]) as w:
        c = w.client
        policy = await c.escalation_policies.get(w.policy, include=PolicyInclude)
        schedule = await c.schedules.get(w.schedule, include=ScheduleInclude)
        channel = await c.notification_channels.create(w.ann, PHONE)
        rule = evolve(RULE, channel=channel)
        made = [
            channel,
            await c.notification_channels.create(w.ann, EMAIL),
            await c.notification_channels.create(w.bob, channel),
            await c.notification_rules.create(w.ann, rule),
            await c.escalation_policies.update(policy),
            await c.escalation_policies.create(policy, include=PolicyInclude),
            await c.schedules.update(schedule, include=ScheduleInclude),
            await c.schedules.create(schedule),
            await c.routing_rules.set(w.payments, await c.routing_rules.get(w.payments)),
            await c.routing_rules.set(w.storage, [RoutingRule(policy=policy, urgency="low")]),
            await c.routing_rules.set(w.storage, []),
        ]
        assert [one.not_kept for one in made] == [()] * len(made)
        assert not [event for event in events if isinstance(event, WriteNotKept)]
