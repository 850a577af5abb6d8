"""Notification channels, and the rules that say when each is used, as strictly as the vendor documents them.

https://docs.datadoghq.com/api/latest/on-call/create-an-on-call-notification-channel-for-a-user/
https://docs.datadoghq.com/api/latest/on-call/create-an-on-call-notification-rule-for-a-user/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.crud import ON_CALL
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linked
from aiooncall.simulator.datadog.reading import check_id, check_type
from aiooncall.simulator.datadog.world import not_in_use
from aiooncall.simulator.http.routing import Answer

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import ResourceTable, World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call, Router

_CHANNELS: Final = f"{ON_CALL}/users/{{id}}/notification-channels"
_RULES: Final = f"{ON_CALL}/users/{{id}}/notification-rules"
_RULE_INCLUDES: Final = ("channel",)
_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FORMATS: Final = frozenset({"html", "text"})
_CATEGORIES: Final = ("high_urgency", "low_urgency")
_METHODS: Final = ("sms", "voice")
_REGIONS: Final = {"+1": "us", "+33": "fr", "+44": "gb", "+49": "de", "+81": "jp"}
_NOWHERE: Final = "zz"


def read_channel(data: Fields) -> Json:
    """Return the channel that a request describes, without an id."""
    attributes = data.child("attributes")
    config = attributes.child("config")
    kind = config.choice("type", ("phone", "email"))
    read = _read_phone(config) if kind == "phone" else _read_email(config)
    return data.with_known(attributes=attributes.with_known(active=True, config=read))


def read_rule(data: Fields, channels: ResourceTable) -> Json:
    """Return the rule that a request describes, without an id; it must have one of the user's channels."""
    attributes = data.optional_child("attributes")
    known: Json = {"category": "high_urgency", "delay_minutes": 0}
    if attributes is not None:
        known = attributes.with_known(
            category=attributes.choice("category", _CATEGORIES, "high_urgency"),
            channel_settings=_read_settings(attributes.optional_child("channel_settings")),
            delay_minutes=attributes.integer("delay_minutes", 0) or 0,
        )
    relationships = data.child("relationships")
    channel = relationships.child("channel")
    target = channel.child("data")
    ref = target.with_known(
        id=channels.named(target, "id"), type=target.choice("type", (channels.kind,), channels.kind)
    )
    return data.with_known(
        attributes=known, relationships=relationships.with_known(channel=channel.with_known(data=ref))
    )


def _read_phone(config: Fields) -> Json:
    number = config.text("number")
    if not _E164.fullmatch(number):
        raise config.refusal("number", "must be in E.164 form, such as +14155550123")
    return config.with_known(
        number=number,
        formatted_number=_as_people_write(number),
        region=next((region for prefix, region in _REGIONS.items() if number.startswith(prefix)), _NOWHERE),
        verified=False,
        sms_subscribed_at=None,
    )


def _as_people_write(number: str) -> str:
    """Return a number in the form that recordings have, which are of American ones only; others as they are."""
    if not number.startswith("+1"):
        return number
    return f"{number[:2]} {number[2:5]}-{number[5:8]}-{number[8:]}"


def _read_email(config: Fields) -> Json:
    address, formats = config.text("address"), config.texts("formats")
    if not _ADDRESS.fullmatch(address):
        raise config.refusal("address", "must be an email address")
    if not formats or not _FORMATS.issuperset(formats):
        raise config.refusal("formats", "must hold html or text")
    return config.with_known(address=address, formats=formats)


def _read_settings(settings: Fields | None) -> Json | None:
    if settings is None:
        return None
    return settings.with_known(type=settings.choice("type", ("phone",)), method=settings.choice("method", _METHODS))


@attrs.frozen
class ChannelRoutes:
    """The routes of a user's channels."""

    _world: World
    _envelope: Envelope

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
        self._world.check_private(call.ids[0])
        return self._envelope.answer(200, list(self._world.channels(call.ids[0])))

    def _get(self, call: Call) -> Answer:
        read_include(call.query, ())
        user_id, channel_id = call.ids
        self._world.check_private(user_id)
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


@attrs.frozen
class RuleRoutes:
    """The routes of a user's rules."""

    _world: World
    _envelope: Envelope

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
        self._world.check_private(call.ids[0])
        return self._answer(call, list(self._world.rules(call.ids[0])), include)

    def _get(self, call: Call) -> Answer:
        include = read_include(call.query, _RULE_INCLUDES)
        user_id, rule_id = call.ids
        self._world.check_private(user_id)
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
