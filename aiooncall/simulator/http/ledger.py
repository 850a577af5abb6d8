"""The ledger of what really happened at the server: requests, effects, and the people who were notified."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from aiooncall.simulator.http.faults import FaultKind

Action: TypeAlias = Literal[
    "create", "acknowledge", "escalate", "resolve", "reroute",
    "page", "add_responders", "unacknowledge", "unresolve", "silence", "unsilence", "wipe", "delete",
]  # fmt: skip
"""The first line is Datadog's, the second one what Grafana has besides."""

_NOTIFYING = frozenset[Action]({"create", "escalate", "reroute"})
_ONCE = frozenset[Action]({"acknowledge", "escalate", "resolve"})
_CLOSING = frozenset[Action]({"resolve", "wipe", "delete"})
_UNDOING: dict[Action, tuple[Action, ...]] = {
    "acknowledge": ("unacknowledge", "unresolve"),
    "resolve": ("unresolve",),
}
"""After which actions another one is not done twice when it is done again."""


@attrs.frozen
class Effect:
    """A real change of a page or alert group; `key` is the page's number or the group's id, not a credential."""

    at: float
    page_id: str
    action: Action
    key: str


@attrs.frozen
class Notification:
    """People were told of a page or an alert group.

    Attributes:
        at: When, by the monotonic clock.
        page_id: The page or alert group.
        cause: The action that led to it.
        user_id: Who was told; None if only the target of the page is known.
        important: Whether by the important rules; None if there is no such difference.
    """

    at: float
    page_id: str
    cause: Action
    user_id: str | None = None
    important: bool | None = None


@attrs.define
class RequestRecord:
    """A request that arrived; `status` is None until the answer leaves, and stays so if it never does.

    `traceparent` is the header of that name: the trace that the request says it is part of.
    """

    at: float
    method: str
    path: str
    status: int | None = None
    fault: FaultKind | None = None
    traceparent: str | None = None


class Ledger:
    """The truth that a client's claims are checked against.

    Attributes:
        requests: Every request in order of arrival.
        effects: Every real change in order of commit.
        notifications: Every time that people were told.
        statuses: How many answers of each status left; None counts requests left without one.
    """

    def __init__(self, *, keep_requests: bool = True) -> None:
        """Start empty; without `keep_requests` the three lists stay so and only the counts grow."""
        self.requests: list[RequestRecord] = []
        self.effects: list[Effect] = []
        self.notifications: list[Notification] = []
        self.statuses: Counter[int | None] = Counter()
        self._keep = keep_requests
        self._totals: Counter[Action] = Counter()
        self._counts: Counter[tuple[Action, str]] = Counter()
        self._titles: dict[str, list[str]] = {}
        self._twins: dict[Hashable, list[str]] = {}
        self._open: dict[str, None] = {}  # a dict rather than a set: it keeps the order

    def count(self, action: Action, page_id: str | None = None) -> int:
        """Return how often an action took effect, on one page or on all."""
        return self._totals[action] if page_id is None else self._counts[action, page_id]

    def pages_by_title(self, title: str) -> list[str]:
        """Return the ids of the pages with a title, seeded ones too."""
        return list(self._titles.get(title, ()))

    def doubled(self) -> list[str]:
        """Return the ids of pages on which an action took effect twice, or that were created twice."""
        again = [page_id for action, page_id in self._counts if action in _ONCE and self._standing(action, page_id) > 1]
        twins = [page_id for ids in self._twins.values() if len(ids) > 1 for page_id in ids]
        return list(dict.fromkeys(again + twins))

    def _standing(self, action: Action, page_id: str) -> int:
        """Return how often an action took effect on a page without having been undone."""
        undone = sum(self._counts[undoing, page_id] for undoing in _UNDOING.get(action, ()))
        return self._counts[action, page_id] - undone

    def unfinished(self) -> list[str]:
        """Return the ids of the pages that are not resolved."""
        return list(self._open)

    def record_request(self, at: float, method: str, path: str) -> RequestRecord:
        """Enter a request that has just arrived."""
        record = RequestRecord(at, method, path)
        if self._keep:
            self.requests.append(record)
        return record

    def record_answer(self, record: RequestRecord, status: int | None) -> None:
        """Enter the status that a request was answered with, None for no answer."""
        record.status = status
        self.statuses[status] += 1

    def record_page(self, page_id: str, title: str, *, unfinished: bool, content: Hashable = None) -> None:
        """Enter a page; two with the same `content` count as created twice, None is like no other."""
        self._titles.setdefault(title, []).append(page_id)
        if unfinished:
            self._open[page_id] = None
        if content is not None:
            self.record_content(page_id, content)

    def record_content(self, page_id: str, content: Hashable) -> None:
        """Enter what was asked for; a page of which the same was asked again counts as doubled."""
        self._twins.setdefault(content, []).append(page_id)

    def record_effect(self, at: float, page_id: str, action: Action, key: str) -> None:
        """Enter a change of a page, and the notification that it causes."""
        self._totals[action] += 1
        self._counts[action, page_id] += 1
        if action in _CLOSING:
            self._open.pop(page_id, None)
        elif action == "unresolve":
            self._open[page_id] = None
        if self._keep:
            self.effects.append(Effect(at, page_id, action, key))
            if action in _NOTIFYING:
                self.notifications.append(Notification(at, page_id, action))

    def record_notification(self, at: float, page_id: str, cause: Action, user_id: str, *, important: bool) -> None:
        """Enter that one user was told, where the server knows whom it tells."""
        if self._keep:
            self.notifications.append(Notification(at, page_id, cause, user_id, important))
