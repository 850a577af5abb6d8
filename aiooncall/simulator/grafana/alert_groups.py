"""Alert groups and their alerts: how they come to be, and how each action changes their state.

grafana/oncall, engine/apps/public_api/views/alert_groups.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from aiooncall.simulator.grafana.refusals import bad_request
from aiooncall.simulator.grafana.world import shown, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.ledger import Action
    from aiooncall.simulator.http.routing import Moment
    from aiooncall.simulator.http.table import Table

State: TypeAlias = Literal["firing", "acknowledged", "resolved", "silenced"]
Verb: TypeAlias = Literal["acknowledge", "unacknowledge", "resolve", "unresolve", "silence", "unsilence"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)

FOREVER: Final = -1
"""The delay of a silence that does not end by itself."""

# What must not hold for an action: a mark that is set or isn't, and how the engine calls such a group.
_REFUSED: Final[dict[Verb, tuple[tuple[str, bool, str], ...]]] = {
    "acknowledge": (("acknowledged", True, "an acknowledged"), ("resolved", True, "a resolved")),
    "unacknowledge": (("acknowledged", False, "an unacknowledged"), ("resolved", True, "a resolved")),
    "resolve": (("resolved", True, "a resolved"),),
    "unresolve": (("resolved", False, "an unresolved"),),
    "silence": (("resolved", True, "a resolved"), ("acknowledged", True, "an acknowledged")),
    "unsilence": (
        ("silenced", False, "an unsilenced"),
        ("resolved", True, "a resolved"),
        ("acknowledged", True, "an acknowledged"),
    ),
}
# What an action sets, and what it clears.
_CHANGES: Final[dict[Verb, tuple[str | None, tuple[str, ...]]]] = {
    "acknowledge": ("acknowledged", ("silenced",)),
    "unacknowledge": (None, ("acknowledged",)),
    "resolve": ("resolved", ("silenced",)),
    "unresolve": (None, ("resolved", "acknowledged", "silenced")),
    "silence": ("silenced", ()),
    "unsilence": (None, ("silenced",)),
}


def state_of(group: Json) -> State:
    """Return the state of a group: the strongest mark counts."""
    for state in ("resolved", "acknowledged", "silenced"):
        if group[f"{state}_at"] is not None:
            return state
    return "firing"


class AlertGroups:
    """All alert groups."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.table: Table = world["alert_groups"]

    def add(
        self,
        title: str | None,
        integration: Json,
        team_id: str | None,
        *,
        created_at: float,
        payload: object,
        labels: Iterable[tuple[str, str]] = (),
    ) -> Json:
        """Put a firing group with one alert in, at the default route of an integration."""
        group_id = self.world.new_id("alert_groups")
        alert = {
            "id": self.world.new_id("alerts"),
            "alert_group_id": group_id,
            "created_at": written(created_at),
            "payload": payload,
        }
        self.world["alerts"].put(alert)
        marks = dict.fromkeys(
            ["resolved_at", "resolved_by", "acknowledged_at", "acknowledged_by", "silenced_at", "_silenced_by"]
        )
        group: Json = {
            "id": group_id,
            "integration_id": integration["id"],
            "team_id": team_id,
            "route_id": integration["_default_route"],
            "created_at": written(created_at),
            **marks,
            "labels": [{"key": _part(key), "value": _part(value)} for key, value in labels],
            "title": title,
            "_created": created_at,
            "_silence": 0,
            "_alerts": [alert["id"]],
        }
        return self.table.put(group)

    def act(self, group: Json, verb: Verb, now: Moment, user_id: str | None, *, delay: int = FOREVER) -> None:
        """Carry out an action, or refuse it with 400 in the wrong state.

        Args:
            group: The alert group.
            verb: What to do.
            now: When.
            user_id: Who does it.
            delay: Seconds until a silence ends; -1 is never.
        """
        for wrong, refused, words in _REFUSED[verb]:
            if (group[f"{wrong}_at"] is not None) == refused:
                raise bad_request(f"Can't {verb} {words} alert group")
        mark, cleared = _CHANGES[verb]
        self.mark(group, mark, cleared, now.wall, user_id)
        if verb == "silence" and delay != FOREVER:
            self._unsilence_later(group, now.monotonic + delay)
        self.record(group, verb, now)

    def mark(
        self, group: Json, mark: str | None, cleared: Iterable[str], wall: float, user_id: str | None = None
    ) -> None:
        """Set one mark and clear others, as an action or a seed does."""
        for other in cleared:
            group.update({f"{other}_at": None, f"{_by(other)}": None})
        if mark is not None:
            group.update({f"{mark}_at": written(wall), f"{_by(mark)}": user_id})
        group["_silence"] += 1

    def wipe(self, group: Json, wall: float) -> None:
        """Resolve a group and clear what it says."""
        if group["resolved_at"] is None:
            self.mark(group, "resolved", ("silenced",), wall)
        group["title"] = None
        for alert in self._alerts(group):
            alert["payload"] = {}

    def remove(self, group: Json) -> None:
        """Take a group away, with its alerts and notes."""
        for kind in ("alerts", "resolution_notes"):
            for part in self.world[kind].where(alert_group_id=group["id"]):
                self.world[kind].remove(part["id"])
        if self.table.find(group["id"]):
            self.table.remove(group["id"])

    def record(self, group: Json, action: Action, now: Moment) -> None:
        """Enter an effect in the ledger."""
        self.world.ledger.record_effect(now.monotonic, group["id"], action, group["id"])

    def show(self, group: Json) -> Json:
        """Return a group as answers have it."""
        alerts = self._alerts(group)
        web = f"{self.world.options.stack_url.rstrip('/')}/a/grafana-oncall-app/alert-groups/{group['id']}"
        return {
            **shown(group),
            "state": state_of(group),
            "alerts_count": len(alerts),
            "permalinks": {"slack": None, "slack_app": None, "telegram": None, "web": web},
            "last_alert": alerts[-1] if alerts else None,
        }

    def _alerts(self, group: Json) -> list[Json]:
        return [self.world["alerts"].get(alert_id) for alert_id in group["_alerts"]]

    def _unsilence_later(self, group: Json, at: float) -> None:
        """End a silence in time, unless something else has happened to the group by then."""
        silence = group["_silence"]

        def end() -> None:
            if group["_silence"] == silence:
                self.mark(group, None, ("silenced",), 0.0)

        self.world.later(at, end)


def _by(mark: str) -> str:
    """Return the field that holds who set a mark; who silenced a group is not shown."""
    return f"{'_' if mark == 'silenced' else ''}{mark}_by"


def _part(text: str) -> Json:
    return {"id": text, "name": text}
