"""What an audit takes from the vendors' models, and what it makes of facts alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import datadog as d
from aiooncall import grafana as g
from aiooncall.audit import FindingKind, Place, PlaceKind
from aiooncall.audit.facts import OnDuty, Standing, Status, Target, TargetKind
from aiooncall.audit.on_people import People, Seen, without_rules
from aiooncall.audit.question import Question
from aiooncall.coverage import Person
from aiooncall.datadog import audit_facts as of_datadog
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.grafana import audit_facts as of_grafana

if TYPE_CHECKING:
    from aiooncall.audit import Finding

START = datetime(2031, 3, 3, tzinfo=UTC)
DAY = timedelta(days=1)
ANN, BEN = Person(id="u1", name="Ann Lee"), Person(id="u2")
PLACE = Place(kind=PlaceKind.SCHEDULE, id="s1", name="Primary")
OTHER = Place(kind=PlaceKind.SCHEDULE, id="s2", name="Backup")
HOURS = d.TimeRestrictions(time_zone="UTC", restrictions=[d.TimeRestriction(start_day="monday", end_day="friday")])
PAGES = d.EscalationPolicyAction(policy_id="p1")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (d.RoutingRule(actions=[PAGES]), [("p1", {"high"}, True)]),
        (d.RoutingRule(policy=d.EscalationPolicy(id="p1", name="P"), urgency="low"), [("p1", {"low"}, True)]),
        (d.RoutingRule(query="tags.a:b", actions=[PAGES]), [("p1", {"high"}, False)]),
        (d.RoutingRule(time_restriction=HOURS, actions=[PAGES]), [("p1", {"high"}, False)]),
        (
            d.RoutingRule(time_restriction=d.TimeRestrictions(time_zone="UTC", restrictions=[]), actions=[PAGES]),
            [("p1", {"high"}, True)],
        ),
        (d.RoutingRule(actions=[d.RerouteToTeamAction(destination_team_id="t2")]), [("", {"high"}, True)]),
        (d.RoutingRule(actions=[UnknownVariant(kind="robot")]), [("", {"high"}, True)]),
        (d.RoutingRule(actions=[d.WorkflowAction(handle="w")]), []),
        (
            d.RoutingRule(actions=[d.EscalationPolicyAction(policy_id="p1", urgency="dynamic")]),
            [("p1", {"high", "low"}, True)],
        ),
        (d.RoutingRule(actions=[d.EscalationPolicyAction(policy_id="p1", urgency="new")]), [("p1", set(), True)]),
    ],
)
def test_rules_that_page(rule: d.RoutingRule, told: list[Any]) -> None:
    """A rule pages by a policy, by another team, or in a way that is not known; without conditions it takes all."""
    routing = of_datadog.routing_of(PLACE, d.RoutingRules(rules=[rule]))
    assert [(route.policy, {*route.urgencies}, route.catches_all) for route in routing.routes] == told


def test_rules_after_one_that_takes_all_are_never_tried() -> None:
    """The first rule without conditions is the last that counts, also if it pages nobody."""
    rules = [d.RoutingRule(query="a", actions=[PAGES]), d.RoutingRule(), d.RoutingRule(actions=[PAGES])]
    assert len(of_datadog.routing_of(PLACE, d.RoutingRules(rules=rules)).routes) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"status": "active"}, Status.ACTIVE),
        ({"status": "Active", "disabled": False}, Status.ACTIVE),
        ({"status": "deactivated"}, Status.DISABLED),
        ({"status": "Disabled"}, Status.DISABLED),
        ({"disabled": True}, Status.DISABLED),
        ({"status": "Pending"}, Status.PENDING),
        ({"status": "on_holiday"}, None),
        ({}, None),
    ],
)
def test_status_of_a_user(fields: dict[str, Any], status: Status | None) -> None:
    """Both spellings of a status are known, and a new one says nothing."""
    assert of_datadog.status_of(d.User(id="u1", **fields)) is status


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"category": "high_urgency"}, {"high"}),
        ({"category": "low_urgency"}, {"low"}),
        ({}, {"high"}),
        ({"category": "robots"}, {"high", "low"}),
        ({"category": "low_urgency", "channel": d.NotificationChannel(active=True)}, {"low"}),
        ({"category": "low_urgency", "channel": d.NotificationChannel(active=False)}, set()),
    ],
)
def test_urgencies_that_rules_tell_of(rule: dict[str, Any], told: set[str]) -> None:
    """A rule tells of its urgency unless its channel cannot be used; one that is not understood may tell of any."""
    assert of_datadog.urgencies_told([d.NotificationRule(**rule)]) == told


def test_people_of_layers_that_have_ended_are_not_there() -> None:
    """Who has a place in a layer that is over stands nowhere, and who has one in a layer to come does."""
    known: Any = {"rotation_start": START, "interval": DAY}
    layers = [
        d.Layer(name="old", members=[d.User(id="u1")], effective_date=START - 9 * DAY, end_date=START, **known),
        d.Layer(name="new", members=[d.User(id="u2")], effective_date=START + 99 * DAY, **known),
    ]
    asked = Question(
        start=START, end=START + DAY, teams=None, kinds=frozenset(FindingKind),
        urgencies=frozenset({"high"}), longest=DAY, concurrency=1,
    )  # fmt: skip
    duty, _ = of_datadog.judged(PLACE, d.Schedule(id="s1", time_zone="UTC", layers=layers), (), asked)
    assert [stands.person.id for stands in duty.people] == ["u2"]
    assert duty.first == {}


def test_person_is_first_on_call_where_it_is_soonest() -> None:
    """Of somebody on several schedules the first time on any of them counts, and a name that any of them tells."""
    people = People()
    bare = Person(id="u1")
    people.see_on(OnDuty(first={"u1": START + DAY}, people=(Standing(bare, PLACE),)))
    people.see_on(OnDuty(first={"u1": START}, people=(Standing(ANN, OTHER, Status.PENDING),)))
    people.see_on(OnDuty(first={"u1": START + 2 * DAY}, people=(Standing(bare, PLACE),)))
    (seen,) = people
    assert (seen.first, seen.person.label, seen.status, [*seen.places]) == (
        START, "Ann Lee", Status.PENDING, [PLACE, OTHER],
    )  # fmt: skip


def test_only_urgencies_that_are_asked_for_have_to_be_told() -> None:
    """An urgency that reaches somebody and is not looked at is no fault."""
    seen = Seen(ANN, urgencies={"high", "low"})
    found: list[Finding] = [*without_rules(seen, (), ("low",))]
    assert [finding.urgency for finding in found] == ["low"]


@pytest.mark.parametrize(
    ("shifts", "end"),
    [
        ([("rolling_users", 3), ("recurrent_event", 5)], START + 5 * DAY),
        ([("rolling_users", 3), ("recurrent_event", None)], None),
        ([("rolling_users", 3), ("single_event", None)], START + 3 * DAY),
        ([("single_event", None)], None),
        ([], None),
    ],
)
def test_end_of_the_last_rotation(shifts: list[tuple[str, int | None]], end: datetime | None) -> None:
    """A schedule ends with its last rotation, if each of them has an end; single events do not count."""
    made = [g.OnCallShift(id="O1", type=kind, until=None if day is None else START + day * DAY) for kind, day in shifts]
    assert of_grafana.last_end(made) == end


def test_shifts_of_a_schedule() -> None:
    """A schedule has the shifts that it names and those that name it, but for overrides."""
    shifts = [
        g.OnCallShift(id="O1", type="rolling_users"),
        g.OnCallShift(id="O2", type="rolling_users", schedule="S1"),
        g.OnCallShift(id="O3", type="override", schedule="S1"),
        g.OnCallShift(id="O4", type="rolling_users", schedule="S2"),
    ]
    web = g.WebSchedule(id="S1", name="W", shifts=["O1"])
    assert [one.id for one in of_grafana.shifts_of(web, shifts)] == ["O1", "O2"]
    assert of_grafana.shifts_of(g.ICalSchedule(id="S9", name="I"), shifts) == []


def test_people_of_rotations_that_have_ended_are_not_there() -> None:
    """Who has a place in a rotation that is over stands nowhere; who is gone, or a viewer, is never notified."""
    rotations = [
        g.OnCallShift(id="O1", type="rolling_users", rolling_users=[["u1"]], until=START),
        g.OnCallShift(id="O2", type="rolling_users", rolling_users=[["u2"], ["u3", "u4"]], until=START + DAY),
    ]
    users = {"u3": g.User(id="u3", username="cy", role="editor"), "u4": g.User(id="u4", role="viewer")}
    duty = of_grafana.on_duty(PLACE, [], rotations, users, START)
    assert [(one.person.id, one.status) for one in duty.people] == [
        ("u2", Status.DISABLED), ("u3", Status.ACTIVE), ("u4", Status.DISABLED),
    ]  # fmt: skip
    assert of_grafana.status_of("u2", {}) is None


def test_steps_of_a_chain() -> None:
    """Steps are numbered by position, those that only steer are left out, and what is not known tells somebody."""
    steps: list[Any] = [
        g.NotifyPersonsStep(id="E3", position=2, persons_to_notify=["u1"], important=True),
        g.WaitStep(id="E2", position=1, duration=60),
        g.NotifyScheduleStep(id="E1", position=0, notify_on_call_from_schedule="s1"),
        g.NotifyTeamStep(id="E4", position=3, team_to_notify="t1"),
        g.TriggerWebhookStep(id="E5", position=4, webhook_id="w1"),
        g.UnknownStep(id="E6", position=5, kind="robot"),
        g.NotifyPersonsStep(id="E7", position=6, persons_to_notify=[]),
    ]
    chain = of_grafana.policy_of(g.EscalationChain(id="F1", name="C"), steps, {})
    assert [(str(step.place), step.urgency) for step in chain.steps] == [
        ("step 1 of C", "low"), ("step 3 of C", "high"), *((f"step {n} of C", "low") for n in range(4, 8)),
    ]  # fmt: skip
    assert [[target.kind for target in step.targets][:1] for step in chain.steps] == [
        [TargetKind.SCHEDULE], [TargetKind.PERSON], *[[TargetKind.UNKNOWN]] * 3, [],
    ]  # fmt: skip
    assert chain.steps[0].targets == (Target(TargetKind.SCHEDULE, "s1"),)
