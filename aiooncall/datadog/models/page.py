"""Pages: what they are, and whom they reach (https://docs.datadoghq.com/api/latest/on-call-paging/)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from aiooncall.codec import WIRE
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import ResourceRef


class Urgency(StrEnum):
    """How urgent a page is."""

    HIGH = "high"
    LOW = "low"


class PageStatus(StrEnum):
    """Where a page is in its life. The server may know more."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PageSort(StrEnum):
    """How a list of pages is sorted; a leading minus is descending."""

    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
    MODIFIED_AT = "modified_at"
    MODIFIED_AT_DESCENDING = "-modified_at"
    STATUS = "status"
    STATUS_DESCENDING = "-status"
    PRIORITY = "priority"
    PRIORITY_DESCENDING = "-priority"


def _check_identifier(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise OptionsError(field.name, value, "a non-empty text without line breaks")


@attrs.frozen
class TeamHandle:
    """Page a team by its handle."""

    type: ClassVar[str] = "team_handle"
    identifier: str = attrs.field(validator=_check_identifier)


@attrs.frozen
class TeamId:
    """Page a team by its id."""

    type: ClassVar[str] = "team_id"
    identifier: str = attrs.field(validator=_check_identifier)


@attrs.frozen
class UserId:
    """Page a user by id."""

    type: ClassVar[str] = "user_id"
    identifier: str = attrs.field(validator=_check_identifier)


Target = TeamHandle | TeamId | UserId


@attrs.frozen(kw_only=True)
class CreatedPage:
    """What creating a page tells.

    Attributes:
        id: the page's id.
        reconciled: whether the answer was lost and the page was found by its `dedup_key`.
    """

    id: str
    reconciled: bool = False


def _wire(name: str, **field: Any) -> Any:  # noqa: ANN401 (as attrs.field)
    return attrs.field(metadata={WIRE: name}, **field)


@attrs.define(kw_only=True, slots=True)
class Page:
    """A page as the server knows it. Whatever this class has no name for is in `extra`.

    Attributes:
        id: the page's id.
        status: where it is in its life; a value unknown here stays the server's text.
        created_at: when it was created.
        key: the number that Datadog's pages show.
        release_at: end of a snooze, while snoozed.
        target: the team, user or cross-organisation handle that was paged.
        responders: users who respond.
        scheduled_action: what happens next; its id equals the page's.
    """

    id: str
    title: str
    status: PageStatus | str
    created_at: datetime
    key: str | None = None
    description: str | None = None
    urgency: Urgency | str | None = None
    tags: tuple[str, ...] = ()
    modified_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    responders_added_at: datetime | None = None
    release_at: datetime | None = None
    release_origin: str | None = None
    comment_count: int | None = None
    escalation_policy_id: str | None = _wire("escalation_policy_uuid", default=None)
    services: Any = None
    live_call: Any = None
    target: ResourceRef | None = None
    author: ResourceRef | None = None
    closed_by: ResourceRef | None = None
    responders: tuple[ResourceRef, ...] | None = None
    links: tuple[ResourceRef, ...] | None = None
    jira_issue: ResourceRef | None = None
    scheduled_action: ResourceRef | None = None
    service_now_incident: ResourceRef | None = None
    team_routing_rule: ResourceRef | None = None
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])
