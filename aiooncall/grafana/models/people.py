"""Users, teams, and the groups and channels of chat systems.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Maybe
from aiooncall.codec.fields import listed, read_only


class UserRole(StrEnum):
    """What a user may do at most."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"
    NONE = "none"


@attrs.define(kw_only=True)
class SlackIdentity:
    """Who a user is in Slack."""

    user_id: Maybe[str] = UNSET
    team_id: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class User:
    """A person who can be paged. A list in short form leaves the last fields out."""

    id: str = read_only(required=True)
    username: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    role: Maybe[UserRole | str] = UNSET
    grafana_id: Maybe[int] = UNSET
    is_phone_number_verified: Maybe[bool] = UNSET
    slack: Maybe[SlackIdentity] = UNSET
    timezone: Maybe[str] = UNSET
    teams: Maybe[Sequence[str]] = listed()
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Team:
    """A team that can be paged."""

    id: str = read_only(required=True)
    name: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    avatar_url: Maybe[str] = UNSET
    grafana_id: Maybe[int] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class SlackGroup:
    """A user group of Slack."""

    id: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    handle: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class UserGroup:
    """A group of users as a chat system has it."""

    id: str = read_only(required=True)
    type: Maybe[str] = UNSET
    slack: Maybe[SlackGroup] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class SlackChannel:
    """A channel of Slack; `slack_id` is what other resources name it by."""

    slack_id: str = read_only(required=True)
    name: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Organization:
    """An organisation of Grafana."""

    id: str = read_only(required=True)
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Info:
    """What the engine says of itself."""

    url: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])
