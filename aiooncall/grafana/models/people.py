"""Users, teams, and the groups and channels of chat systems.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import listed, read_only
from aiooncall.codec.model import Model


class UserRole(StrEnum):
    """What a user may do at most."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"
    NONE = "none"


@attrs.define(kw_only=True)
class SlackIdentity(Model):
    """Who a user is in Slack."""

    user_id: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class User(Model):
    """A person who can be paged. A list in short form leaves the last fields out."""

    id: str = read_only(required=True)
    username: Omittable[str] = UNSET
    email: Omittable[str] = UNSET
    role: Omittable[UserRole | str] = UNSET
    grafana_id: Omittable[int] = UNSET
    is_phone_number_verified: Omittable[bool] = UNSET
    slack: Omittable[SlackIdentity] = UNSET
    timezone: Omittable[str] = UNSET
    teams: Omittable[Sequence[str]] = listed()


@attrs.define(kw_only=True)
class Team(Model):
    """A team that can be paged."""

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    email: Omittable[str] = UNSET
    avatar_url: Omittable[str] = UNSET
    grafana_id: Omittable[int] = UNSET


@attrs.define(kw_only=True)
class SlackGroup(Model):
    """A user group of Slack."""

    id: Omittable[str] = UNSET
    name: Omittable[str] = UNSET
    handle: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class UserGroup(Model):
    """A group of users as a chat system has it."""

    id: str = read_only(required=True)
    type: Omittable[str] = UNSET
    slack: Omittable[SlackGroup] = UNSET


@attrs.define(kw_only=True)
class SlackChannel(Model):
    """A channel of Slack; `slack_id` is what other resources name it by."""

    slack_id: str = read_only(required=True)
    name: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class Organization(Model):
    """An organisation of Grafana."""

    id: str = read_only(required=True)


@attrs.define(kw_only=True)
class Info(Model):
    """What the engine says of itself."""

    url: Omittable[str] = UNSET
