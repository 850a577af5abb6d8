"""Routes: which alerts of an integration go down which escalation chain, and where they are posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.field_types import choice, one_of, plain_object, text
from aiooncall.simulator.grafana.ordering import ORDER_FIELDS, OrderedRoutes
from aiooncall.simulator.grafana.refusals import bad_request
from aiooncall.simulator.grafana.resource import ALWAYS, CREATE, Field, Resource, read_fields

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

_BACKENDS: Final = ("mobile_app", "mobile_app_critical", "email", "webhook")
"""Messaging backends, which have no channels and take what they are told; each enabled one has a key of its own."""
_DESTINATIONS: Final = {"slack": "channel_id", **dict.fromkeys(("telegram", *_BACKENDS), "id")}
"""The places where alerts can be posted, and the name that each has for its channel."""

_POSTING: Final = tuple(Field(name, plain_object, default={}) for name in _DESTINATIONS)
_DEFAULT_ROUTE: Final = (Field("escalation_chain_id", one_of("escalation_chains"), nullable=ALWAYS), *_POSTING)
ROUTES: Final = Resource(
    kind="routes",
    fields=(
        Field("integration_id", one_of("integrations"), needed=CREATE, once=True),
        Field("escalation_chain_id", one_of("escalation_chains"), needed=CREATE, nullable=CREATE),
        Field(
            "routing_type",
            choice("regex", "jinja2", refusal=lambda: bad_request("Invalid route type")),
            default="regex",
        ),
        Field("routing_regex", text(1024), needed=CREATE),
        *_POSTING,
        *ORDER_FIELDS,
    ),
    page_size=25,
    filters={"integration_id": "integration_id", "routing_regex": "routing_regex"},
)


class RouteRoutes(OrderedRoutes):
    """Routes; the default one of an integration comes last and stays."""

    def siblings(self, record: Json) -> list[Json]:
        """Return the routes of the same integration; the default one is not among them."""
        last: bool = record.get("is_the_last_route", False)
        return self.table.where(integration_id=record["integration_id"], is_the_last_route=last)

    def prepare(self, draft: Json, old: Json | None, sent: Json, call: Call) -> None:
        """Merge what is said of channels into what is known of them."""
        super().prepare(draft, old, sent, call)
        draft.setdefault("is_the_last_route", False)
        draft.update(posting(sent, old, self.world))

    def removing(self, record: Json) -> None:
        """Keep the default route."""
        if record["is_the_last_route"]:
            raise bad_request("Unable to delete default filter")

    def rows(self, call: Call) -> list[Json]:
        """Return the routes of one integration after the other."""
        del call
        numbers = {one["id"]: number for number, one in enumerate(self.world["integrations"])}
        return sorted(
            self.table,
            key=lambda route: (numbers[route["integration_id"]], route["is_the_last_route"], route["position"]),
        )


def new_default_route(integration_id: str, world: World) -> Json:
    """Put the default route of an integration in and return it."""
    route = {
        "id": world.new_id("routes"),
        "integration_id": integration_id,
        "escalation_chain_id": None,
        "routing_type": "regex",
        "routing_regex": None,
        "position": 0,
        "is_the_last_route": True,
        **posting({}, None, world),
    }
    return world["routes"].put(route)


def change_default_route(route: Json, sent: Json, world: World) -> None:
    """Apply what a request for an integration says of its default route."""
    read = read_fields(_DEFAULT_ROUTE, sent, world, "PATCH")
    settings = posting(read, route, world)
    route.update({**read, **settings})


def shown_default_route(route: Json) -> Json:
    """Return a default route as its integration shows it."""
    return {name: route[name] for name in ("id", "escalation_chain_id", *_DESTINATIONS)}


def posting(sent: Json, old: Json | None, world: World) -> Json:
    """Return where alerts are posted: what was sent of each destination, and else what was known.

    Raises:
        Refusal: there is no such channel.
    """
    settings: Json = {}
    for name, channel in _DESTINATIONS.items():
        known: Json = {channel: None, "enabled": name == "slack"} if old is None else old[name]
        new: Json = {key: value for key, value in sent.get(name, {}).items() if key in known}
        if new.get(channel) is not None and name not in _BACKENDS:
            new[channel] = _channel(name, new[channel], world)
        settings[name] = {**known, **new, "enabled": bool(new.get("enabled", known["enabled"]))}
    return settings


def _channel(backend: str, sent: object, world: World) -> str:
    """Return the id of a channel of a chat; there are none but Slack's."""
    found = world["slack_channels"].where(slack_id=str(sent).upper()) if backend == "slack" else []
    if not found:
        raise bad_request(f"{backend.capitalize()} channel does not exist")
    return str(found[0]["slack_id"])
