"""A user's notification channels and rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import UNSET, BadRequest, CodecError, Conflict, NotFound, OptionsError, ResourceRef, evolve
from aiooncall.datadog import (
    EmailConfig,
    EmailFormat,
    NotificationCategory,
    NotificationChannel,
    NotificationRule,
    NotificationRuleInclude,
    PhoneConfig,
    PhoneMethod,
    PhoneSettings,
    PushConfig,
    Team,
    UnknownVariant,
)
from tests.support.datadog_http import NOBODY, ON_CALL
from tests.support.datadog_world import answering, everything, linked_paths, on_the_way, subsets, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World

PHONE = PhoneConfig(number="+14155550123")
EMAIL = EmailConfig(address="ann@example.com", formats=[EmailFormat.TEXT, "html"])


async def new_channel(w: World, config: Any = PHONE) -> Any:
    """Give Ann a channel."""
    return await w.client.notification_channels.create(w.ann, NotificationChannel(config=config))


async def new_rule(w: World, channel: Any, **fields: Any) -> Any:
    """Give Ann a rule."""
    return await w.client.notification_rules.create(w.ann, NotificationRule(channel=channel, **fields))


async def test_life_of_a_channel() -> None:
    """Channels are created, read, listed in order and deleted, each with its own settings."""
    async with world() as w:
        channels = w.client.notification_channels
        phone, email = await new_channel(w), await new_channel(w, EMAIL)
        assert (phone.active, phone.config.number, phone.config.region) == (True, "+14155550123", "us")
        assert (phone.config.verified, phone.config.sms_subscribed_at) == (False, UNSET)
        assert email.config == EmailConfig(address="ann@example.com", formats=(EmailFormat.TEXT, EmailFormat.HTML))
        assert await channels.get(w.ann, email.id) == email
        assert await everything(channels.list(w.ann)) == [phone, email]
        assert await everything(channels.list(w.bob)) == []
        assert await channels.delete(w.ann, phone.id) is None
        assert await everything(channels.list(w.ann)) == [email]
        with pytest.raises(NotFound, match="notification channel not found"):
            await channels.get(w.ann, phone.id)


async def test_every_kind_of_channel_reads() -> None:
    """An app, and a kind that is not known, read as they came."""
    async with world() as w:
        w.sim.add_channel(w.ann, {"type": "push", "device_name": "Pixel", "application_name": "app"})
        w.sim.add_channel(w.ann, {"type": "pigeon", "coop": 7}, active=False)
        app, pigeon = await everything(w.client.notification_channels.list(w.ann))
        assert app.config == PushConfig(device_name="Pixel", application_name="app")
        assert pigeon.config == UnknownVariant(kind="pigeon", extra={"coop": 7})
        assert (app.active, pigeon.active) == (True, False)


async def test_app_cannot_be_created() -> None:
    """An app registers itself: to create one is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="app registers itself"):
            await new_channel(w, PushConfig(device_name="Pixel", application_name="app"))
        assert w.sent() == []


@pytest.mark.parametrize(
    ("field", "config"),
    [
        ("config.number", PhoneConfig(number="0415 5550123")),
        ("config.number", PhoneConfig(number="")),
        ("config.number", PhoneConfig(number=14155550123)),  # type: ignore[arg-type]  # wrong on purpose
        ("config.address", EmailConfig(address="ann")),
        ("config.address", EmailConfig(address="a b@example.com")),
        ("config.formats", EmailConfig(address="ann@example.com", formats=[])),
        ("config", UNSET),
        ("config", None),
        ("config", "+14155550123"),
    ],
)
async def test_bad_channel_is_refused_locally(field: str, config: Any) -> None:
    """A number or address that cannot be one, or none at all, is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError) as raised:
            await new_channel(w, config)
        assert raised.value.field == field
        assert w.sent() == []


async def test_life_of_a_rule() -> None:
    """A rule is created, read, replaced, listed and deleted, and each time what was sent is what is there."""
    async with world() as w:
        rules, phone, email = w.client.notification_rules, await new_channel(w), await new_channel(w, EMAIL)
        made = await new_rule(
            w, phone, category="low_urgency", delay=timedelta(minutes=5), channel_settings=PhoneSettings(method="sms")
        )
        assert (made.category, made.delay) == (NotificationCategory.LOW_URGENCY, 300)
        assert made.channel_settings == PhoneSettings(method=PhoneMethod.SMS)
        assert made.channel == phone.ref
        assert await rules.get(w.ann, made.id) == made
        changed = evolve(
            made, channel=email, delay=60, channel_settings=UNSET, category=NotificationCategory.HIGH_URGENCY
        )
        assert await rules.update(w.ann, changed, include=("channel",)) == changed
        assert await everything(rules.list(w.ann, include=("channel",))) == [changed]
        assert w.sim.stored("notification_rules", made.id)["attributes"] == {
            "category": "high_urgency",
            "delay_minutes": 1,
        }
        assert await rules.delete(w.ann, made.id) is None
        assert await everything(rules.list(w.ann)) == []
        with pytest.raises(NotFound, match="notification rule not found"):
            await rules.get(w.ann, made.id)


async def test_rule_takes_a_reference_for_its_channel() -> None:
    """A channel's reference does as well as the channel."""
    async with world() as w:
        phone = await new_channel(w)
        assert (await new_rule(w, ResourceRef("notification_channels", phone.id))).channel == phone.ref


