"""Keeping whoever is on call while a rotation is edited: its start moves, and the rest stays as it was edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aiooncall import OptionsError, diff, evolve
from aiooncall.coverage import Person
from aiooncall.datadog import Interval, Layer, Member, Schedule, TimeRestriction, User
from aiooncall.datadog.keeping import Plan, keep_current
from aiooncall.datadog.layers import rotations_of
from aiooncall.datadog.rotation import on_call, turn_at
from aiooncall.simulator.datadog.rotation import find_shifts
from tests.support.drawn_schedules import INTERVALS, DrawnSchedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall.datadog.rotation import StandIn

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MONDAY: Final = datetime(2031, 1, 6, 8, tzinfo=UTC)
ANN, BEN, CEM, DAN = (User(id=name[0].lower(), name=name) for name in ("Ann", "Ben", "Cem", "Dan"))


def plan_of(schedule: Schedule) -> Plan:
    """Return a schedule and its rotations."""
    return Plan(schedule, rotations_of(schedule))


def person_at(schedule: Schedule, at: datetime, stand_ins: Sequence[StandIn] = ()) -> str | None:
    """Return the id of whoever is on call, computed from the schedule alone."""
    found = on_call(rotations_of(schedule), stand_ins, at, at + datetime.resolution)
    return next((turn.person.id for turn in found if turn.person), None)


def simulated_at(schedule: Schedule, at: datetime) -> str | None:
    """Return the id of whoever is on call by the simulator's own arithmetic."""
    layers = [
        {
            "effective_date": layer.effective_date.isoformat() if layer.effective_date else None,
            "end_date": layer.end_date.isoformat() if layer.end_date else None,
            "rotation_start": layer.rotation_start.isoformat() if layer.rotation_start else None,
            "interval": {"days": layer.interval.days or 0, "seconds": layer.interval.seconds or 0},
            "members": [{"user": {"id": one.user.id}} if one.user else {} for one in layer.members or ()],
            "time_zone": layer.time_zone or None,
            "restrictions": [
                {name: str(getattr(one, name)) for name in ("start_day", "start_time", "end_day", "end_time")}
                for one in layer.restrictions or ()
            ],
        }
        for layer in schedule.layers or ()
        if isinstance(layer, Layer) and layer.interval and all(isinstance(one, Member) for one in layer.members or ())
    ]
    found = find_shifts({"time_zone": schedule.time_zone, "layers": layers}, "current", at)
    return found[0].user_id if found else None


def with_ids(schedule: Schedule) -> Schedule:
    """Return a schedule whose layers have ids, as those that were read."""
    layers = [evolve(layer, id=f"l{number}") for number, layer in enumerate(schedule.layers or ())]
    return evolve(schedule, layers=layers)


def edit(data: st.DataObject, schedule: Schedule) -> Schedule:
    """Return a schedule with one layer edited such that all its members stay."""
    layers = [layer for layer in schedule.layers or () if isinstance(layer, Layer)]
    number = data.draw(st.sampled_from([place for place, one in enumerate(layers) if one.members]))
    members = list(layers[number].members or ())
    for _ in range(data.draw(st.integers(0, 2))):
        members.insert(data.draw(st.integers(0, len(members))), Member(user=data.draw(st.sampled_from([DAN, None]))))
    interval = layers[number].interval
    if data.draw(st.booleans()):
        drawn: dict[str, Any] = {**data.draw(INTERVALS)}
        interval = Interval(**drawn)
    layers[number] = evolve(layers[number], members=data.draw(st.permutations(members)), interval=interval)
    return evolve(schedule, layers=layers)


