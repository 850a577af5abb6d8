"""What type checkers make of the public API. Never executed: mypy and pyright read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_type

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    AttemptFinished,
    AttemptStarted,
    BudgetHeld,
    BudgetLearned,
    BudgetSnapshot,
    CallCancelled,
    CallFinished,
    CallRate,
    CallStarted,
    ClientOptions,
    CodecError,
    CreatedPage,
    DatadogOnCall,
    Diff,
    FanOut,
    Hold,
    ItemOutcome,
    JobPaused,
    JobResumed,
    OnCall,
    OptionsError,
    Page,
    PageSort,
    PageStatus,
    PoolOptions,
    RateLimit,
    RateLimited,
    Report,
    ResourceRef,
    ResultLimitReached,
    RetryPolicy,
    RetryScheduled,
    SessionPool,
    TeamHandle,
    TeamId,
    Throttled,
    UnknownResource,
    UnsetType,
    Urgency,
    UserId,
    WriteNotKept,
    audit,
    coverage,
    diff,
    evolve,
    log_events,
)
from aiooncall.datadog import (
    AlertLink,
    AlertLinkCategory,
    EscalationPolicy,
    EscalationStep,
    EscalationTimeline,
    NotificationChannel,
    NotificationRule,
    Override,
    PagerDutyService,
    PolicyInclude,
    RoutingRule,
    RoutingRules,
    RuleTimeline,
    Schedule,
    ScheduleResponders,
    ScheduleTarget,
    Shift,
    Team,
    TeamOnCall,
    User,
)
from aiooncall.simulator import Effect, Fault, FaultKind, FaultPlan, Ledger, RateRule, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall import (
        OnCallError,
    )
    from aiooncall.events import Event


async def opening() -> None:
    """A client and a pool are context managers of their own type."""
    async with DatadogOnCall("api-key", "app-key", site="datadoghq.eu") as dd:
        assert_type(dd, DatadogOnCall)
        assert_type(dd.options, ClientOptions)
        assert_type(dd.budgets(), tuple[BudgetSnapshot, ...])
    async with SessionPool(PoolOptions(proxy="http://proxy:3128")) as pool:
        assert_type(pool, SessionPool)
        assert_type(DatadogOnCall.from_env({"DD_API_KEY": "a"}, pool=pool), DatadogOnCall)
    client = DatadogOnCall(bearer_token="token", gov_paging=True, options=ClientOptions())
    assert_type(await client.open(), None)
    assert_type(await client.close(), None)


async def paging(dd: DatadogOnCall, since: datetime) -> None:
    """Every operation on a page takes and returns plain types."""
    created = await dd.pages.create("Down", target=TeamHandle("my-team"), urgency=Urgency.HIGH, tags=("a:b",))
    assert_type(created, CreatedPage)
    assert_type(created.id, str)
    assert_type(created.reconciled, bool)
    await dd.pages.create("Down", target=TeamId("1"), urgency="low", description=None, tags={"a"}, dedup_key="k")
    assert_type((created.created, created.maybe_twice), tuple[bool, bool])
    again = await dd.pages.create("Down", target=TeamId("1"), dedup_key="k", unless_open=True, delivery="at_least_once")
    assert_type(again, CreatedPage)
    assert_type(await dd.pages.find("k"), Page | None)
    assert_type(dd.with_options(deadline=None, timeout=3), DatadogOnCall)
    assert_type(await dd.pages.get(created.id), Page)
    assert_type(await dd.pages.acknowledge(created.id), None)
    assert_type(await dd.pages.escalate(created.id), None)
    assert_type(await dd.pages.resolve(created.id), None)
    assert_type(await dd.pages.reroute(created.id, target=UserId("u")), None)
    links = [AlertLink("https://x", "runbook"), AlertLink("https://x", AlertLinkCategory.DASHBOARD, title="x")]
    assert_type(await dd.alerts.trigger("Down", team="web", key="k", priority=1, tags={"a:b"}, links=links), None)
    assert_type(await dd.alerts.recover("k", team="web", title=None, message="Over"), None)
    pages = dd.pages.list("status:triggered", page_size=10, sort=PageSort.CREATED_AT_DESCENDING, since=since)
    assert_type(pages, AsyncIterator[Page])
    assert_type([page async for page in dd.pages.list()], list[Page])


def reading(page: Page) -> None:
    """A page's attributes have precise types; open vocabularies are an enum or text."""
    assert_type(page.id, str)
    assert_type(page.title, str)
    assert_type(page.status, PageStatus | str)
    urgency: Urgency | str | UnsetType | None = page.urgency
    assert urgency
    assert_type(page.created_at, datetime)
    assert_type(page.acknowledged_at, datetime | UnsetType | None)
    assert_type(page.tags, Sequence[str])
    assert_type(page.target, User | Team | UnknownResource | ResourceRef | UnsetType | None)
    assert_type(page.responders, Sequence[User | UnknownResource | ResourceRef] | UnsetType)
    assert_type(page.extra, Mapping[str, Any])


