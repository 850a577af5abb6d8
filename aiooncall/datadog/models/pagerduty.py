"""PagerDuty services that Datadog can page (https://docs.datadoghq.com/api/latest/pagerduty-integration/)."""

from __future__ import annotations

from typing import Any

import attrs

from aiooncall.codec.fields import WIRE, extra_members


@attrs.define(kw_only=True)
class PagerDutyService:
    """A service, known by its name. Its key is never shown by Datadog.

    Attributes:
        name: the name that messages mention as `@pagerduty-NAME`.
        extra: what the class has no name for.
    """

    name: str = attrs.field(metadata={WIRE: "service_name"})
    extra: dict[str, Any] = extra_members()
