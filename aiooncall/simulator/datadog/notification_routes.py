"""How users are reached: their notification channels, and the rules that say when each is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.config_routes import ON_CALL
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linked
from aiooncall.simulator.datadog.notification_requests import read_channel, read_rule
from aiooncall.simulator.datadog.reading import check_id, check_type
from aiooncall.simulator.datadog.world import not_in_use
from aiooncall.simulator.http.routing import Answer

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.routing import Call, Router

_CHANNELS: Final = f"{ON_CALL}/users/{{id}}/notification-channels"
_RULES: Final = f"{ON_CALL}/users/{{id}}/notification-rules"
_RULE_INCLUDES: Final = ("channel",)


class ChannelRoutes:
    """Creates, shows and deletes the channels of a user."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._world = world
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", _CHANNELS, self._create)
        router.add("GET", _CHANNELS, self._list)
        router.add("GET", f"{_CHANNELS}/{{id}}", self._get)
        router.add("DELETE", f"{_CHANNELS}/{{id}}", self._delete)

    def _create(self, call: Call) -> Answer:
        read_include(call.query, ())
        channels = self._world.channels(call.ids[0])
        data = self._envelope.data(call)
        check_type(data, channels.kind)
        return self._envelope.answer(201, channels.put({**read_channel(data), "id": self._world.new_id()}))

    def _list(self, call: Call) -> Answer:
        read_include(call.query, ())
        return self._envelope.answer(200, list(self._world.channels(call.ids[0])))

    def _get(self, call: Call) -> Answer:
        read_include(call.query, ())
        user_id, channel_id = call.ids
        return self._envelope.answer(200, self._world.channels(user_id).get(channel_id))

    def _delete(self, call: Call) -> Answer:
        read_include(call.query, ())
        user_id, channel_id = call.ids
        channels = self._world.channels(user_id)
        channel = channels.get(channel_id)
        rules = [rule["id"] for rule in self._world.rules(user_id) if linked(rule, "channel")[0]["id"] == channel_id]
        not_in_use(f"{channels.name}[{channel['id']}]", [f"notification_rule[{rule_id}]" for rule_id in rules])
        channels.remove(channel_id)
        return Answer(204)


class RuleRoutes:
    """Creates, shows, replaces and deletes the rules of a user."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._world = world
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", _RULES, self._create)
        router.add("GET", _RULES, self._list)
        router.add("GET", f"{_RULES}/{{id}}", self._get)
        router.add("PUT", f"{_RULES}/{{id}}", self._replace)
        router.add("DELETE", f"{_RULES}/{{id}}", self._delete)

    def _create(self, call: Call) -> Answer:
        read_include(call.query, ())
        rule = self._read(call)
        return self._envelope.answer(201, self._world.rules(call.ids[0]).put({**rule, "id": self._world.new_id()}))

    def _list(self, call: Call) -> Answer:
        include = read_include(call.query, _RULE_INCLUDES)
        return self._answer(call, list(self._world.rules(call.ids[0])), include)

    def _get(self, call: Call) -> Answer:
        include = read_include(call.query, _RULE_INCLUDES)
        user_id, rule_id = call.ids
        return self._answer(call, self._world.rules(user_id).get(rule_id), include)

    def _replace(self, call: Call) -> Answer:
        include = read_include(call.query, _RULE_INCLUDES)
        user_id, rule_id = call.ids
        rules = self._world.rules(user_id)
        old = rules.get(rule_id)
        return self._answer(call, rules.put({**self._read(call, old["id"]), "id": old["id"]}), include)

    def _delete(self, call: Call) -> Answer:
        read_include(call.query, ())
        user_id, rule_id = call.ids
        rules = self._world.rules(user_id)
        rules.remove(rules.get(rule_id)["id"])
        return Answer(204)

    def _read(self, call: Call, rule_id: str | None = None) -> Json:
        channels = self._world.channels(call.ids[0])
        data = self._envelope.data(call)
        check_type(data, "notification_rules")
        if rule_id is not None and data.has("id"):
            check_id(data, rule_id)
        return read_rule(data, channels)

    def _answer(self, call: Call, rules: Json | list[Json], include: list[str]) -> Answer:
        return self._envelope.answer(200, rules, include, parts=self._world.channels(call.ids[0]))