async def configuring(dd: DatadogOnCall, at: datetime) -> None:
    """Every service takes and returns its own model, and includes are an enum."""
    policy = await dd.escalation_policies.get("id", include=PolicyInclude)
    assert_type(policy, EscalationPolicy)
    assert_type(policy.steps, Sequence[EscalationStep | Any] | UnsetType)
    assert_type(await dd.escalation_policies.update(evolve(policy, name="Nights")), EscalationPolicy)
    assert_type(await dd.escalation_policies.create(policy, include=("steps",)), EscalationPolicy)
    assert_type(await dd.escalation_policies.delete("id"), None)
    assert_type(await dd.hydrate(policy), EscalationPolicy)
    assert_type(policy.describe(), str)
    assert_type(diff(policy, policy), Diff)
    assert_type(await dd.schedules.get("id"), Schedule)
    assert_type([row async for row in dd.schedules.list("team.id:1", page_size=5)], list[Schedule])
    assert_type(await dd.schedules.on_call("id", at=at), Shift)
    assert_type(await dd.schedules.responders("id", positions=("next",)), ScheduleResponders)
    made = await dd.schedules.overrides.create("id", Override(start=at, end=at, user=User(id="u")), reconcile=True)
    assert_type(made, tuple[Override, ...])
    assert_type([row async for row in dd.schedules.overrides.list("id", at, at)], list[Override])
    assert_type([row async for row in dd.escalation_policies.list(include=PolicyInclude)], list[EscalationPolicy])
    assert_type(await dd.teams.find("handle"), Team | None)
    assert_type([row async for row in dd.teams.list(mine=True)], list[Team])
    assert_type(await dd.users.find("ann@example.com"), User | None)
    assert_type([row async for row in dd.users.list(statuses=("Active",))], list[User])
    assert_type(await dd.routing_rules.get("team"), RoutingRules)
    assert_type(await dd.teams.on_call("team"), TeamOnCall)
    assert_type(await dd.notification_channels.get("user", "channel"), NotificationChannel)
    assert_type([rule async for rule in dd.notification_rules.list("user")], list[NotificationRule])
    assert_type(await dd.pagerduty_services.get("name"), PagerDutyService)
    assert_type(await dd.who_is_on_call(team="id", at=at), OnCall)
    assert_type(await dd.shifts("id", at, at, check=3), list[coverage.Shift])
    assert_type(coverage.gaps(await dd.shifts(Schedule(), at, at), at, at), list[coverage.Gap])
    preview = await dd.schedules.preview(Schedule(), at, at, keep_current=True, at=at)
    assert_type((preview.edited, preview.on_call_after), tuple[Schedule, coverage.Person | None])
    assert_type((await dd.escalation_policies.preview(EscalationPolicy(name="P"))).after, EscalationTimeline)
    assert_type((await dd.routing_rules.preview("team", [RoutingRule()], at=at)).after, tuple[RuleTimeline, ...])
    assert_type(await dd.audit(teams="handle", kinds=["gap"], max_stretch=timedelta(days=7)), audit.Audit)
    assert_type([finding async for finding in dd.audit.stream(days=7)], list[audit.Finding])
    assert_type(await dd.audit.plan(start=at, end=at), audit.AuditRequests)


def parts(policy: EscalationPolicy, schedule: Schedule) -> None:
    """A part is of its class without further ado, and can be asked whether it is a reference."""
    first, rest = policy.steps[0], policy.steps[1:]
    edited = evolve(first, targets=[*first.targets, User(id="u")], escalate_after=timedelta(minutes=5))
    assert_type(evolve(policy, steps=[edited, *rest]), EscalationPolicy)
    for step in policy.steps:
        if isinstance(step, ResourceRef):
            assert_type(step, ResourceRef)
        else:
            assert_type([target.id for target in step.targets], list[str | Any])
    member = schedule.layers[0].members[0]
    if member.user:
        assert_type(member.user, User | ResourceRef | Any)
    EscalationPolicy(steps=iter([edited]), teams=[ResourceRef("teams", "t")])
    EscalationPolicy(steps=[User(id="u")])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
    _ = first.tragets  # type: ignore[union-attr] # pyright: ignore[reportAttributeAccessIssue]