@settings(max_examples=100)
@given(st.data())
def test_whoever_is_on_call_stays(data: st.DataObject) -> None:
    """After members and intervals change the same person is on call, around changes of clocks, by the simulator too.

    Nothing but the start of rotations is moved, only back, and hand-overs stay where they are.
    """
    drawn = DrawnSchedule(data)
    assume(any(layer["members"] for layer in drawn.wire["layers"]))
    present, at = with_ids(drawn.schedule), drawn.moment(data, 11)
    edited = edit(data, present)
    before = person_at(present, at)
    assume(before)
    kept = keep_current(plan_of(present), plan_of(edited), (), at)
    assert person_at(kept.schedule, at) == before == simulated_at(kept.schedule, at)
    changed = diff(edited, kept.schedule)
    assert {change.path.rpartition(".")[2] for change in changed} <= {"rotation_start"}
    assert len(changed) == len(kept.moves)
    assert all(move.after < move.before for move in kept.moves)
    for planned, moved in zip(rotations_of(edited), rotations_of(kept.schedule), strict=True):
        mixed = planned.days and planned.seconds  # hours on top of days drift over a change of clocks
        if not (mixed or planned.anchor.astimezone(planned.zone).fold):  # no day has that hour but this one
            one, other = turn_at(planned, at), turn_at(moved, at)
            assert (one and one[:2]) == (other and other[:2])


@given(st.data())
def test_an_unedited_schedule_stays(data: st.DataObject) -> None:
    """Without an edit nothing is moved, whoever is on call and whenever."""
    drawn = DrawnSchedule(data)
    plan = plan_of(with_ids(drawn.schedule))
    assert keep_current(plan, plan, (), drawn.moment(data, 11)) is plan


def layer(*members: User | None, **options: Any) -> Layer:
    """Return a daily layer from Monday on."""
    known = {"name": "Days", "effective_date": MONDAY, "rotation_start": MONDAY, "interval": Interval(days=1)}
    return Layer(members=members, **{**known, **options})


def schedule_of(*layers: Layer, zone: str = "Europe/Berlin") -> Schedule:
    """Return a schedule with layers."""
    return Schedule(id="s", name="P", time_zone=zone, layers=layers)


def kept_by(present: Schedule, edited: Schedule, at: datetime) -> Plan:
    """Return what is kept of an edit."""
    return keep_current(plan_of(present), plan_of(edited), (), at)


def test_how_far_and_until_when() -> None:
    """A move says how far it is on the wall, until when the turn goes on, and who comes then."""
    present = schedule_of(layer(ANN, BEN, id="l"))
    edited = schedule_of(layer(CEM, ANN, BEN, id="l", interval=Interval(days=7)))
    at = datetime(2031, 4, 2, 12, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)  # after clocks went forward
    plan = kept_by(present, edited, at)
    (move,) = plan.moves
    assert (move.layer, move.person and move.person.id, move.following and move.following.id) == ("Days", "a", "b")
    assert str(move) == (
        "The rotation of Days starts 7 d earlier, on Mon 2030-12-30 09:00: Ann keeps the turn until "
        "Mon 2031-04-07 09:00, instead of Thu 2031-04-03 09:00, and then Ben takes over."
    )
    (written,) = plan.schedule.layers or ()
    assert isinstance(written, Layer)
    assert written.rotation_start == move.after == MONDAY - 7 * DAY


def test_a_rotation_that_begins_later_begins_by_now() -> None:
    """What happens before a rotation starts is not documented, so it is moved to where it has started."""
    present = schedule_of(layer(ANN, BEN, id="l"))
    edited = schedule_of(layer(BEN, CEM, ANN, id="l", rotation_start=MONDAY + 30 * DAY))
    at = MONDAY + 4 * DAY + HOUR
    (move,) = kept_by(present, edited, at).moves
    assert (move.after <= at, (MONDAY + 30 * DAY - move.after) % DAY) == (True, timedelta())
    assert person_at(kept_by(present, edited, at).schedule, at) == "a"


