"""Every kind of thing in Grafana OnCall that can be edited, rich in fields, and how it is edited."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall import grafana as g

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.grafana_calls import Ids
    from tests.support.grafana_client import GrafanaWorld

Json = dict[str, Any]

NINE: Final = datetime(2027, 1, 4, 9)  # noqa: DTZ001 (shifts are in local time)
_WEB_TEXTS: Final = g.Template(title="{{ payload.title }}", message=None, image_url=None)


@attrs.frozen
class Edit:
    """A thing to create, and what to make of it afterwards.

    Attributes:
        kind: the service and the path.
        new: makes it.
        changes: what an update changes.
        part: what a patch sets, besides the id.
        sent: the body of that patch.
    """

    kind: str
    new: Callable[[Ids], Any]
    changes: Json
    part: Json
    sent: Json = attrs.field()

    @sent.default
    def _same(self) -> Json:
        return self.part


def _step(model: type, fields: Callable[[Ids], Json], part: Json, sent: Json | None = None) -> Edit:
    """Return the edit of an escalation step, whose type always goes with it."""
    kind: Any = model
    return Edit(
        "escalation_policies",
        lambda i: kind(escalation_chain_id=i.escalation_chains, **fields(i)),
        part or {"position": 0},
        part or {"position": 0},
        {"type": kind.type, **(sent or part or {"position": 0})},
    )


def _shift(kind: str, fields: Callable[[Ids], Json], changes: Json, sent: Json | None = None) -> Edit:
    shared: Json = {"name": "Days", "type": kind, "start": NINE, "duration": timedelta(hours=8), "time_zone": "UTC"}
    return Edit(
        "on_call_shifts",
        lambda i: g.OnCallShift(**shared, team_id=i.team, rotation_start=NINE, **fields(i)),
        changes,
        changes,
        changes if sent is None else sent,
    )


def _hook(model: Any, fields: Json) -> Edit:
    shared: Json = {
        "url": "https://example.com/{{ alert_group_id }}",
        "http_method": "PUT",
        "trigger_type": "acknowledge",
        "is_webhook_enabled": False,
        "data": "{}",
        "headers": '{"X-Token": "t"}',
        "password": "pass-word-0123",
        "authorization_header": "Bearer secret-0123",
        "trigger_template": "{{ true }}",
    }
    return Edit(
        "webhooks" if model is g.Webhook else "actions",
        lambda i: model(name="Hook", integration_filter=[i.integrations], **shared, **fields),
        {"url": "https://example.com/new", "data": None},
        {"name": "Renamed", "integration_filter": None},
    )


EDITS: Final[dict[str, Edit]] = {
    "calendar schedule": Edit(
        "schedules",
        lambda i: g.CalendarSchedule(
            name="Primary",
            team_id=None,
            time_zone="Europe/Paris",
            shifts=[i.on_call_shifts],
            ical_url_overrides="https://example.com/overrides.ics",
            enable_web_overrides=True,
            slack=g.SlackSettings(channel_id=i.channel),
        ),
        {"name": "Secondary", "time_zone": "Asia/Tokyo", "shifts": []},
        {"ical_url_overrides": None, "enable_web_overrides": False},
    ),
    "iCal schedule": Edit(
        "schedules",
        lambda i: g.ICalSchedule(
            name="Imported",
            team_id=i.team,
            ical_url_primary="https://example.com/primary.ics",
            ical_url_overrides="https://example.com/overrides.ics",
            slack=g.SlackSettings(channel_id=i.channel),
        ),
        {"name": "Still imported", "ical_url_overrides": None},
        {"ical_url_primary": "https://example.com/other.ics", "team_id": None},
    ),
    "single shift": _shift(
        "single_event",
        lambda i: {"users": [i.user, i.other], "level": 3},
        {"duration": 3600, "level": 0},
    ),
    "recurrent shift": _shift(
        "recurrent_event",
        lambda i: {
            "users": [i.user],
            "level": 1,
            "frequency": "weekly",
            "interval": 2,
            "week_start": "SU",
            "by_day": ["MO", "FR"],
            "by_month": [1, 2],
            "by_monthday": [-1],
            "until": datetime(2028, 1, 1, tzinfo=UTC),
        },
        {"until": None, "by_day": ["SA"], "duration": timedelta(hours=1)},
        {"until": None, "by_day": ["SA"], "duration": 3600},
    ),
    "rotation": _shift(
        "rolling_users",
        lambda i: {
            "rolling_users": [[i.user], [i.other, i.user]],
            "start_rotation_from_user_index": 1,
            "frequency": "daily",
            "interval": 1,
            "level": 1,
        },
        {"start": datetime(2027, 1, 5, 10), "interval": 2},  # noqa: DTZ001 (local)
        {"start": "2027-01-05T10:00:00", "interval": 2},
    ),
    "override": _shift("override", lambda i: {"users": [i.other]}, {"name": "Swap", "duration": 60}),
    "escalation chain": Edit(
        "escalation_chains",
        lambda i: g.EscalationChain(name="Primary", team_id=i.team),
        {"name": "Secondary"},
        {"team_id": None},
    ),
    "wait": _step(g.WaitStep, lambda _: {"duration": timedelta(minutes=5)}, {"duration": 600}),
    "notify persons": _step(
        g.NotifyPersonsStep,
        lambda i: {"persons_to_notify": [i.user, i.other], "important": True},
        {"persons_to_notify": [], "important": False},
    ),
    "notify next person": _step(
        g.NotifyNextPersonStep,
        lambda i: {"persons_to_notify_next_each_time": [i.user, i.other]},
        {"persons_to_notify_next_each_time": []},
    ),
    "notify schedule": _step(
        g.NotifyScheduleStep,
        lambda i: {"notify_on_call_from_schedule": i.schedules, "important": True},
        {"important": False},
    ),
    "notify user group": _step(
        g.NotifyUserGroupStep, lambda i: {"group_to_notify": i.user_group, "important": True}, {"important": False}
    ),
    "notify team": _step(
        g.NotifyTeamStep, lambda i: {"team_to_notify": i.team, "important": False}, {"important": True}
    ),
    "notify channel": _step(g.NotifyChannelStep, lambda _: {}, {}),
    "trigger webhook": _step(g.TriggerWebhookStep, lambda i: {"webhook_id": i.webhooks}, {}),
    "resolve": _step(g.ResolveStep, lambda _: {}, {}),
    "continue at time": _step(
        g.ContinueAtTimeStep,
        lambda _: {"notify_if_time_from": time(9), "notify_if_time_to": "17:30:00Z"},
        {"notify_if_time_from": time(8, 15), "notify_if_time_to": "18:00:00Z"},
        {"notify_if_time_from": "08:15:00Z", "notify_if_time_to": "18:00:00Z"},
    ),
    "continue on alerts": _step(
        g.ContinueOnAlertsStep,
        lambda _: {"num_alerts_in_window": 3, "num_minutes_in_window": 5},
        {"num_minutes_in_window": 10},
    ),
    "repeat": _step(g.RepeatStep, lambda _: {}, {}),
    "declare incident": _step(g.DeclareIncidentStep, lambda _: {"severity": "critical"}, {"severity": None}),
    "waiting rule": Edit(
        "personal_notification_rules",
        lambda i: g.PersonalNotificationRule(
            user_id=i.user, type=g.RuleType.WAIT, duration=timedelta(minutes=15), important=True
        ),
        {"duration": timedelta(hours=1)},
        {"duration": 60},
    ),
    "notifying rule": Edit(
        "personal_notification_rules",
        lambda i: g.PersonalNotificationRule(user_id=i.user, type="notify_by_email", position=-1, important=False),
        {"type": "notify_by_sms"},
        {"position": 0},
    ),
    "resolution note": Edit(
        "resolution_notes",
        lambda i: g.ResolutionNote(alert_group_id=i.firing, text="Restarted it"),
        {"text": "Restarted it twice"},
        {"text": "Replaced it"},
    ),
    "integration": Edit(
        "integrations",
        lambda i: g.Integration(
            type="grafana_alerting",
            name="Cluster",
            description_short="From the cluster",
            team_id=i.team,
            templates=g.Templates(grouping_key="{{ payload.id }}", web=_WEB_TEXTS),
            default_route=g.DefaultRoute(
                escalation_chain_id=i.escalation_chains, slack=g.SlackRouting(channel_id=i.channel, enabled=False)
            ),
        ),
        {"name": "Two clusters", "description_short": None},
        {"team_id": None},
    ),
    "route": Edit(
        "routes",
        lambda i: g.Route(
            integration_id=i.integrations,
            escalation_chain_id=i.escalation_chains,
            routing_type=g.RoutingType.REGEX,
            routing_regex="us-(east|west)",
            position=0,
            slack=g.SlackRouting(channel_id=i.channel, enabled=True),
            telegram=g.BackendRouting(id=None, enabled=True),
        ),
        {"routing_type": "jinja2", "routing_regex": "{{ true }}"},
        {"position": 1},
    ),
    "shift swap": Edit(
        "shift_swaps",
        lambda i: g.ShiftSwap(
            schedule=i.schedules,
            swap_start=datetime(2027, 2, 1, 9, 30, 0, 250000, UTC),
            swap_end=datetime(2027, 2, 2, tzinfo=UTC),
            description="Dentist",
            beneficiary=i.user,
        ),
        {"swap_end": datetime(2027, 2, 3, tzinfo=UTC)},
        {"description": None},
    ),
    "webhook": _hook(g.Webhook, {"username": "robot", "forward_all": False, "team": None}),
    "action": _hook(g.Action, {"user": "robot", "forward_whole_payload": False, "team_id": None}),
}


def stored(w: GrafanaWorld, edit: Edit, object_id: str) -> Json:
    """Return what the server has, without when it was touched; an integration's default route is a part of it."""
    found = w.sim.grafana.stored(edit.kind, object_id)
    found.pop("updated_at", None)
    if edit.kind == "integrations":
        found["_default_route"] = w.sim.grafana.stored("routes", found["_default_route"])
    return found


def within(part: Any, whole: Any) -> bool:
    """Return whether JSON is a part of other JSON: objects may have more members there."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and within(value, whole[name]) for name, value in part.items())
    return bool(part == whole)
