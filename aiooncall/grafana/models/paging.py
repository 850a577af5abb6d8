"""Paging people (https://grafana.com/docs/oncall/latest/oncall-api-reference/direct_paging/)."""

from __future__ import annotations

import attrs

from aiooncall.grafana.models.alert_group import AlertGroup


@attrs.frozen
class PagedUser:
    """A user to page.

    Attributes:
        id: the user's id.
        important: whether the user's rules for important pages count.
    """

    id: str
    important: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen(kw_only=True)
class PagedGroup:
    """The result of paging somebody.

    Attributes:
        id: the id of the alert group, be it new or not.
        alert_group: the group, if the answer had it.
        reconciled: whether the answer was lost and the group was found again.
        maybe_twice: whether it was sent again after a doubt, so that people may have been paged twice.
    """

    id: str
    alert_group: AlertGroup | None = None
    reconciled: bool = False
    maybe_twice: bool = False
