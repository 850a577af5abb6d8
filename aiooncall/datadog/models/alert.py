"""What an alert can carry (https://docs.datadoghq.com/api/latest/events/#post-an-event)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.validation import bounded, one_of

LONGEST_URL = 2048
LONGEST_LINK_TITLE = 300


class AlertLinkCategory(StrEnum):
    """What a link of an alert leads to."""

    RUNBOOK = "runbook"
    DASHBOARD = "dashboard"


def _check_url(_: object, field: attrs.Attribute[str], value: str) -> None:
    bounded(field.name, value, LONGEST_URL)


def _check_category(_: object, field: attrs.Attribute[str], value: str) -> None:
    one_of(field.name, value, AlertLinkCategory)


def _check_title(_: object, field: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        bounded(field.name, value, LONGEST_LINK_TITLE)


@attrs.frozen
class AlertLink:
    """A link that an alert shows to whoever is paged.

    Attributes:
        url: where it leads, in at most 2048 characters.
        category: whether that is a runbook or a dashboard.
        title: what is shown instead of the URL, in at most 300 characters.
    """

    url: str = attrs.field(validator=_check_url)
    category: AlertLinkCategory | str = attrs.field(validator=_check_category)
    title: str | None = attrs.field(default=None, validator=_check_title)
