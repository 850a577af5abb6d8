"""Alerts, and what ends them: how they are checked and written.

The bounds are those of https://docs.datadoghq.com/api/latest/events/#post-an-event, in characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from aiooncall._base.validation import bounded, count
from aiooncall.datadog.models.alert import AlertLink
from aiooncall.datadog.models.people import is_team_id
from aiooncall.datadog.writing.page import tags_of
from aiooncall.errors import OptionsError

LONGEST_TITLE: Final = 500
LONGEST_MESSAGE: Final = 4000
LONGEST_KEY: Final = 100
MOST_TAGS: Final = 100
MOST_LINKS: Final = 20
PRIORITIES: Final = 5
_is_handle = re.compile(r"[\w-]+(\.[\w-]+)*").fullmatch


def alert_attributes(status: str, key: str, title: str, team: str, message: str | None) -> dict[str, Any]:
    """Return the attributes of an event of the alert with a key, for a team.

    Raises:
        OptionsError: one of them is wrong.
    """
    return {
        "aggregation_key": bounded("key", key, LONGEST_KEY),
        "title": bounded("title", title, LONGEST_TITLE),
        "message": _message(message, team),
        "category": "alert",
        "attributes": {"status": status},
    }


def with_details(
    attributes: dict[str, Any], priority: int | None, tags: Iterable[str], links: Iterable[AlertLink]
) -> dict[str, Any]:
    """Return the attributes of an event with what an alert may have beside its text; no list of it may be empty.

    Raises:
        OptionsError: some of it is wrong.
    """
    ranked = None if priority is None else str(count("priority", priority, most=PRIORITIES))
    details = {"priority": ranked, "links": _links(links)}
    status = {**attributes["attributes"], **{name: value for name, value in details.items() if value}}
    listed = tags_of(tags)
    if len(listed) > MOST_TAGS:
        raise OptionsError("tags", listed, f"at most {MOST_TAGS} of them")
    return {**attributes, "attributes": status, **({"tags": listed} if listed else {})}


def _message(message: str | None, team: str) -> str:
    """Return a message that mentions the team, which is what pages it."""
    if not isinstance(team, str) or not _is_handle(team) or is_team_id(team):
        raise OptionsError("team", team, "the handle of a team, such as 'storage', without an @; not its id")
    mention = f"@oncall-{team}"
    most = LONGEST_MESSAGE - len(mention) - 1
    if message is not None and (not isinstance(message, str) or len(message) > most):
        raise OptionsError("message", message, f"a text of at most {most} characters, or None")
    return f"{message}\n{mention}" if message else mention


def _links(links: Iterable[AlertLink]) -> list[dict[str, str]]:
    listed = list(links) if isinstance(links, Iterable) else None
    if listed is None or len(listed) > MOST_LINKS or not all(isinstance(link, AlertLink) for link in listed):
        raise OptionsError("links", links, f"at most {MOST_LINKS} AlertLink objects")
    return [
        {"url": link.url, "category": str(link.category), **({} if link.title is None else {"title": link.title})}
        for link in listed
    ]
