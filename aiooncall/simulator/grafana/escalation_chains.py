"""Escalation chains, and the steps that they consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.crud import CrudRoutes
from aiooncall.simulator.grafana.field_types import choice, flag, known, one_of, span, team, text, time_of_day, whole
from aiooncall.simulator.grafana.ordering import ORDER_FIELDS, OrderedRoutes
from aiooncall.simulator.grafana.refusals import bad_request, not_found, server_error
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, WHOLE, Field, Resource

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

CHAINS: Final = Resource(
    kind="escalation_chains",
    fields=(Field("name", text(100), needed=WHOLE), Field("team_id", team, nullable=ALWAYS)),
    filters={"name": "name"},
    team_filter=True,
    unique="name",
)

_NEXT_PERSON: Final = "notify_person_next_each_time"
_STEPS: Final[dict[str | None, tuple[str, ...]]] = {
    None: (),
    "wait": ("duration",),
    "notify_persons": ("persons_to_notify", "important"),
    _NEXT_PERSON: ("persons_to_notify_next_each_time", "important"),
    "notify_on_call_from_schedule": ("notify_on_call_from_schedule", "important"),
    "notify_user_group": ("group_to_notify", "important"),
    "notify_team_members": ("team_to_notify", "important"),
    "trigger_webhook": ("action_to_trigger",),
    "resolve": (),
    "notify_whole_channel": (),
    "notify_if_time_from_to": ("notify_if_time_from", "notify_if_time_to"),
    "notify_if_num_alerts_in_window": ("num_alerts_in_window", "num_minutes_in_window"),
    "repeat_escalation": (),
    "declare_incident": ("severity",),
}
"""The types of steps, and the fields that each one has."""
_SHORTEST: Final = 60
_LONGEST: Final = 86400

_known_type: Final = choice(*_STEPS, refusal=lambda: bad_request("Invalid escalation step type"))


def _type(value: object, world: World) -> str:
    """Read the type of a step; some need something else beside Grafana OnCall."""
    taken: str = _known_type(value, world)
    if taken == "notify_whole_channel" and not any(world["slack_channels"]) and not any(world["user_groups"]):
        raise bad_request("Invalid escalation step type: step is Slack-specific")
    if taken == "declare_incident" and not world.options.incidents:
        raise bad_request("Invalid escalation step type")
    return taken


_STEP_FIELDS: Final = (
    Field("duration", span(lambda seconds: _SHORTEST <= seconds <= _LONGEST)),
    Field("important", flag, default=False),
    Field("action_to_trigger", one_of("webhooks", "actions")),
    Field("group_to_notify", one_of("user_groups")),
    Field("persons_to_notify", known("users"), nullable=ALWAYS, default=[]),
    Field("persons_to_notify_next_each_time", known("users"), nullable=ALWAYS, default=[]),
    Field("notify_on_call_from_schedule", one_of("schedules")),
    Field("team_to_notify", one_of("teams")),
    Field("notify_if_time_from", time_of_day),
    Field("notify_if_time_to", time_of_day),
    Field("num_alerts_in_window", whole(0), nullable=ALWAYS),
    Field("num_minutes_in_window", whole(0), nullable=ALWAYS),
    Field("severity", text(512), nullable=ALWAYS),
)
POLICIES: Final = Resource(
    kind="escalation_policies",
    fields=(
        Field("escalation_chain_id", one_of("escalation_chains"), needed=CREATE, once=True),
        Field("type", _type, needed=CREATE, nullable=ALWAYS),
        *ORDER_FIELDS,
        *_STEP_FIELDS,
    ),
    filters={"escalation_chain_id": "escalation_chain_id"},
)


class ChainRoutes(CrudRoutes):
    """Escalation chains; with one go its steps, and the routes that led to it lead nowhere."""

    def removing(self, record: Json) -> None:
        """Take away what belongs to the chain."""
        for step in self.world["escalation_policies"].where(escalation_chain_id=record["id"]):
            self.world["escalation_policies"].remove(step["id"])
        for route in self.world["routes"].where(escalation_chain_id=record["id"]):
            route["escalation_chain_id"] = None


class PolicyRoutes(OrderedRoutes):
    """Steps; each shows only what its type has, and forgets the rest.

    The engine has no word for "notify next, important": it stores such a step, breaks down when it is to show it, and
    says from then on that there is no such step.
    """

    def siblings(self, record: Json) -> list[Json]:
        """Return the steps of the same chain."""
        return self.table.where(escalation_chain_id=record["escalation_chain_id"])

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Reset what a step of this type does not have; one whose type is sent is important only if that is, too."""
        super().prepare(draft, old, sent, call)
        blank = self.resource.blank()
        if "type" in sent:
            draft["important"] = sent.get("important", False)
        draft["_hidden"] = draft["type"] == _NEXT_PERSON and draft["important"]
        draft.update({name: blank[name] for name in _others(draft)})

    def placed(self, record: Json, sent: Json) -> None:
        """Move the step, and break down on one that cannot be shown."""
        super().placed(record, sent)
        if record["_hidden"]:
            raise server_error()

    def get(self, call: Call) -> Json:
        """Return the step of a path, if it can be shown."""
        found = super().get(call)
        if found["_hidden"]:
            raise not_found()
        return found

    def rows(self, call: Call) -> list[Json]:
        """Return the steps in the order of their chains."""
        del call
        chains = {chain["id"]: number for number, chain in enumerate(self.world["escalation_chains"])}
        found = [step for step in self.table if not step["_hidden"]]
        return sorted(found, key=lambda step: (chains[step["escalation_chain_id"]], step["position"]))

    def show(self, record: Json, call: Call) -> Json:
        """Return a step without the fields of other types."""
        hidden = _others(record)
        return {name: value for name, value in super().show(record, call).items() if name not in hidden}


def _others(step: Json) -> set[str]:
    """Return the fields that a step has no use for."""
    return {field.name for field in _STEP_FIELDS} - set(_STEPS[step["type"]])
