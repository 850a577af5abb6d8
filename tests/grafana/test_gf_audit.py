"""The audit of a Grafana OnCall: what it finds, what it reads for it, and what it costs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import Forbidden, NotFound, OptionsError, evolve
from aiooncall import grafana as g
from aiooncall.audit import FindingKind
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support import grafana_audit_world as plain
from tests.support.datadog_world import everything
from tests.support.grafana_client import STACK, grafana_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from aiooncall.audit import Finding
    from tests.support.grafana_client import GrafanaWorld

START: Final = datetime(2031, 3, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
ASKED: Final[dict[str, Any]] = {"start": START, "days": 10, "max_stretch": 3 * DAY}


class Place:
    """A Grafana OnCall in which nothing is wrong: a schedule of two, a chain that tells a third, and an integration."""

    def __init__(self, w: GrafanaWorld) -> None:
        self.w, self.gf = w, w.client
        self.ann, self.ben, self.cy = (w.sim.grafana.add_user(name) for name in ("ann", "ben", "cy"))
        self.team = w.sim.grafana.add_team("Payments")
        self.rotation = self.schedule = self.chain = self.integration = ""

    async def build(self) -> None:
        """Create all of it."""
        for user in (self.ann, self.ben, self.cy):
            for important in (True, False):
                await self.rule(user, important=important)
        self.rotation, self.schedule = await self.rota([self.ann], [self.ben])
        self.chain = await self.chain_of(
            g.NotifyScheduleStep(notify_on_call_from_schedule=self.schedule, important=True),
            g.WaitStep(duration=300),
            g.NotifyPersonsStep(persons_to_notify=[self.cy]),
        )
        self.integration = await self.source(self.chain)

    async def rule(self, user: str, *, important: bool, kind: str = "notify_by_email") -> str:
        """Have a user told of pages that are important, or of those that are not."""
        rule = g.PersonalNotificationRule(user_id=user, type=kind, important=important)
        return (await self.gf.personal_notification_rules.create(rule)).id

    async def rota(self, *turns: list[str], hours: int = 24) -> tuple[str, str]:
        """Create a schedule of daily turns; return the ids of its rotation and of itself."""
        shift = g.OnCallShift(
            name=f"Daily {turns}", type="rolling_users", start=datetime(2031, 3, 1), duration=timedelta(hours=hours),  # noqa: DTZ001
            frequency="daily", interval=1, rolling_users=turns, start_rotation_from_user_index=0, time_zone="UTC",
        )  # fmt: skip
        made = await self.gf.on_call_shifts.create(shift)
        schedule = g.CalendarSchedule(name="Primary", time_zone="UTC", shifts=[made.id], team_id=self.team)
        return made.id, (await self.gf.schedules.create(schedule)).id

    async def chain_of(self, *steps: Any, name: str = "Checkout") -> str:
        """Create a chain with steps."""
        chain = await self.gf.escalation_chains.create(g.EscalationChain(name=name, team_id=self.team))
        for step in steps:
            await self.gf.escalation_policies.create(evolve(step, escalation_chain_id=chain.id))
        return chain.id

    async def source(self, chain: str | None, name: str = "Alerts") -> str:
        """Create an integration whose default route leads to a chain, or to none."""
        route = g.DefaultRoute(escalation_chain_id=chain)
        integration = g.Integration(type="webhook", name=name, team_id=self.team, default_route=route)
        return (await self.gf.integrations.create(integration)).id


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Return what is there, as clean as can be."""
    async with grafana_world() as w:
        made = Place(w)
        await made.build()
        w.sim.ledger.requests.clear()
        yield made


async def gap(p: Place) -> str:
    """Let the turns take twelve hours, so that nobody is on call at night."""
    rotation = await p.gf.on_call_shifts.get(p.rotation)
    await p.gf.on_call_shifts.update(evolve(rotation, duration=timedelta(hours=12)))
    return "schedule Primary"


async def person_disabled(p: Place) -> str:
    """Take the role away from the one that the last step tells, beside whom it tells another."""
    p.w.sim.grafana.add_user("dan", role="viewer")
    (step,) = [one async for one in p.gf.escalation_policies.list() if isinstance(one, g.NotifyPersonsStep)]
    dan = p.w.sim.grafana.user_id("dan")
    await p.gf.escalation_policies.update(evolve(step, persons_to_notify=[p.cy, dan]))
    return "person dan"


async def no_notification_rule(p: Place) -> str:
    """Take away the rule for pages that are not important from the one who gets such."""
    async for rule in p.gf.personal_notification_rules.list(user_id=p.cy, important=False):
        await p.gf.personal_notification_rules.delete(rule.id)
    await p.rule(p.cy, important=False, kind="notify_by_sms")  # to a phone that was not verified
    return "person cy"


