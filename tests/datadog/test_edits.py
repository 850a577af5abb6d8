"""Read, edit, write: what was not edited is afterwards what it was before, whatever the answers are like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import evolve
from aiooncall.datadog import EscalationPolicyAction, EscalationStep, RoutingRule, Team, User, WorkflowAction
from tests.support.datadog_edits import POLICY, RULES, SCHEDULE, Kind, edited
from tests.support.datadog_world import MANNERS, but, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.datadog_world import Json, World

KINDS: Final = [pytest.param(kind, id=kind.stored_as) for kind in (POLICY, SCHEDULE, RULES)]


@pytest.mark.parametrize("manner", MANNERS, ids=str)
@pytest.mark.parametrize("included", ["everything", "least"])
@pytest.mark.parametrize("kind", KINDS)
async def test_writing_back_changes_nothing(kind: Kind, included: str, manner: Json) -> None:
    """What was read and is written back is stored as before, ids included, however odd the answers are."""
    async with world(manner) as w:
        before = kind.stored(w)
        await kind.write(w, await kind.read(w, kind.least if included == "least" else None))
        assert kind.stored(w) == before
        assert [request.split()[0] for request in w.sent()] == ["GET", "PUT"]


def step(policy: Any, number: int, **changes: Any) -> Any:
    """Return a policy of which one step was edited."""
    return evolve(policy, steps=edited(policy.steps, number, **changes))


def layer(schedule: Any, number: int, **changes: Any) -> Any:
    """Return a schedule of which one layer was edited."""
    return evolve(schedule, layers=edited(schedule.layers, number, **changes))


def rule(rules: Any, number: int, **changes: Any) -> Any:
    """Return routing rules of which one was edited."""
    return evolve(rules, rules=edited(rules.rules, number, **changes))


def action(rules: Any, number: int, **changes: Any) -> Any:
    """Return routing rules of which one action of the second rule was edited."""
    return rule(rules, 1, actions=edited(rules.rules[1].actions, number, **changes))


TURNED = object()
"""The same list in the opposite order."""


def first_turned(rules: Sequence[Any]) -> list[Any]:
    """Return rules in the opposite order, but for the last, which has to stay the last."""
    return [*rules[-2::-1], rules[-1]]


Edit = tuple[Kind, Callable[[Any, "World"], Any], tuple[str | int, ...], Any]
EDITS: Final[dict[str, Edit]] = {
    "policy name": (POLICY, lambda p, _: evolve(p, name="New"), ("name",), "New"),
    "retries": (POLICY, lambda p, _: evolve(p, retries=0), ("retries",), 0),
    "ending": (
        POLICY,
        lambda p, _: evolve(p, resolve_page_on_policy_end=False),
        ("resolve_page_on_policy_end",),
        False,
    ),
    "wait": (
        POLICY,
        lambda p, _: step(p, 0, escalate_after=timedelta(hours=1)),
        ("steps", 0, "escalate_after_seconds"),
        3600,
    ),
    "assignment": (POLICY, lambda p, _: step(p, 1, assignment="default"), ("steps", 1, "assignment"), "default"),
    "targets": (POLICY, lambda p, _: step(p, 0, targets=p.steps[0].targets[::-1]), ("steps", 0, "targets"), TURNED),
    "position": (
        POLICY,
        lambda p, _: step(p, 1, targets=edited(p.steps[1].targets, 0, position="next")),
        ("steps", 1, "targets", 0, "config", "schedule", "position"),
        "next",
    ),
    "team as a target": (
        POLICY,
        lambda p, w: step(p, 2, targets=[Team(id=w.payments)]),
        ("steps", 2, "targets"),
        lambda w: [{"type": "teams", "id": w.payments}],
    ),
    "steps": (POLICY, lambda p, _: evolve(p, steps=p.steps[::-1]), ("steps",), TURNED),
    "schedule name": (SCHEDULE, lambda s, _: evolve(s, name="New"), ("name",), "New"),
    "zone": (SCHEDULE, lambda s, _: evolve(s, time_zone="Asia/Tokyo"), ("time_zone",), "Asia/Tokyo"),
    "layer name": (SCHEDULE, lambda s, _: layer(s, 1, name="Late"), ("layers", 1, "name"), "Late"),
    "interval": (
        SCHEDULE,
        lambda s, _: layer(s, 1, interval=timedelta(days=7)),
        ("layers", 1, "interval"),
        {"days": 7},
    ),
    "end": (
        SCHEDULE,
        lambda s, _: layer(s, 1, end_date=datetime(2029, 1, 1, tzinfo=UTC)),
        ("layers", 1, "end_date"),
        "2029-01-01T00:00:00Z",
    ),
    "window": (
        SCHEDULE,
        lambda s, _: layer(s, 1, restrictions=edited(s.layers[1].restrictions, 0, end_day="tuesday")),
        ("layers", 1, "restrictions", 0, "end_day"),
        "tuesday",
    ),
    "members": (
        SCHEDULE,
        lambda s, _: layer(s, 0, members=s.layers[0].members[::-1]),
        ("layers", 0, "members"),
        TURNED,
    ),
    "member": (
        SCHEDULE,
        lambda s, w: layer(s, 0, members=edited(s.layers[0].members, 2, user=User(id=w.cy))),
        ("layers", 0, "members", 2, "user", "id"),
        lambda w: w.cy,
    ),
    "empty slot": (
        SCHEDULE,
        lambda s, _: layer(s, 0, members=[*s.layers[0].members, None]),
        ("layers", 0, "members"),
        lambda w: [{"user": {"id": w.ann}}, {}, {"user": {"id": w.bob}}, {}],
    ),
    "layers": (SCHEDULE, lambda s, _: evolve(s, layers=s.layers[::-1]), ("layers",), TURNED),
    "query": (RULES, lambda r, _: rule(r, 0, query="new"), ("rules", 0, "query"), "new"),
    "action": (RULES, lambda r, _: action(r, 0, channel="C9"), ("rules", 1, "actions", 0, "channel"), "C9"),
    "other action": (
        RULES,
        lambda r, _: rule(r, 2, actions=[WorkflowAction(handle="new")]),
        ("rules", 2, "actions"),
        [{"type": "workflow", "handle": "new"}],
    ),
    "timeout": (
        RULES,
        lambda r, _: action(r, 3, ack_timeout=timedelta(minutes=60)),
        ("rules", 1, "actions", 3, "ack_timeout_minutes"),
        60,
    ),
    "hours": (
        RULES,
        lambda r, _: rule(r, 0, time_restriction=evolve(r.rules[0].time_restriction, time_zone="Asia/Tokyo")),
        ("rules", 0, "time_restriction", "time_zone"),
        "Asia/Tokyo",
    ),
    "rules": (
        RULES,
        lambda r, _: evolve(r, rules=first_turned(r.rules)),
        ("rules",),
        lambda w: first_turned(RULES.stored(w)["attributes"]["rules"]),
    ),
}
"""By what is edited: of which resource, how, which place of what is stored changes by that, and to what."""


@pytest.mark.parametrize("manner", MANNERS, ids=str)
@pytest.mark.parametrize("what", EDITS)
async def test_one_edit_changes_one_thing(what: str, manner: Json) -> None:
    """Changing one thing changes exactly that on the server, and leaves what was read as it was."""
    kind, edit, place, value = EDITS[what]
    async with world(manner) as w:
        before, found = kind.stored(w), await kind.read(w)
        old: Any = before["attributes"]
        for name in place:
            old = old[name]
        wanted = old[::-1] if value is TURNED else value(w) if callable(value) else value
        assert wanted != old
        await kind.write(w, edit(found, w))
        assert kind.stored(w) == but(before, "attributes", *place, value=wanted)
        await kind.write(w, found)
        assert kind.stored(w) == before


PARTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "steps": lambda w, _: EscalationStep(targets=[User(id=w.cy)], escalate_after=60),
    "layers": lambda _, layer: evolve(layer, id="", name="New"),
    "rules": lambda w, _: RoutingRule(query="", actions=[EscalationPolicyAction(policy_id=w.backup)]),
}
"""How to make one more part, in this world and with another one to copy from."""


@pytest.mark.parametrize("manner", MANNERS, ids=str)
@pytest.mark.parametrize(("kind", "parts"), [(POLICY, "steps"), (SCHEDULE, "layers"), (RULES, "rules")])
async def test_parts_come_and_go(kind: Kind, parts: str, manner: Json) -> None:
    """A part that is taken out is gone, one that is put in gets an id, and the others keep theirs."""
    async with world(manner) as w:
        before, found = kind.stored(w), await kind.read(w)
        first, *rest = getattr(found, parts)
        new = PARTS[parts](w, first)
        await kind.write(w, evolve(found, **{parts: [*rest, new]}))
        *kept, made = kind.stored(w)["attributes"][parts]
        assert kept == before["attributes"][parts][1:]
        assert made["id"] not in {part["id"] for part in before["attributes"][parts]}


@pytest.mark.parametrize(("kind", "owner"), [(POLICY, "storage"), (SCHEDULE, "storage")])
async def test_owners_change_and_nothing_else(kind: Kind, owner: str) -> None:
    """The teams that own something are replaced or dropped, and nothing else with them."""
    async with world() as w:
        before, found = kind.stored(w), await kind.read(w)
        await kind.write(w, evolve(found, teams=[Team(id=getattr(w, owner))]))
        teams = {"data": [{"type": "teams", "id": getattr(w, owner)}]}
        assert kind.stored(w) == but(before, "relationships", "teams", value=teams)
        await kind.write(w, evolve(found, teams=[]))
        assert kind.stored(w) == but(before, "relationships", "teams", value={"data": []})
