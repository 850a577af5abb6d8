"""New pages, and whom they are for: how they are checked and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.validation import one_of
from aiooncall.datadog.models.page import TeamHandle, TeamId, Urgency, UserId
from aiooncall.datadog.models.people import is_team_id
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from aiooncall.datadog.models.page import Target

LONGEST_TITLE: Final = 1024
"""A bound of our own, so that a whole log is not put in a title: Datadog documents none. In characters."""


def page_attributes(
    title: str, target: Target, urgency: Urgency | str, description: str | None, tags: Iterable[str]
) -> dict[str, Any]:
    """Return the attributes of a new page.

    Raises:
        OptionsError: one of them is wrong.
    """
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE:
        raise OptionsError("title", title, f"a text of 1 to {LONGEST_TITLE} characters")
    asked = one_of("urgency", urgency, Urgency)
    if description is not None and not isinstance(description, str):
        raise OptionsError("description", description, "a text or None")
    attributes = {"title": title, "target": target_of(target), "urgency": asked, "tags": tags_of(tags)}
    return attributes if description is None else {**attributes, "description": description}


def target_of(target: Target) -> dict[str, str]:
    """Return whom a page is for, or raise OptionsError. What is no id of a team is its handle, and the other way."""
    if not isinstance(target, (TeamHandle, TeamId, UserId)):
        raise OptionsError("target", target, "a TeamHandle, TeamId or UserId")
    kind = target if isinstance(target, UserId) else TeamId if is_team_id(target.identifier) else TeamHandle
    return {"type": kind.type, "identifier": target.identifier}


def tags_of(tags: Iterable[str]) -> list[str]:
    """Return tags as a list, or raise OptionsError."""
    listed = None if isinstance(tags, str) or not isinstance(tags, Iterable) else list(tags)
    if listed is None or not all(isinstance(tag, str) and tag.strip() for tag in listed):
        raise OptionsError("tags", tags, "non-empty texts, such as ['service:checkout']")
    return listed
