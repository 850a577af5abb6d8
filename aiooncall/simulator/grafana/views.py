"""The parts of the API, by the first word of their paths."""

from __future__ import annotations

from typing import Final

ROOT: Final = "/api/v1"

TOKEN_ONLY: Final = frozenset(
    {"escalation", "direct_paging", "personal_notification_rules", "info", "make_call", "send_sms", "actions"}
)
"""What service accounts may not use."""
UNCHECKED: Final = frozenset({"actions", "make_call", "send_sms", "direct_paging"})
"""What needs no permission."""
EXPORTS: Final = frozenset({"export", "schedule_export"})
"""Calendars, which have tokens of their own."""


def view_of(path: str) -> str:
    """Return the part of the API that a path belongs to."""
    return path.removeprefix(ROOT).strip("/").partition("/")[0]


def is_export(path: str) -> bool:
    """Tell whether a path leads to a calendar."""
    return path.rstrip("/").rpartition("/")[2] in EXPORTS