async def step_reaches_nobody(p: Place) -> str:
    """Lead a route to a chain that only waits and resolves."""
    chain = await p.chain_of(g.WaitStep(duration=60), g.ResolveStep(), name="Quiet")
    route = g.Route(integration_id=p.integration, routing_regex="quiet", escalation_chain_id=chain)
    await p.gf.routes.create(route)
    return "escalation policy Quiet"


async def policy_not_routed(p: Place) -> str:
    """Create a chain that no route leads to."""
    await p.chain_of(g.NotifyTeamStep(team_to_notify=p.team), name="Dead")
    return "escalation policy Dead"


async def no_catch_all(p: Place) -> str:
    """Create an integration whose default route leads to no chain."""
    await p.source(None, "Metrics")
    return "integration Metrics"


async def long_stretch(p: Place) -> str:
    """Give one person four turns in a row."""
    rotation = await p.gf.on_call_shifts.get(p.rotation)
    await p.gf.on_call_shifts.update(evolve(rotation, rolling_users=[[p.ann]] * 4 + [[p.ben]] * 3))
    return "schedule Primary"


async def schedule_ends(p: Place) -> str:
    """Let the rotation end in half a year."""
    rotation = await p.gf.on_call_shifts.get(p.rotation)
    await p.gf.on_call_shifts.update(evolve(rotation, until=START + 180 * DAY))
    return "schedule Primary"


PLANTS: Final[Mapping[str, Callable[[Place], Awaitable[str]]]] = {
    plant.__name__: plant
    for plant in (
        gap,
        person_disabled,
        no_notification_rule,
        step_reaches_nobody,
        policy_not_routed,
        no_catch_all,
        long_stretch,
        schedule_ends,
    )
}


async def test_clean_account_has_no_findings(place: Place) -> None:
    """Where nothing is wrong nothing is found, in a request for each list and for each schedule."""
    audit = await place.gf.audit(**ASKED)
    assert audit.findings == ()
    paths = sorted(request.path.split("/")[3] for request in place.w.sim.ledger.requests)
    assert paths == [
        *("escalation_chains", "escalation_policies", "integrations", "on_call_shifts", "personal_notification_rules"),
        *("routes", "schedules", "schedules", "users"),
    ]
    assert audit.requests.planned == audit.requests.sent == len(paths)


@pytest.mark.parametrize("kind", PLANTS)
async def test_what_is_planted_is_found_and_nothing_else(kind: str, place: Place) -> None:
    """Of each kind the one that was planted is found, and nothing else, also if it is the only one looked for."""
    where = await PLANTS[kind](place)
    audit = await place.gf.audit(**ASKED)
    assert {(str(finding.kind), str(finding.where)) for finding in audit.findings} == {(kind, where)}
    place.w.sim.ledger.requests.clear()
    alone = await place.gf.audit(kinds=[kind], **ASKED)
    assert [(one.kind, one.where, one.times) for one in alone.findings] == [
        (one.kind, one.where, one.times) for one in audit.findings
    ]
    assert alone.requests.planned == alone.requests.sent == len(place.w.sim.ledger.requests)
    assert alone.requests.sent < audit.requests.sent


async def test_gap_has_each_of_its_times(place: Place) -> None:
    """One finding for a schedule says when nobody is on call, each time of it."""
    await gap(place)
    (finding,) = (await place.gf.audit(**ASKED)).findings
    assert [(time.start - START, time.length) for time in finding.times] == [
        (n * DAY + timedelta(hours=12), timedelta(hours=12)) for n in range(10)
    ]


async def test_everything_at_once(place: Place) -> None:
    """Faults that are there together are all found."""
    wanted = {(kind, await plant(place)) for kind, plant in PLANTS.items() if kind != "long_stretch"}
    audit = await place.gf.audit(**ASKED)
    assert {(str(finding.kind), str(finding.where)) for finding in audit.findings} == wanted


async def test_service_accounts_may_not_read_rules_of_people(place: Place) -> None:
    """What the token may not read is one finding with the count of people, and all else is found."""
    await gap(place)
    async with place.w.another("glsa_abc", stack_url=STACK) as gf:
        audit = await gf.audit(**ASKED)
    assert [(str(one.kind), one.count) for one in audit.findings] == [("gap", 1), ("not_allowed", 3)]
    assert audit.findings[1].detail == "personal notification rules of people (3)"


async def test_schedule_that_may_not_be_read_is_not_judged(place: Place) -> None:
    """Who is on call on a schedule whose shifts are refused is not known, and so no fault."""
    place.w.fail("GET", "schedules/*/final_shifts/", Fault(FaultKind.ERROR_BEFORE, status=403))
    audit = await place.gf.audit(**ASKED)
    assert [(str(one.kind), one.detail) for one in audit.findings] == [("not_allowed", "schedules (1)")]


