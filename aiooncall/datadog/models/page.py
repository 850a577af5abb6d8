"""Pages: what they are, and whom they reach (https://docs.datadoghq.com/api/latest/on-call-paging/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.codec.fields import WIRE, listed, required
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.routing import RoutingRule
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import Resource, ResourceRef, UnknownResource, to_many, to_one


class Urgency(StrEnum):
    """How urgent a page is."""

    HIGH = "high"
    LOW = "low"


class PageStatus(StrEnum):
    """Where a page is in its life. The server may know more."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class ReleaseOrigin(StrEnum):
    """What snoozed a page. The server may know more."""

    ACK_TIMEOUT = "ack_timeout"
    TEAM_RULES_ACTIVE_HOURS = "team_rules_active_hours"
    MANUAL_SNOOZE = "manual_snooze"


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
    """Page a team by its handle; a UUID is taken for its id."""

    type: ClassVar[str] = "team_handle"
    identifier: str = attrs.field(validator=_check_identifier)


@attrs.frozen
class TeamId:
    """Page a team by its id; what is no UUID is taken for its handle."""

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
    """The result of creating a page.

    Attributes:
        id: the page's id.
        reconciled: whether the answer was lost and the page was found by its `dedup_key`.
        created: whether it is new; False if `unless_open` found one that is open.
        maybe_twice: whether it was sent again after a doubt, so that there may be two pages.
    """

    id: str
    created: bool = True
    reconciled: bool = False
    maybe_twice: bool = False


@attrs.define(kw_only=True, eq=False, repr=False)
class Page(Resource):
    """A page as the server knows it.

    Attributes:
        status: where it is in its life; a value unknown here stays the server's text.
        created_at: when it was created.
        key: the number that Datadog's pages show.
        release_at: end of a snooze, while snoozed.
        release_origin: what snoozed it, while snoozed; a value unknown here stays the server's text.
        escalation_policy_id: the policy that it follows.
        target: the team, user or cross-organisation handle that was paged.
        responders: users who respond.
        scheduled_action: what happens next; its id equals the page's.
    """

    type: ClassVar[str] = "pages"

    title: str = required()
    status: PageStatus | str = required()
    created_at: datetime = required()
    key: Omittable[str] = UNSET
    description: Omittable[str] = UNSET
    urgency: Omittable[Urgency | str] = UNSET
    tags: Sequence[str] = listed(default=())
    modified_at: Omittable[datetime] = UNSET
    acknowledged_at: Omittable[datetime] = UNSET
    closed_at: Omittable[datetime] = UNSET
    responders_added_at: Omittable[datetime] = UNSET
    release_at: Omittable[datetime] = UNSET
    release_origin: Omittable[ReleaseOrigin | str] = UNSET
    comment_count: Omittable[int] = UNSET
    escalation_policy_id: Omittable[str] = attrs.field(default=UNSET, metadata={WIRE: "escalation_policy_uuid"})
    services: Any = UNSET
    live_call: Any = UNSET
    target: User | Team | UnknownResource | ResourceRef | UnsetType | None = to_one()
    author: User | UnknownResource | ResourceRef | UnsetType | None = to_one()
    closed_by: User | UnknownResource | ResourceRef | UnsetType | None = to_one()
    responders: Sequence[User | UnknownResource | ResourceRef] | UnsetType = to_many()
    links: Sequence[UnknownResource | ResourceRef] | UnsetType = to_many()
    jira_issue: UnknownResource | ResourceRef | UnsetType | None = to_one()
    scheduled_action: UnknownResource | ResourceRef | UnsetType | None = to_one()
    service_now_incident: UnknownResource | ResourceRef | UnsetType | None = to_one()
    team_routing_rule: RoutingRule | UnknownResource | ResourceRef | UnsetType | None = to_one()
