"""What Grafana OnCall knows of Slack: user groups and channels.

https://grafana.com/docs/oncall/latest/oncall-api-reference/user_groups/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.grafana.endpoints import endpoint
from aiooncall.grafana.models.people import SlackChannel, UserGroup
from aiooncall.grafana.resources.base import LARGEST_PAGE, Service, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GROUPS: Final = endpoint("GET", "/api/v1/user_groups/")
CHANNELS: Final = endpoint("GET", "/api/v1/slack_channels/")


class UserGroups(Service[UserGroup]):
    """The user groups of the connected Slack."""

    _kind = UserGroup

    def list(self, *, slack_handle: str | None = None, page_size: int = LARGEST_PAGE) -> AsyncIterator[UserGroup]:
        """Yield user groups as they are read.

        Args:
            slack_handle: the exact handle, without its @.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(slack_handle=slack_handle), endpoint=GROUPS, page_size=page_size)


class SlackChannels(Service[SlackChannel]):
    """The channels of the connected Slack."""

    _kind = SlackChannel

    def list(self, *, channel_name: str | None = None, page_size: int = LARGEST_PAGE) -> AsyncIterator[SlackChannel]:
        """Yield channels as they are read.

        Args:
            channel_name: the exact name, without its #.
            page_size: rows in one request, at most 100.
        """
        query = pairs(channel_name=channel_name)
        return self._rows(query, endpoint=CHANNELS, page_size=page_size, key=lambda row: row.slack_id)
