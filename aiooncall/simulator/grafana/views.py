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
ROLES: Final = ("none", "viewer", "editor", "admin")
"""What users can be in Grafana, the one with the fewest permissions first."""
SET_UP: Final = frozenset({"integrations", "routes", "escalation_chains", "escalation_policies", "webhooks"})
"""What only admins change: grafana/oncall, engine/apps/api/permissions.py"""
EXPORTS: Final = frozenset({"export", "schedule_export"})
"""Calendars, which have tokens of their own."""


def view_of(path: str) -> str:
    """Return the part of the API that a path belongs to."""
    return path.removeprefix(ROOT).strip("/").partition("/")[0]


def may(role: str, method: str, view: str) -> bool:
    """Tell whether users of a role may use a part of the API: viewers read, editors act."""
    least = "viewer" if method == "GET" else "admin" if view in SET_UP else "editor"
    return view in UNCHECKED or ROLES.index(role) >= ROLES.index(least)


def is_export(path: str) -> bool:
    """Tell whether a path leads to a calendar."""
    return path.rstrip("/").rpartition("/")[2] in EXPORTS
