"""Users and teams (https://grafana.com/docs/oncall/latest/oncall-api-reference/users/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.people import Team, User, UserRole
from aiooncall.grafana.resources.base import LARGEST_PAGE, Readable, pairs
from aiooncall.grafana.resources.exports import USER_EXPORT, export

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

USERS = crud("/api/v1/users/", "user_id")
TEAMS = crud("/api/v1/teams/", "team_id")


class Users(Readable[User]):
    """The users of one Grafana OnCall; the id `current` stands for the owner of the token."""

    _kind = User
    _endpoints = USERS

    def list(
        self,
        *,
        username: str | None = None,
        email: str | None = None,
        roles: Iterable[UserRole | str] = (),
        short: bool | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[User]:
        """Yield users as they are read.

        Args:
            username: the login name, whatever the case of its letters.
            email: the address, whatever the case of its letters.
            roles: only these roles.
            short: whether to leave out Slack, time zone and teams, which is faster.
            page_size: rows in one request, at most 100.
        """
        wanted = tuple(("roles", _role_number(role)) for role in roles)
        return self._rows((*pairs(username=username, email=email, short=short), *wanted), page_size=page_size)

    async def export(self, user_id: str, export_token: str) -> str:
        """Return a user's shifts as an iCalendar.

        Args:
            user_id: the user.
            export_token: the token that Grafana gives out for this export; not the API token.
        """
        return await export(self._core, USER_EXPORT, user_id, export_token)


def _role_number(role: UserRole | str) -> str:
    known = list(UserRole)
    if role not in known:
        raise OptionsError("roles", role, f"a tuple of {', '.join(known)}")
    return str(known.index(UserRole(role)))


class Teams(Readable[Team]):
    """The teams of one Grafana OnCall."""

    _kind = Team
    _endpoints = TEAMS

    def list(self, *, name: str | None = None, page_size: int = LARGEST_PAGE) -> AsyncIterator[Team]:
        """Yield teams as they are read.

        Args:
            name: the exact name.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(name=name), page_size=page_size)
