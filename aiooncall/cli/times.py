"""Times on the command line: without a zone they are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

WRITTEN: Final[dict[str, Any]] = {
    "metavar": "TIME",
    "formats": ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"],
}
"""How a time is written: 2031-04-12, 2031-04-12T07:30, 2031-04-12T07:30:00Z and so on."""


def utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC, if there is one; without a zone it is in UTC already."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
