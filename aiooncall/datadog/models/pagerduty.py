"""PagerDuty services that Datadog can page (https://docs.datadoghq.com/api/latest/pagerduty-integration/)."""

from __future__ import annotations

import attrs

from aiooncall.codec.fields import WIRE
from aiooncall.codec.model import Model


@attrs.define(kw_only=True)
class PagerDutyService(Model):
    """A service, known by its name. Its key is never shown by Datadog.

    Attributes:
        name: the name that messages mention as `@pagerduty-NAME`.
        extra: what the class has no name for.
    """

    name: str = attrs.field(metadata={WIRE: "service_name"})