def linked(step: EscalationStep) -> None:
    """What a link leads to narrows by its class; every target has a name."""
    assert_type([target.name for target in step.targets], list[str | UnsetType | None])
    for target in step.targets or ():
        match target:
            case User() | Team():
                assert_type(target.handle, str | UnsetType | None)
            case Schedule() | ScheduleTarget() | ResourceRef() | UnknownResource():
                assert_type(target.id, str)


def numbers() -> Iterator[str]:
    """A generator of ids, which a bulk action takes as it takes a list."""
    yield "1"


async def many(dd: DatadogOnCall) -> None:
    """A bulk job is awaited for a report or iterated over for outcomes."""
    job = dd.pages.acknowledge_many(["1"], concurrency=8)
    assert_type(job, FanOut)
    assert_type(job.report, Report)
    async for outcome in job:
        assert_type(outcome, ItemOutcome)
        assert_type(outcome.id, str)
        assert_type(outcome.error, Exception | None)
        assert_type(outcome.ok, bool)
    report = await dd.pages.resolve_many(page.id async for page in dd.pages.list())
    assert_type(report, Report)
    assert_type((report.succeeded, report.failed, report.ambiguous), tuple[int, int, int])
    assert_type(report.outcomes, list[ItemOutcome])
    assert_type(report.interrupted, list[str])
    assert_type(await dd.pages.escalate_many({"1"}), Report)
    assert_type(await FanOut(numbers(), dd.pages.get, repeatable=False), Report)


def options() -> None:
    """Durations are seconds or timedeltas and read as seconds."""
    chosen = ClientOptions(
        timeout=5,
        deadline=timedelta(minutes=2),
        reconcile_timeout=2.5,
        retry=RetryPolicy(max_attempts=3, base=timedelta(seconds=1)),
        rate_limit=CallRate(calls=300, per=timedelta(minutes=1)),
        pool=PoolOptions(connect_timeout=1, trust_env=True),
        hooks=[log_events, watch],
    )
    assert_type(chosen.timeout, float)
    assert_type(chosen.deadline, float | None)
    assert_type(chosen.retry, RetryPolicy)
    assert_type(chosen.rate_limit, CallRate | None)


def watch(event: Event, /) -> None:  # noqa: C901 (a case for each class)
    """A hook narrows an event by its class."""
    match event:
        case CallStarted():
            assert_type(event.number, int)
        case AttemptStarted():
            assert_type(event.headers, dict[str, str])
        case AttemptFinished():
            assert_type(event.status, int | None)
            assert_type(event.call, CallStarted)
        case Throttled():
            assert_type(event.retry_after, float | None)
        case RetryScheduled():
            assert_type(event.delay, float)
        case BudgetHeld() | BudgetLearned():
            assert_type(event.budget, BudgetSnapshot)
            assert_type(event.budget.hold, Hold | None)
        case CallCancelled():
            assert_type(event.left, bool)
        case CallFinished():
            assert_type(event.call, CallStarted)
        case WriteNotKept():
            assert_type(event.not_kept, tuple[str, ...])
        case JobPaused() | JobResumed():
            assert_type(event, JobPaused | JobResumed)


def failing(error: OnCallError) -> None:
    """Each error's details have types."""
    match error:
        case RateLimited():
            assert_type(error.retry_at, datetime | None)
            assert_type(error.rate_limit, RateLimit | None)
        case ApiError():
            assert_type(error.status, int)
            assert_type(error.errors, tuple[str, ...])
            assert_type(error.request_id, str | None)
        case AmbiguousOutcome():
            assert_type(error.attempts, int)
        case OptionsError():
            assert_type(error.field, str)
        case CodecError():
            assert_type(error.path, str)
        case ResultLimitReached():
            assert_type(error.limit, int)
        case _:
            assert_type(str(error), str)


async def simulating() -> None:
    """The simulator and its ledger are typed for tests that use them."""
    plan = FaultPlan()
    plan.script("POST", "*", Fault(FaultKind.THROTTLE, retry_after="1"), None)
    plan.seed(seed=7, rates={Fault(FaultKind.SLOW): 0.1})
    async with Simulator(rate_rules=[RateRule("oncall", 100, 60)], faults=plan) as sim:
        assert_type(sim, Simulator)
        assert_type(sim.datadog_url, str)
        assert_type(sim.add_page(title="Down"), str)
        assert_type(sim.ledger, Ledger)
        assert_type(sim.ledger.effects, list[Effect])
        assert_type(sim.ledger.count("create"), int)
        assert_type(sim.ledger.doubled(), list[str])
        assert_type(sim.faults.injected, Counter[FaultKind])
