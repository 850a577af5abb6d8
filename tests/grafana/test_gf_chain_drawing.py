"""An escalation chain with its steps: what is read for it, and how it is told and drawn."""

from __future__ import annotations

from datetime import timedelta
from math import inf, nan
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import NotFound, ServerError
from aiooncall import grafana as g
from aiooncall.simulator import Fault, FaultKind
from tests.support.grafana_client import NOTHING, grafana_world

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall import GrafanaOnCall, OnCall
    from aiooncall.drawing.drawable import Drawable
    from aiooncall.drawing.outline import Outline
    from aiooncall.simulator import Simulator

STEPS: Final[dict[str, tuple[Any, str]]] = {
    "persons": (g.NotifyPersonsStep(id="s", persons_to_notify=["A", "B"]), "Ann, and B"),
    "important": (g.NotifyPersonsStep(id="s", persons_to_notify=["A"], important=True), "Ann (important)"),
    "next person": (
        g.NotifyNextPersonStep(id="s", persons_to_notify_next_each_time=["A", "B"]),
        "one of Ann, B, in turn",
    ),
    "schedule": (g.NotifyScheduleStep(id="s", notify_on_call_from_schedule="S"), "whoever is on call for Primary"),
    "team": (g.NotifyTeamStep(id="s", team_to_notify="T"), "the team Payments"),
    "user group": (g.NotifyUserGroupStep(id="s", group_to_notify="G"), "the user group ops"),
    "webhook": (g.TriggerWebhookStep(id="s", webhook_id="W"), "the webhook Restart"),
    "channel": (g.NotifyChannelStep(id="s"), "the slack channel of the alert group (everybody in it)"),
    "incident": (g.DeclareIncidentStep(id="s", severity="minor"), "the incident declared now (severity minor)"),
    "time of day": (
        g.ContinueAtTimeStep(id="s", notify_if_time_from="09:00:00Z", notify_if_time_to="17:00:00Z"),
        "the condition to go on only from 09:00:00Z to 17:00:00Z",
    ),
    "alerts": (
        g.ContinueOnAlertsStep(id="s", num_alerts_in_window=3, num_minutes_in_window=5),
        "the condition to go on only after 3 alerts in 5 min",
    ),
    "unknown": (g.UnknownStep(id="s", kind="sing"), "the step sing (of an unknown kind)"),
    "nobody": (g.NotifyPersonsStep(id="s"), "nobody"),
    "gone": (g.NotifyScheduleStep(id="s", notify_on_call_from_schedule=None), "nobody"),
}
"""A step of each kind, and whom it says to reach."""
NAMES: Final = {"A": "Ann", "S": "Primary", "T": "Payments", "G": "ops", "W": "Restart"}


def drawn(*steps: Any, on_call: Mapping[str, OnCall] | None = None, **fields: Any) -> Outline:
    """Return the outline of a chain with these steps."""
    chain = g.EscalationChain(id="C", **{"name": "Checkout", **fields})
    return g.ChainWithSteps(chain=chain, steps=steps, names=NAMES).outline(on_call)


def wait(seconds: Any) -> g.WaitStep:
    """Return a step that waits."""
    return g.WaitStep(id="w", duration=seconds)


TELL: Final = g.NotifyPersonsStep(id="s", persons_to_notify=["A"])


@pytest.mark.parametrize("name", STEPS)
def test_each_kind_of_step_says_whom_it_reaches(name: str) -> None:
    """A step is told by the names of what it tells, or by what it does; ids stand for names that are not known."""
    step, said = STEPS[name]
    chain = g.ChainWithSteps(chain=g.EscalationChain(id="C", name="Checkout"), steps=(step,), names=NAMES)
    assert chain.describe().splitlines()[1] == f"1. At once: {said}."


def test_waits_stand_between_the_steps() -> None:
    """A wait belongs to the step before it, two in a row add up, and a step without one is followed at once."""
    outline = drawn(TELL, wait(60), wait(timedelta(minutes=4)), TELL, TELL, wait(60))
    assert [step.wait for step in outline.steps] == [300, 0, 60]
    assert list(outline.starts) == [0, 300, 300]


def test_a_wait_at_the_beginning_reaches_nobody() -> None:
    """A chain that begins with a wait begins with a step that reaches nobody."""
    first, second = drawn(wait(300), TELL).steps
    assert (first.targets, first.wait, len(second.targets)) == ((), 300, 1)


@pytest.mark.parametrize("step", [STEPS["time of day"][0], STEPS["alerts"][0], STEPS["unknown"][0]])
def test_nobody_knows_how_long_a_condition_holds(step: Any) -> None:
    """After a condition, or a step of an unknown kind, no start is known, whatever waits follow."""
    assert list(drawn(step, wait(60), TELL).starts) == [0, None]


@pytest.mark.parametrize("length", [None, nan, inf, -1])
def test_a_wait_that_makes_no_sense_is_unknown(length: Any) -> None:
    """A wait of no length, or of an impossible one, is told as unknown."""
    assert drawn(TELL, wait(length)).steps[0].wait is None


def test_a_repetition_at_the_end_repeats_the_whole() -> None:
    """A chain that ends with a repetition begins again at most five times, and then the group keeps firing."""
    outline = drawn(TELL, wait(60), g.RepeatStep(id="r"))
    assert (len(outline.steps), outline.repeats, outline.total_duration) == (1, 5, 360)
    assert outline.ending == "the alert group keeps firing"


def test_a_repetition_amid_the_chain_is_a_step() -> None:
    """Where steps follow a repetition it is a step of its own, and when they begin is unknown."""
    outline = drawn(TELL, g.RepeatStep(id="r"), TELL)
    assert (outline.repeats, [target.kind for target in outline.steps[1].targets]) == (0, ["repetition"])
    assert list(outline.starts) == [0, 0, None]