def test_a_skipped_hour_is_no_start() -> None:
    """A rotation is not moved to a day on which clocks skip its hour, as all hand-overs would be at another one."""
    zone = "America/New_York"
    first = datetime(2031, 3, 10, 2, 30, tzinfo=ZoneInfo(zone))  # on the 9th there is no 02:30
    options: dict[str, Any] = {"id": "l", "effective_date": first, "rotation_start": first}
    at = first.astimezone(UTC) + 2 * DAY
    present, edited = (schedule_of(layer(*who, **options), zone=zone) for who in ((ANN, BEN), (BEN, ANN)))
    plan = kept_by(present, edited, at)
    (move,) = plan.moves
    assert move.after == datetime(2031, 3, 7, 2, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert "starts 3 d earlier" in str(move)
    one, other = (turn_at(rotations_of(schedule)[0], at) for schedule in (edited, plan.schedule))
    assert (one and one[:2]) == (other and other[:2])


def test_the_second_of_two_equal_hours() -> None:
    """A rotation that starts at an hour which comes twice is moved to a day that has it once: the person stays."""
    zone = ZoneInfo("America/New_York")
    first = datetime(2031, 11, 2, 1, 30, fold=1, tzinfo=zone)
    options: dict[str, Any] = {"id": "l", "effective_date": first, "rotation_start": first}
    at = first.astimezone(UTC) + HOUR
    present, edited = (schedule_of(layer(*who, **options), zone=zone.key) for who in ((ANN, BEN), (BEN, ANN)))
    plan = kept_by(present, edited, at)
    (move,) = plan.moves
    assert move.after == datetime(2031, 11, 1, 1, 30, tzinfo=zone).astimezone(UTC)
    assert person_at(plan.schedule, at) == person_at(present, at) == "a"


def test_layers_are_known_by_their_names() -> None:
    """A layer without an id, as one that is written by hand, is the one of the same name."""
    edited = schedule_of(layer(BEN, ANN))
    assert len(kept_by(schedule_of(layer(ANN, BEN, id="l")), edited, MONDAY).moves) == 1
    other = schedule_of(layer(BEN, ANN, name="Other"))
    with pytest.raises(OptionsError, match="has no turn then"):
        kept_by(schedule_of(layer(ANN, BEN, id="l")), other, MONDAY)


def test_outside_of_its_hours_a_layer_keeps_its_turn() -> None:
    """Whose turn it is keeps it at a time at which the layer puts nobody on call; whoever left it then is let go."""
    hours = TimeRestriction(start_day="monday", start_time="09:00:00", end_day="monday", end_time="17:00:00")
    present = schedule_of(layer(ANN, BEN, id="l", restrictions=[hours]))
    at = MONDAY + 12 * HOUR
    edited = schedule_of(layer(BEN, ANN, id="l", restrictions=[hours]))
    (move,) = kept_by(present, edited, at).moves
    assert move.person == Person(id="a")
    without = schedule_of(layer(BEN, CEM, id="l", restrictions=[hours]))
    assert kept_by(present, without, at).moves == ()


NEVER: Final = TimeRestriction(start_day="sunday", start_time="09:00:00", end_day="sunday", end_time="17:00:00")


@pytest.mark.parametrize(
    ("edited", "why"),
    [
        ([layer(BEN, CEM, id="l")], "Ann on call at 2031-01-06T08:00:00+00:00, who is no member of any layer then"),
        ([layer(None, BEN, id="l")], "is no member"),
        ([layer(ANN, BEN, id="l", restrictions=[NEVER])], "has no turn then"),
        ([layer(ANN, BEN, id="l", effective_date=MONDAY + DAY)], "has no turn then"),
        ([layer(ANN, BEN, id="l"), layer(CEM, name="Above")], "another one counts before it"),
    ],
)
def test_who_cannot_stay(edited: list[Layer], why: str) -> None:
    """An edit by which nobody can stay by moving a rotation is refused, and the error says who and why."""
    with pytest.raises(OptionsError) as raised:
        kept_by(schedule_of(layer(ANN, BEN, id="l")), schedule_of(*edited), MONDAY)
    assert raised.value.field == "keep_current"
    assert why in str(raised.value)


def test_nobody_need_not_stay() -> None:
    """Where nobody is on call nobody has to stay: before a layer holds, in an empty slot, without layers."""
    for present in (schedule_of(layer(ANN, id="l", effective_date=MONDAY + DAY)), schedule_of(layer(None, id="l"))):
        edited = schedule_of(layer(BEN, CEM, id="l"))
        assert kept_by(present, edited, MONDAY).moves == ()
    assert kept_by(schedule_of(), schedule_of(layer(BEN)), MONDAY).moves == ()
