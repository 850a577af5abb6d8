"""Notification channels and rules in the simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.datadog_http import NOBODY, ON_CALL, data_body, simulated

EMAIL = {"type": "email", "address": "ann@example.com", "formats": ["html", "text"]}
PHONE = {"type": "phone", "number": "+14155550123"}


def channels(user: str) -> str:
    """Return where the channels of a user are."""
    return f"{ON_CALL}/users/{user}/notification-channels"


def rules(user: str) -> str:
    """Return where the rules of a user are."""
    return f"{ON_CALL}/users/{user}/notification-rules"


def channel_body(config: Any) -> dict[str, Any]:
    """Return the body of a request for a channel."""
    return data_body("notification_channels", {"config": config})


def rule_body(channel: Any, **attributes: Any) -> dict[str, Any]:
    """Return the body of a request for a rule."""
    body = data_body("notification_rules", attributes)
    body["data"]["relationships"] = {"channel": {"data": {"id": channel, "type": "notification_channels"}}}
    return body


async def test_channels_read_as_documented() -> None:
    """A channel shows its settings, a phone with what the server knows of the number, and what nobody knows stays."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        email = await caller.ask("POST", channels(user), channel_body({**EMAIL, "tone": {"t": 1}}), status=201)
        phone = await caller.make(channels(user), channel_body(PHONE))
        push = sim.add_channel(user, {"type": "push", "application_name": "a", "device_name": "d"}, active=False)
        listed = (await caller.ask("GET", channels(user)))["data"]
        single = [(await caller.ask("GET", f"{channels(user)}/{item['id']}"))["data"] for item in listed]
    assert listed == single
    assert [item["id"] for item in listed] == [email["data"]["id"], phone, push]
    assert [item["attributes"]["active"] for item in listed] == [True, True, False]
    assert [item["attributes"]["config"] for item in listed] == [
        {**EMAIL, "tone": {"t": 1}},
        {
            **PHONE,
            "formatted_number": "+1 415-555-0123",
            "region": "us",
            "verified": False,
        },
        {"type": "push", "application_name": "a", "device_name": "d"},
    ]


@pytest.mark.parametrize(
    "config",
    [
        None,
        {},
        {"type": "pigeon"},
        {"type": "push", "application_name": "a", "device_name": "d"},
        {"type": "phone"},
        {"type": "phone", "number": "14155550123"},
        {"type": "phone", "number": "+0155550123"},
        {**EMAIL, "address": "ann"},
        {**EMAIL, "formats": None},
        {**EMAIL, "formats": []},
        {**EMAIL, "formats": ["pdf"]},
    ],
    ids=str,
)
async def test_bad_channel_is_refused(config: Any) -> None:
    """A channel must be a phone with an E.164 number or an address with formats."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        assert "data.attributes.config" in await caller.refusal("POST", channels(user), channel_body(config))
        assert (await caller.ask("GET", channels(user)))["data"] == []


async def test_rules_live_and_are_replaced() -> None:
    """A rule shows defaults for what it leaves out, is replaced as a whole, and brings its channel on request."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        channel = await caller.make(channels(user), channel_body(PHONE))
        bare = rule_body(channel)
        del bare["data"]["attributes"]
        rule = await caller.make(rules(user), bare)
        plain = await caller.ask("GET", f"{rules(user)}/{rule}")
        settings = {"type": "phone", "method": "sms", "gap": 1}
        body = rule_body(channel, category="low_urgency", delay_minutes=5, channel_settings=settings, mood="calm")
        body["data"]["id"] = rule
        full = await caller.ask("PUT", f"{rules(user)}/{rule}", body, include="channel")
        listed = await caller.ask("GET", rules(user), include="channel")
        await caller.ask("DELETE", f"{rules(user)}/{rule}", status=204)
        assert (await caller.ask("GET", rules(user)))["data"] == []
    assert plain["data"]["attributes"] == {"category": "high_urgency", "delay_minutes": 0}
    assert "included" not in plain
    assert full["data"] == body["data"]
    assert [item["id"] for item in full["included"]] == [channel]
    assert (listed["data"], listed["included"]) == ([full["data"]], full["included"])


