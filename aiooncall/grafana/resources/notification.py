"""How users are told (https://grafana.com/docs/oncall/latest/oncall-api-reference/personal_notification_rules/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import needs, number
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.notification import PersonalNotificationRule
from aiooncall.grafana.resources.base import LARGEST_PAGE, Collection, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RULES = crud("/api/v1/personal_notification_rules/", "rule_id")
WAITS: Final = (60, 300, 900, 1800, 3600)
"""Seconds (https://grafana.com/docs/oncall/latest/oncall-api-reference/personal_notification_rules/)."""


class PersonalNotificationRules(Collection[PersonalNotificationRule]):
    """The personal notification rules of all users."""

    _kind = PersonalNotificationRule
    _endpoints = RULES

    def list(
        self, *, user_id: str | None = None, important: bool | None = None, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[PersonalNotificationRule]:
        """Yield rules as they are read.

        Args:
            user_id: only those of a user.
            important: only those for important pages, or only the others.
            page_size: rows in one request, at most 100.
        """
        return self._rows(pairs(user_id=user_id, important=important), page_size=page_size)

    def _check(self, resource: PersonalNotificationRule, *, new: bool) -> None:
        if new:
            needs(resource, "user_id", "type")
        if resource.duration is not UNSET and resource.duration is not None and resource.duration not in WAITS:
            raise OptionsError("duration", resource.duration, f"one of {', '.join(map(str, WAITS))} seconds")
        number("position", resource.position, -1)