@pytest.mark.parametrize("operation", ["get", "list", "update"])
async def test_channel_comes_along_if_asked(operation: str) -> None:
    """For every choice of includes exactly what was asked for is an object, also for a list."""
    async with world() as w:
        phone = await new_channel(w)
        known = await new_rule(w, phone)
        for include in subsets(NotificationRuleInclude):
            if operation == "list":
                (found,) = await everything(w.client.notification_rules.list(w.ann, include=include))
            else:
                argument = known if operation == "update" else known.id
                found = await getattr(w.client.notification_rules, operation)(w.ann, argument, include=include)
            assert linked_paths(found, NotificationRuleInclude) == on_the_way(include)
            assert found.channel.id == phone.id


@pytest.mark.parametrize("include", ["channel", ("channels",), ("user",), None])
@pytest.mark.parametrize("operation", ["get", "list", "update"])
async def test_wrong_include_is_refused_locally(operation: str, include: Any) -> None:
    """A text instead of a tuple, or a value that a rule does not have, is an OptionsError; nothing is sent."""
    async with world() as w:
        arguments: dict[str, list[Any]] = {"get": ["r"], "list": [], "update": [NotificationRule(id="r")]}
        called = getattr(w.client.notification_rules, operation)(w.ann, *arguments[operation], include=include)
        with pytest.raises(OptionsError, match="'channel'") as raised:
            await (everything(called) if operation == "list" else called)
        assert raised.value.field == "include"
        assert w.sent() == []


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("delay", {"delay": 90}),
        ("delay", {"delay": -60}),
        ("delay", {"delay": "5"}),
        ("delay", {"delay": timedelta(seconds=1)}),
        ("channel", {"channel": Team(id="t")}),
        ("channel", {"channel": NotificationChannel()}),
        ("channel", {"channel": "c"}),
    ],
)
@pytest.mark.parametrize("operation", ["create", "update"])
async def test_bad_rule_is_refused_locally(operation: str, field: str, fields: dict[str, Any]) -> None:
    """A delay that is no whole number of minutes, or something else than a channel, is an OptionsError."""
    async with world() as w:
        rule = NotificationRule(id="r", **fields)
        with pytest.raises(OptionsError) as raised:
            await getattr(w.client.notification_rules, operation)(w.ann, rule)
        assert raised.value.field == field
        assert w.sent() == []


@pytest.mark.parametrize("wrong", [None, "rule", {"delay": 0}, Team(id="t"), ResourceRef("notification_rules", "r")])
async def test_wrong_argument_is_refused_locally(wrong: Any) -> None:
    """Anything but a channel or a rule is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="a NotificationChannel"):
            await w.client.notification_channels.create(w.ann, wrong)
        for operation in ("create", "update"):
            with pytest.raises(OptionsError, match="a NotificationRule"):
                await getattr(w.client.notification_rules, operation)(w.ann, wrong)
        assert w.sent() == []


async def test_update_needs_an_id() -> None:
    """A rule that was never created cannot be updated; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="id of the NotificationRule"):
            await w.client.notification_rules.update(w.ann, NotificationRule(delay=60))
        assert w.sent() == []


async def test_server_refusals() -> None:
    """A channel of somebody else is BadRequest, an unknown user NotFound, a channel that a rule needs a Conflict."""
    async with world() as w:
        phone = await new_channel(w)
        rule = await new_rule(w, phone)
        with pytest.raises(BadRequest, match=phone.id):
            await w.client.notification_rules.create(w.bob, NotificationRule(channel=phone))
        with pytest.raises(NotFound, match=rf"user\[{NOBODY}\] not found"):
            await w.client.notification_channels.create(NOBODY, NotificationChannel(config=PHONE))
        for rows in (w.client.notification_channels.list(NOBODY), w.client.notification_rules.list(NOBODY)):
            with pytest.raises(NotFound):
                await everything(rows)
        with pytest.raises(NotFound):
            await w.client.notification_rules.delete(w.bob, rule.id)
        with pytest.raises(Conflict, match=rule.id):
            await w.client.notification_channels.delete(w.ann, phone.id)


async def test_unknown_settings_survive_an_edit() -> None:
    """Settings, categories and members that are not known go back as they came."""
    async with world() as w:
        phone = await new_channel(w)
        made = await new_rule(w, phone, channel_settings=PhoneSettings(method="voice", extra={"language": "fr"}))
        path = f"{ON_CALL}/users/{w.ann}/notification-rules/{made.id}"
        stored = w.sim.stored("notification_rules", made.id)
        stored["attributes"]["colour"] = {"deep": [1, None]}
        stored["relationships"]["owner"] = {"data": {"type": "robots", "id": "7"}}
        await w.caller.ask("PUT", path, {"data": {**stored, "note": "hello"}})
        before = w.sim.stored("notification_rules", made.id)
        await w.client.notification_rules.update(w.ann, await w.client.notification_rules.get(w.ann, made.id))
        assert w.sim.stored("notification_rules", made.id) == before
        assert before["attributes"]["channel_settings"]["language"] == "fr"
        assert before["note"] == "hello"


@pytest.mark.parametrize("kind", ["channels", "rules"])
async def test_list_answered_by_one_resource_is_a_codec_error(kind: str) -> None:
    """One resource where a list was promised is an error, not a list of one."""
    async with answering({"data": {"type": f"notification_{kind}", "id": "1"}}) as (_, client):
        with pytest.raises(CodecError, match="expected a list"):
            await everything(getattr(client, f"notification_{kind}").list("u"))