@pytest.mark.parametrize("drift", [False, True])
async def test_unchanged_rule_stays(drift: bool) -> None:
    """Putting back a rule as it was read leaves the stored one equal."""
    async with simulated(drift=drift) as (sim, caller):
        user = sim.add_user()
        channel = await caller.make(channels(user), channel_body(EMAIL))
        rule = await caller.make(rules(user), rule_body(channel, category="low_urgency", mood={"m": 1}))
        before = sim.stored("notification_rules", rule)
        read = await caller.ask("GET", f"{rules(user)}/{rule}")
        await caller.ask("PUT", f"{rules(user)}/{rule}", {"data": read["data"]})
        assert sim.stored("notification_rules", rule) == before
    assert before["attributes"]["mood"] == {"m": 1}


@pytest.mark.parametrize(
    "attributes",
    [
        {"category": "medium"},
        {"delay_minutes": -1},
        {"delay_minutes": "1"},
        {"channel_settings": {}},
        {"channel_settings": {"type": "email", "method": "sms"}},
        {"channel_settings": {"type": "phone", "method": "fax"}},
    ],
    ids=str,
)
async def test_bad_rule_is_refused(attributes: dict[str, Any]) -> None:
    """A rule has a known category, a delay and settings that its channel's kind knows."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        channel = await caller.make(channels(user), channel_body(PHONE))
        (name,) = attributes
        assert f"data.attributes.{name}" in await caller.refusal("POST", rules(user), rule_body(channel, **attributes))


async def test_rule_needs_a_channel_of_its_user() -> None:
    """A rule without a channel, with an unknown one or with somebody else's is refused."""
    async with simulated() as (sim, caller):
        user, other = sim.add_user(), sim.add_user()
        channel = await caller.make(channels(other), channel_body(EMAIL))
        for bad in (channel, NOBODY, None):
            assert "channel.data.id" in await caller.refusal("POST", rules(user), rule_body(bad))
        assert "relationships" in await caller.refusal("POST", rules(user), data_body("notification_rules", {}))


async def test_used_channel_stays() -> None:
    """A channel that a rule uses cannot be deleted, and the error names the rule."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        channel = await caller.make(channels(user), channel_body(EMAIL))
        rule = await caller.make(rules(user), rule_body(channel))
        assert rule in await caller.refusal("DELETE", f"{channels(user)}/{channel}", status=409)
        await caller.ask("DELETE", f"{rules(user)}/{rule}", status=204)
        await caller.ask("DELETE", f"{channels(user)}/{channel}", status=204)
        detail = await caller.refusal("GET", f"{channels(user)}/{channel}", status=404)
        assert detail == "notification channel not found"


async def test_unknown_ids_are_404() -> None:
    """Users, channels and rules that are not there are 404, another user's as well."""
    async with simulated() as (sim, caller):
        user, other = sim.add_user(), sim.add_user()
        channel = await caller.make(channels(user), channel_body(EMAIL))
        rule = await caller.make(rules(user), rule_body(channel))
        for method, path in (
            ("GET", channels(NOBODY)),
            ("POST", channels(NOBODY)),
            ("GET", rules(NOBODY)),
            ("POST", rules(NOBODY)),
            ("GET", f"{channels(other)}/{channel}"),
            ("DELETE", f"{channels(other)}/{channel}"),
            ("GET", f"{rules(other)}/{rule}"),
            ("PUT", f"{rules(other)}/{rule}"),
            ("DELETE", f"{rules(other)}/{rule}"),
        ):
            named = f"user[{NOBODY}]" if NOBODY in path else f"notification {path.split('/')[6][13:-1]}"
            assert await caller.refusal(method, path, status=404) == f"{named} not found"


async def test_body_and_include_are_checked() -> None:
    """The id in a body must be the path's, the type the operation's, and only rules include anything."""
    async with simulated() as (sim, caller):
        user = sim.add_user()
        channel = await caller.make(channels(user), channel_body(EMAIL))
        rule = await caller.make(rules(user), rule_body(channel))
        body = rule_body(channel)
        assert "include" in await caller.refusal("POST", rules(user), body, include="channel")
        assert "include" in await caller.refusal("GET", channels(user), include="channel")
        assert "data.type" in await caller.refusal("POST", channels(user), body)
        body["data"]["id"] = NOBODY
        assert "data.id" in await caller.refusal("PUT", f"{rules(user)}/{rule}", body)
