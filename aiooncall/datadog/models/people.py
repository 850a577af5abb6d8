"""Users and teams, as On-Call answers show them (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.jsonapi import Resource

_is_uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII).fullmatch


class UserStatus(StrEnum):
    """Where a user's account is in its life. The server may know more, and writes it in several ways."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    PENDING = "pending"


@attrs.define(kw_only=True, eq=False, repr=False)
class User(Resource):
    """A person who can be reached. Answers differ in how much they say; what is not said is UNSET."""

    type: ClassVar[str] = "users"

    name: Omittable[str] = UNSET
    email: Omittable[str] = UNSET
    status: Omittable[UserStatus | str] = UNSET
    handle: Omittable[str] = UNSET
    title: Omittable[str] = UNSET
    icon: Omittable[str] = UNSET
    uuid: Omittable[str] = UNSET
    disabled: Omittable[bool] = UNSET
    verified: Omittable[bool] = UNSET
    service_account: Omittable[bool] = UNSET
    mfa_enabled: Omittable[bool] = UNSET
    created_at: Omittable[datetime] = UNSET
    modified_at: Omittable[datetime] = UNSET
    last_login_time: Omittable[datetime] = UNSET

    @property
    def label(self) -> str:
        """What to call the user: the name, else the email address, else the id."""
        return self.name or self.email or self.id


@attrs.define(kw_only=True, eq=False, repr=False)
class Team(Resource):
    """A team that owns schedules and policies, and can be paged."""

    type: ClassVar[str] = "teams"

    name: Omittable[str] = UNSET
    handle: Omittable[str] = UNSET
    description: Omittable[str] = UNSET
    avatar: Omittable[str] = UNSET
    summary: Omittable[str] = UNSET
    user_count: Omittable[int] = UNSET

    @property
    def label(self) -> str:
        """What to call the team: the name, else the handle, else the id."""
        return self.name or self.handle or self.id


def is_team_id(team: str) -> bool:
    """Return whether a text is the id of a team, which is a UUID, rather than its handle."""
    return _is_uuid(team) is not None
