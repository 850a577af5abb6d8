"""What the Grafana OnCall client refuses by itself: each rule names the argument, and nothing is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import UNSET, NotFound, OptionsError, evolve, grafana
from tests.support.datadog_world import everything
from tests.support.grafana_calls import KINDS, LATER, NEW, Ids
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from tests.support.grafana_client import GrafanaWorld

g: Any = grafana
"""What type checkers would refuse is the point here."""
IDS: Final = Ids()
HOUR: Final = timedelta(hours=1)


async def refused(w: GrafanaWorld, field: str, call: Any) -> OptionsError:
    """Check that awaiting `call` is refused for one field, and return the error."""
    with pytest.raises(OptionsError) as raised:
        await call
    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: got ")
    assert w.sent() == []
    return raised.value


NEEDED: Final = {
    "schedules": (["name", "time_zone"], ["name", "time_zone"]),
    "on_call_shifts": (["name", "type", "start", "duration"], ["name", "type"]),
    "escalation_chains": (["name"], ["name"]),
    "escalation_policies": (["escalation_chain_id"], ["escalation_chain_id"]),
    "personal_notification_rules": (["user_id", "type"], ["user_id", "type"]),
    "resolution_notes": (["alert_group_id", "text"], ["alert_group_id", "text"]),
    "integrations": (["type"], ["type"]),
    "routes": (["integration_id", "routing_regex"], ["integration_id", "routing_regex"]),
    "shift_swaps": (["schedule", "swap_start", "swap_end", "beneficiary"], ["schedule", "beneficiary"]),
    "webhooks": (["name", "url", "http_method", "trigger_type"], ["name", "url", "http_method", "trigger_type"]),
    "actions": (["name", "url"], ["name", "url"]),
}
"""What a new one needs, and what of that must say something."""
BLANK: Final = [
    *((kind, name, value) for kind, (names, _) in NEEDED.items() for name in names for value in (UNSET, None)),
    *((kind, name, value) for kind, (_, names) in NEEDED.items() for name in names for value in ("", " ")),
]


@pytest.mark.parametrize(("kind", "name", "value"), BLANK, ids=str)
async def test_new_one_lacks_something(kind: str, name: str, value: Any) -> None:
    """A new one that lacks what it needs, or has a blank text there, is refused."""
    async with grafana_world() as w:
        new = evolve(NEW[kind](IDS), **{name: value})
        await refused(w, name, getattr(w.client, kind).create(new))


def test_rules_are_for_all_kinds() -> None:
    """There is a rule on what is needed for each kind."""
    assert NEEDED.keys() == set(KINDS)


_SHIFT: Final = NEW["on_call_shifts"](IDS)
_ROTATION: Final = evolve(_SHIFT, type="rolling_users")
_RECURRENT: Final = evolve(_SHIFT, type="recurrent_event")
_TURNS: Final = evolve(_ROTATION, start_rotation_from_user_index=0)
_SWAP: Final = NEW["shift_swaps"](IDS)
_CHAIN: Final = {"escalation_chain_id": "F1"}
_HOOK: Final = {"name": "x" * 100, "url": "https://example.com/hook", "http_method": "POST"}
WRONG: Final[list[tuple[str, Any, str]]] = [
    ("schedules", g.ICalSchedule(name="x"), "ical_url_primary"),
    ("schedules", g.WebSchedule(name="x"), "time_zone"),
    ("schedules", g.CalendarSchedule(name="x" * 201, time_zone="UTC"), "name"),
    ("schedules", g.ICalSchedule(name="x" * 201, ical_url_primary="https://example.com/"), "name"),
    ("schedules", g.CalendarSchedule(name="x", time_zone="Mars Olympus"), "time_zone"),
    ("schedules", g.WebSchedule(name="x", time_zone="+01:00"), "time_zone"),
    ("schedules", g.CalendarSchedule(name="x", time_zone="UTC", shifts="O1"), "shifts"),
    ("schedules", g.CalendarSchedule(name="x", time_zone="UTC", shifts=["O1", ""]), "shifts"),
    ("schedules", g.WebSchedule(name="x", time_zone="UTC", shifts=[_SHIFT]), "shifts"),
    ("on_call_shifts", _ROTATION, "start_rotation_from_user_index"),
    *(("on_call_shifts", evolve(shift, interval=None), "interval") for shift in (_RECURRENT, _TURNS)),
    ("on_call_shifts", evolve(_TURNS, by_monthday=[1]), "by_monthday"),
    ("on_call_shifts", evolve(_TURNS, by_day=["MO", "TU"], interval=3), "interval"),
    ("on_call_shifts", evolve(_TURNS, by_day=["MO", "TU"], interval="3"), "interval"),
    ("on_call_shifts", evolve(_SHIFT, start=datetime.max.replace(tzinfo=UTC), time_zone="Asia/Tokyo"), "start"),
    ("on_call_shifts", evolve(_SHIFT, start=datetime.min.replace(tzinfo=UTC), time_zone="America/Lima"), "start"),
    ("on_call_shifts", evolve(_SHIFT, time_zone="Mars Olympus"), "time_zone"),
    *(("on_call_shifts", evolve(_SHIFT, duration=value), "duration") for value in (0, -1, 1.5, "1h", True)),
    *(("on_call_shifts", evolve(_SHIFT, interval=value), "interval") for value in (0, 1.5, "1", True)),
    *(("on_call_shifts", evolve(_SHIFT, level=value), "level") for value in (-1, "high")),
    ("on_call_shifts", evolve(_SHIFT, start_rotation_from_user_index=-1), "start_rotation_from_user_index"),
    ("on_call_shifts", evolve(_SHIFT, users="U1"), "users"),
    ("on_call_shifts", evolve(_SHIFT, users=[None]), "users"),
    ("on_call_shifts", evolve(_SHIFT, rolling_users=[["U1"], "U2"]), "rolling_users[1]"),
    ("on_call_shifts", evolve(_SHIFT, rolling_users=[[""]]), "rolling_users[0]"),
    *(("on_call_shifts", evolve(_SHIFT, name=value), "name") for value in ("x" * 201, 5)),
    ("on_call_shifts", evolve(_SHIFT, start="2027-01-01T09:00:00"), "start"),
    ("escalation_chains", g.EscalationChain(name="x" * 101), "name"),
    ("escalation_chains", g.EscalationChain(name=5), "name"),
    *(("escalation_policies", g.WaitStep(**_CHAIN, duration=value), "duration") for value in (0, 59, 86_401, 60.5)),
    ("escalation_policies", g.WaitStep(**_CHAIN, duration=timedelta(days=2)), "duration"),
    *(("escalation_policies", g.ResolveStep(**_CHAIN, position=value), "position") for value in (-1, 0.5, "1", True)),
    ("escalation_policies", g.NotifyPersonsStep(**_CHAIN, persons_to_notify="U1"), "persons_to_notify"),
    ("escalation_policies", g.NotifyPersonsStep(**_CHAIN, persons_to_notify=[5]), "persons_to_notify"),
    (
        "escalation_policies",
        g.NotifyNextPersonStep(**_CHAIN, persons_to_notify_next_each_time=[""]),
        "persons_to_notify_next_each_time",
    ),
    *(
        ("escalation_policies", g.ContinueAtTimeStep(**_CHAIN, notify_if_time_from=value), "notify_if_time_from")
        for value in ("9:00:00Z", "09:00:00", "09:00Z", "24:00:00Z", "09:60:00Z", "soon", 9)
    ),
    ("escalation_policies", g.ContinueAtTimeStep(**_CHAIN, notify_if_time_to="17:00"), "notify_if_time_to"),
    ("escalation_policies", g.DeclareIncidentStep(**_CHAIN, severity="x" * 513), "severity"),
    *(
        (
            "personal_notification_rules",
            g.PersonalNotificationRule(user_id="U1", type="wait", duration=value),
            "duration",
        )
        for value in (0, 61, 299, 7200, "60")
    ),
    ("personal_notification_rules", g.PersonalNotificationRule(user_id="U1", type="wait", position=-2), "position"),
    *(("integrations", g.Integration(type="webhook", name=value), "name") for value in ("x" * 151, 5)),
    ("integrations", g.Integration(type="webhook", description_short="x" * 251), "description_short"),
    ("webhooks", evolve(NEW["webhooks"](IDS), username="x" * 101), "username"),
    ("actions", evolve(NEW["actions"](IDS), user="x" * 101), "user"),
    ("routes", g.Route(integration_id="C1", routing_regex="x" * 1025), "routing_regex"),
    ("routes", g.Route(integration_id="C1", routing_regex="x", routing_type="labels"), "routing_type"),
    ("routes", g.Route(integration_id="C1", routing_regex="x", position=-1), "position"),
    ("shift_swaps", evolve(_SWAP, description="x" * 3001), "description"),
    ("shift_swaps", evolve(_SWAP, swap_end=LATER - HOUR), "swap_end"),
    ("shift_swaps", evolve(_SWAP, swap_end=LATER.replace(tzinfo=None)), "swap_end"),
    ("shift_swaps", evolve(_SWAP, swap_start=LATER.replace(tzinfo=None)), "swap_start"),
    ("shift_swaps", evolve(_SWAP, swap_start="2027-02-01T09:00:00Z"), "swap_start"),
    *(
        (kind, evolve(NEW[kind](IDS), **{field: value}), field)
        for kind in ("webhooks", "actions")
        for field, value in (
            ("name", "x" * 101),
            ("http_method", "FETCH"),
            ("http_method", "post"),
            ("integration_filter", "C1"),
            ("integration_filter", [None]),
            ("name", 5),
            ("password", 5),
            ("authorization_header", b"x"),
        )
    ),
]


@pytest.mark.parametrize(("kind", "resource", "field"), WRONG, ids=str)
async def test_create(kind: str, resource: Any, field: str) -> None:
    """What breaks a rule is not created."""
    async with grafana_world() as w:
        await refused(w, field, getattr(w.client, kind).create(resource))


CHANGES: Final = [row for row in WRONG if row[1] not in (WRONG[0][1], WRONG[1][1], _ROTATION)]
"""Those that do not lack what only a new one needs."""


@pytest.mark.parametrize("shift", [_RECURRENT, _TURNS])
async def test_new_shift_says_how_it_repeats(shift: Any) -> None:
    """A new shift that repeats needs a frequency, and a weekly one the first day of its weeks; a change does not."""
    for lacking, field in (({"frequency": UNSET}, "frequency"), ({"frequency": "weekly"}, "week_start")):
        async with grafana_world() as w:
            await refused(w, field, w.client.on_call_shifts.create(evolve(shift, **lacking)))
            with pytest.raises(NotFound):
                await w.client.on_call_shifts.patch(evolve(shift, id="O1", **lacking))


@pytest.mark.parametrize("method", ["update", "patch"])
@pytest.mark.parametrize(("kind", "resource", "field"), CHANGES, ids=str)
async def test_change(kind: str, resource: Any, field: str, method: str) -> None:
    """What breaks a rule is not changed either."""
    async with grafana_world() as w:
        await refused(w, field, getattr(getattr(w.client, kind), method)(evolve(resource, id="X1")))


@pytest.mark.parametrize("method", ["update", "patch"])
@pytest.mark.parametrize(
    ("kind", "resource", "field"),
    [
        ("resolution_notes", g.ResolutionNote(id="M1"), "text"),
        ("resolution_notes", g.ResolutionNote(id="M1", text=""), "text"),
        ("resolution_notes", g.ResolutionNote(id="M1", text=None), "text"),
        ("shift_swaps", g.ShiftSwap(id="SSR1", swap_start=LATER), "swap_start, swap_end"),
        ("shift_swaps", g.ShiftSwap(id="SSR1", swap_end=LATER), "swap_start, swap_end"),
        ("shift_swaps", g.ShiftSwap(id="SSR1", swap_start=None, swap_end=None), "swap_end"),
        ("on_call_shifts", g.OnCallShift(id="O1", duration=None), "duration"),
        ("webhooks", g.Webhook(id="WH1", name="x" * 101), "name"),
        ("actions", g.Action(id="K1", http_method="FETCH"), "http_method"),
        ("on_call_shifts", g.OnCallShift(id="O1", start_rotation_from_user_index=-1), "start_rotation_from_user_index"),
    ],
    ids=str,
)
async def test_rules_for_changes(method: str, kind: str, resource: Any, field: str) -> None:
    """Some rules are only for what is there already."""
    async with grafana_world() as w:
        await refused(w, field, getattr(getattr(w.client, kind), method)(resource))


@pytest.mark.parametrize("method", ["update", "patch"])
@pytest.mark.parametrize("kind", KINDS)
async def test_change_without_id(kind: str, method: str) -> None:
    """A change of something without an id is refused."""
    async with grafana_world() as w:
        for missing in (UNSET, None, ""):
            await refused(w, "id", getattr(getattr(w.client, kind), method)(evolve(NEW[kind](IDS), id=missing)))


@pytest.mark.parametrize("method", ["create", "update", "patch"])
@pytest.mark.parametrize("kind", KINDS)
async def test_something_else(kind: str, method: str) -> None:
    """A service refuses the classes of others, mappings and nothing; the error says which class it wants."""
    async with grafana_world() as w:
        others: list[Any] = [evolve(NEW[one](IDS), id="X1") for one in KINDS if one != kind]
        for wrong in (*others, {"id": "X1", "name": "x"}, None, "X1", type(NEW[kind](IDS))):
            error = await refused(w, "resource", getattr(getattr(w.client, kind), method)(wrong))
            assert type(NEW[kind](IDS)).__name__ in error.expected


NAIVE: Final = datetime(2027, 1, 1)  # noqa: DTZ001 (that is the point)
ARGUMENTS: Final[list[tuple[str, Any]]] = [
    ("mode", lambda c: c.integrations.start_maintenance("C1", mode="sleep", duration=60)),
    *(
        ("duration", lambda c, value=value: c.integrations.start_maintenance("C1", mode="debug", duration=value))
        for value in (0, -5, 1.5, "1h", None, True)
    ),
    *(("benefactor", lambda c, value=value: c.shift_swaps.take("SSR1", benefactor=value)) for value in ("", None, 5)),
    ("starting_after", lambda c: c.shift_swaps.get("SSR1", starting_after=NAIVE)),
    ("starting_after", lambda c: everything(c.shift_swaps.list(starting_after=NAIVE))),
    ("roles", lambda c: everything(c.users.list(roles=["owner"]))),
    ("export_token", lambda c: c.users.export("U1", "")),
    ("export_token", lambda c: c.schedules.export("S1", None)),
    *(
        (field, lambda c, method=method, email=email, message=message: getattr(c.phone, method)(email, message))
        for method in ("make_call", "send_sms")
        for field, email, message in (
            ("email", "", "x"),
            ("email", None, "x"),
            ("email", "ann", "x"),
            ("message", "ann@example.com", ""),
            ("message", "ann@example.com", " "),
            ("message", "ann@example.com", 5),
            ("message", "ann@example.com", "x" * 1025),
        )
    ),
    *(
        ("page_size", lambda c, name=name, size=size: everything(getattr(c, name).list(page_size=size)))
        for name in (
            *KINDS,
            "alert_groups",
            "alerts",
            "users",
            "teams",
            "user_groups",
            "slack_channels",
            "organizations",
        )
        for size in (0, 101, "5", 1.5, True)
    ),
    ("page_size", lambda c: everything(c.webhooks.responses("WH1", page_size=0))),
]


@pytest.mark.parametrize(("field", "call"), ARGUMENTS)
async def test_arguments(field: str, call: Any) -> None:
    """An argument that cannot be right is refused by its name."""
    async with grafana_world() as w:

        async def run() -> None:
            await call(w.client)

        await refused(w, field, run())


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("schedules", g.CalendarSchedule(name="x" * 200, time_zone="UTC", shifts=[])),
        ("escalation_chains", g.EscalationChain(name="x" * 100)),
        ("integrations", g.Integration(type="webhook", name="x" * 150, description_short="x" * 250)),
        ("on_call_shifts", evolve(_SHIFT, name="x" * 200, users=())),
        ("on_call_shifts", evolve(_TURNS, by_day=["MO", "TU"], interval=2, rolling_users=[])),
        ("on_call_shifts", evolve(_RECURRENT, by_day=["MO"], by_monthday=[1], interval=5, users=[])),
        ("on_call_shifts", evolve(_RECURRENT, frequency="weekly", week_start="MO", users=[])),
        ("webhooks", g.Webhook(**_HOOK, username="x" * 100, trigger_type="resolve")),
        ("actions", g.Action(**_HOOK, user="x" * 100)),
        ("on_call_shifts", evolve(_SHIFT, users=(), interval=1, level=0, start_rotation_from_user_index=0)),
        ("on_call_shifts", evolve(_SHIFT, start=datetime(2027, 1, 1, tzinfo=UTC), time_zone="UTC", users=[])),
    ],
    ids=str,
)
async def test_bounds(gf: GrafanaOnCall, kind: str, resource: Any) -> None:
    """What is just within the bounds is sent, and the server takes it."""
    made = await getattr(gf, kind).create(resource)
    for field in attrs.fields(type(resource)):
        if isinstance(value := getattr(resource, field.name), str) and field.name != "id":
            assert getattr(made, field.name) == value