def test_nothing_comes_after_the_group_is_resolved() -> None:
    """The step that resolves the group is the end: what stands behind it is never reached."""
    outline = drawn(TELL, wait(60), g.ResolveStep(id="r"), TELL)
    assert (len(outline.steps), outline.ending) == (1, "the alert group is resolved")
    assert drawn(TELL, g.RepeatStep(id="x"), g.ResolveStep(id="r")).repeats == 5


def test_the_title_and_the_team() -> None:
    """A chain is called by its name, else by its id, and its team by its name."""
    assert (drawn().title, drawn(name=None).title, drawn().teams) == ("Checkout", "C", ())
    assert [drawn(team_id=team).teams for team in ("T", "X", None)] == [("Payments",), ("X",), ()]


@given(
    steps=st.lists(st.sampled_from([step for step, _ in STEPS.values()] + [wait(60), g.RepeatStep(), g.ResolveStep()]))
)
def test_any_chain_can_be_drawn(steps: list[Any]) -> None:
    """Steps of any kinds in any order can be told and drawn in all ways."""
    chain: Drawable = g.ChainWithSteps(chain=g.EscalationChain(id="C"), steps=tuple(steps))
    assert all((chain.describe(), chain.tree(), chain.tree(ascii_only=True), chain.mermaid(), chain.svg()))
    assert len(chain.outline().steps) <= max(1, len(steps))


async def test_with_steps_reads_all_that_the_steps_tell(sim: Simulator, gf: GrafanaOnCall) -> None:
    """The chain comes with its steps in order and with the names of whom they tell, each asked for once."""
    ann, team, group = sim.grafana.add_user("ann"), sim.grafana.add_team("payments"), sim.grafana.add_user_group("ops")
    primary = await gf.schedules.create(g.WebSchedule(name="Primary", time_zone="UTC"))
    hook = g.Webhook(name="Restart", url="https://example.com", http_method="POST", trigger_type="escalation")
    made = await gf.webhooks.create(hook)
    chain = await gf.escalation_chains.create(g.EscalationChain(name="Checkout", team_id=team))
    for step in (
        g.NotifyPersonsStep(persons_to_notify=[ann]),
        g.NotifyNextPersonStep(persons_to_notify_next_each_time=[ann]),
        g.NotifyScheduleStep(notify_on_call_from_schedule=primary.id),
        g.NotifyTeamStep(team_to_notify=team),
        g.NotifyUserGroupStep(group_to_notify=group),
        g.TriggerWebhookStep(webhook_id=made.id),
    ):
        step.escalation_chain_id = chain.id
        await gf.escalation_policies.create(step)
    sim.ledger.requests.clear()

    found = await gf.escalation_chains.with_steps(chain.id)

    assert (found.chain, [step.position for step in found.steps]) == (chain, list(range(6)))
    assert found.names == {
        ann: "ann", team: "payments", group: "ops", primary.id: "Primary", made.id: "Restart"
    }  # fmt: skip
    assert len(sim.ledger.requests) == 7
    on_call = {primary.id: await gf.who_is_on_call(schedule=primary.id)}
    assert found.describe(on_call).startswith("Checkout (teams: payments)\n1. At once: ann.\n")


@pytest.mark.parametrize("status", [403, 404])
async def test_groups_that_cannot_be_read_are_ids(status: int) -> None:
    """Where nobody may list the user groups, or there is no such list, a group is called by its id."""
    async with grafana_world() as w:
        group = w.sim.grafana.add_user_group("ops")
        chain = await w.client.escalation_chains.create(g.EscalationChain(name="Checkout"))
        await w.client.escalation_policies.create(
            g.NotifyUserGroupStep(escalation_chain_id=chain.id, group_to_notify=group)
        )
        w.sim.faults.script("GET", "/api/v1/user_groups/", Fault(FaultKind.ERROR_BEFORE, status=status))
        found = await w.client.escalation_chains.with_steps(chain.id)
        assert found.describe().splitlines()[1] == f"1. At once: the user group {group}."


@pytest.mark.parametrize("status", [403, 404])
async def test_a_name_that_cannot_be_read_is_an_id(status: int) -> None:
    """What is gone, or may not be read, is called by its id, and the rest is there."""
    async with grafana_world() as w:
        ann = w.sim.grafana.add_user("ann")
        chain = await w.client.escalation_chains.create(g.EscalationChain(name="Checkout"))
        await w.client.escalation_policies.create(
            g.NotifyPersonsStep(escalation_chain_id=chain.id, persons_to_notify=[ann])
        )
        w.sim.faults.script("GET", f"/api/v1/users/{ann}/", Fault(FaultKind.ERROR_BEFORE, status=status))
        found = await w.client.escalation_chains.with_steps(chain.id)
        assert found.describe().splitlines()[1] == f"1. At once: {ann}."


async def test_a_chain_that_cannot_be_read_is_an_error() -> None:
    """A chain that is not there is NotFound, and a name that the server fails to tell is its error."""
    async with grafana_world() as w:
        with pytest.raises(NotFound):
            await w.client.escalation_chains.with_steps(NOTHING)
        chain = await w.client.escalation_chains.create(g.EscalationChain(name="Checkout", team_id=None))
        ann = w.sim.grafana.add_user("ann")
        await w.client.escalation_policies.create(
            g.NotifyPersonsStep(escalation_chain_id=chain.id, persons_to_notify=[ann])
        )
        broken = Fault(FaultKind.ERROR_BEFORE, status=501)
        w.sim.faults.script("GET", f"/api/v1/users/{ann}/", broken)
        with pytest.raises(ServerError):
            await w.client.escalation_chains.with_steps(chain.id)