async def test_list_that_may_not_be_read_is_an_error(place: Place) -> None:
    """Without the list of schedules nothing can be said."""
    place.w.fail("GET", "schedules/", Fault(FaultKind.ERROR_BEFORE, status=403))
    with pytest.raises(Forbidden):
        await place.gf.audit(**ASKED)


@pytest.mark.parametrize("by_name", [True, False])
async def test_team_is_audited_by_id_or_name(by_name: bool, place: Place) -> None:
    """What belongs to a team is looked at, and what its integrations lead to; what belongs to nobody is not."""
    await policy_not_routed(place)
    async for chain in place.gf.escalation_chains.list(name="Dead"):
        await place.gf.escalation_chains.update(evolve(chain, team_id=None))
    assert len((await place.gf.audit(**ASKED)).findings) == 1
    assert (await place.gf.audit(teams="Payments" if by_name else place.team, **ASKED)).findings == ()
    await gap(place)
    (finding,) = (await place.gf.audit(teams=["Payments"], **ASKED)).findings
    assert finding.kind is FindingKind.GAP


async def test_unknown_team_is_said(place: Place) -> None:
    """A team that is not there is an error that names it."""
    with pytest.raises(NotFound, match="Storage"):
        await place.gf.audit(teams="Storage")


async def test_people_who_are_gone_are_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whom a rotation names and who is no longer among the users has left."""
    users = place.gf.users

    async def without_ben(*_: object, **__: object) -> AsyncIterator[g.User]:
        for user in known:
            if user.id != place.ben:
                yield user

    known = await everything(users.list())
    monkeypatch.setattr(type(users), "list", without_ben)
    audit = await place.gf.audit(kinds=["person_disabled"], **ASKED)
    (finding,) = audit.findings
    assert (finding.person and finding.person.id, finding.since) == (place.ben, START + DAY)
    assert [str(one) for one in finding.seen_in] == ["schedule Primary"]


async def test_plan_reads_the_lists_alone(place: Place) -> None:
    """A plan sends for the lists, and counts the schedules."""
    plan = await place.gf.audit.plan(start=START, days=366, kinds=["gap"])
    assert (plan.lists, plan.schedules, plan.planned, plan.sent) == (1, 2, 3, 1)


async def test_bad_questions_are_refused(place: Place) -> None:
    """What cannot be asked is an error, and nothing is sent."""
    with pytest.raises(OptionsError, match="days"):
        await place.gf.audit(days=0)
    assert place.w.sim.ledger.requests == []


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an account in which anything can be wrong."""
    some = st.sampled_from
    told, by = some(["high low", "high low", "high", "low", ""]).map(str.split), some(["email", "email", "sms"])
    user = st.fixed_dictionaries({"role": some(["editor"] * 3 + ["viewer", "none"]), "told": told, "by": by})
    users = draw(st.lists(user, min_size=1, max_size=3))
    persons = st.integers(0, len(users) - 1)
    until = st.none() | st.integers(plain.FIRST_END, 10)
    schedule = st.fixed_dictionaries({"turns": st.lists(persons, min_size=1, max_size=4), "until": until})
    schedules = draw(st.lists(schedule, max_size=2))
    steps = [st.fixed_dictionaries({"user": persons, "important": st.booleans()}), st.just({"wait": 60})]
    if schedules:
        places = st.integers(0, len(schedules) - 1)
        steps.append(st.fixed_dictionaries({"schedule": places, "important": st.booleans()}))
    chains = draw(st.lists(st.lists(st.one_of(*steps), max_size=3), max_size=3))
    chain = st.none() | st.integers(0, len(chains) - 1) if chains else st.none()
    integration = st.fixed_dictionaries({"routes": st.lists(chain, max_size=2), "default": chain})
    integrations = draw(st.lists(integration, max_size=2))
    return {"users": users, "schedules": schedules, "chains": chains, "integrations": integrations}


def told(finding: Finding) -> plain.Told:
    """Return what counts of a finding, as the judge says it."""
    more = {
        FindingKind.GAP: str(round(sum((time.length for time in finding.times), timedelta()) / DAY)),
        FindingKind.LONG_STRETCH: finding.person.label if finding.person else "",
    }
    dated = {*more, FindingKind.SCHEDULE_ENDS}
    since = (finding.since - START) / DAY if finding.since and finding.kind in dated else None
    return (str(finding.kind), finding.where.name, more.get(finding.kind, finding.urgency), since)


@given(account=accounts())
async def test_any_account_is_judged_as_its_plain_data_say(account: dict[str, Any]) -> None:
    """Whatever is wrong, all of it is found, nothing else is, and no request is made twice."""
    async with grafana_world(GrafanaOptions(limit=None)) as w:
        await plain.put_in(w, account)
        audit = await w.client.audit(start=START, days=plain.DAYS, max_stretch=plain.LONGEST * DAY)
        assert Counter(map(told, audit.findings)) == Counter(plain.Judge(account).findings())
        assert audit.requests.sent == len(set(w.sent())) == len(w.sent())
