"""A user's notification channels and rules (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aiooncall.datadog.models.notification import NotificationChannel, NotificationRule
from aiooncall.datadog.resources.base import Service, read_many
from aiooncall.datadog.resources.includes import NotificationRuleInclude, include_query
from aiooncall.datadog.writing.notification import channel_request, rule_request
from aiooncall.jsonapi import Resource
from aiooncall.transport.crud import crud

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

R = TypeVar("R", bound=Resource)

_USER = "/api/v2/on-call/users/{user_id}"
CHANNELS = crud(f"{_USER}/notification-channels", "channel_id")
RULES = crud(f"{_USER}/notification-rules", "rule_id")


class UserCollection(Service[R]):
    """A kind of resource that belongs to a user."""

    async def _list(self, user_id: str, include: Iterable[str] = ()) -> AsyncIterator[R]:
        query = include_query(include, self._includes)
        read = partial(read_many, kind=self._kind)
        for resource in (await self._core.fetch(self._endpoints.list, user_id, query=query, read=read)).data:
            yield resource


class NotificationChannels(UserCollection[NotificationChannel]):
    """The ways in which users can be reached."""

    _kind = NotificationChannel
    _endpoints = CHANNELS
    _request = staticmethod(channel_request)

    async def create(self, user_id: str, channel: NotificationChannel) -> NotificationChannel:
        """Give a user a phone or an email address to be reached at, once.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether it was created is unknown.
        """
        return await self._create(channel, user_id)

    def list(self, user_id: str) -> AsyncIterator[NotificationChannel]:
        """Yield the channels of a user."""
        return self._list(user_id)

    async def get(self, user_id: str, channel_id: str) -> NotificationChannel:
        """Return one channel of a user.

        Raises:
            NotFound: there is no such channel.
        """
        return await self._call(CHANNELS.get, user_id, channel_id)

    async def delete(self, user_id: str, channel_id: str) -> None:
        """Delete a channel of a user.

        Raises:
            NotFound: there is no such channel.
        """
        await self._core.delete(CHANNELS.delete, user_id, channel_id)


class NotificationRules(UserCollection[NotificationRule]):
    """When users are told, and by which channel."""

    _kind = NotificationRule
    _endpoints = RULES
    _includes = NotificationRuleInclude
    _request = staticmethod(rule_request)

    async def create(self, user_id: str, rule: NotificationRule) -> NotificationRule:
        """Add a rule for a user, once.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether it was created is unknown.
        """
        return await self._create(rule, user_id)

    def list(self, user_id: str, *, include: Iterable[str] = ()) -> AsyncIterator[NotificationRule]:
        """Yield the rules of a user."""
        return self._list(user_id, include)

    async def get(self, user_id: str, rule_id: str, *, include: Iterable[str] = ()) -> NotificationRule:
        """Return one rule of a user.

        Raises:
            NotFound: there is no such rule.
        """
        return await self._call(RULES.get, user_id, rule_id, include=include)

    async def update(self, user_id: str, rule: NotificationRule, *, include: Iterable[str] = ()) -> NotificationRule:
        """Replace a rule of a user by an edited one.

        Raises:
            OptionsError: something about it is wrong; nothing was sent.
        """
        return await self._update(rule, user_id, include=include)

    async def delete(self, user_id: str, rule_id: str) -> None:
        """Delete a rule of a user.

        Raises:
            NotFound: there is no such rule.
        """
        await self._core.delete(RULES.delete, user_id, rule_id)
