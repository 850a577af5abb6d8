"""The pages that the fake Datadog holds, and how actions change them.

A change is committed at once but visible only after the settle delay. A page therefore keeps its versions, and a
reader picks the one for its instant; nothing runs in the background, so virtual time works.
"""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, NamedTuple

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from aiooncall.simulator.http.ledger import Action, Ledger
    from aiooncall.simulator.http.routing import Moment

_ALWAYS = float("-inf")


class Target(NamedTuple):
    """The team or user that gets paged: `type` is team_id, team_handle or user_id."""

    type: str
    identifier: str


@attrs.frozen
class NewPage:
    """The content that a page is created from; the tags are normalised."""

    title: str
    target: Target
    urgency: str = "high"
    description: str = ""
    tags: tuple[str, ...] = ()


@attrs.frozen
class Version:
    """The changeable half of a page, as visible from the monotonic instant `since` on; other times are wall times."""

    since: float
    status: str
    target: Target
    modified_at: float
    acknowledged_at: float | None = None
    closed_at: float | None = None


@attrs.define
class Page:
    """One page with all its versions, oldest first."""

    id: str
    number: int
    content: NewPage
    created_at: float
    versions: list[Version]

    @property
    def committed(self) -> Version:
        """Return the newest version, visible or not."""
        return self.versions[-1]

    def exists(self, at: float) -> bool:
        """Tell whether the page had been created at a monotonic instant."""
        return self.versions[0].since <= at

    def seen(self, at: float) -> Snapshot:
        """Return the page as visible at a monotonic instant at which it exists."""
        return Snapshot(self, next(version for version in reversed(self.versions) if version.since <= at))


class Snapshot(NamedTuple):
    """A page as one reader sees it."""

    page: Page
    version: Version

    @property
    def status(self) -> str:
        """Return the visible status."""
        return self.version.status

    @property
    def urgency(self) -> str:
        """Return the urgency."""
        return self.page.content.urgency

    @property
    def title(self) -> str:
        """Return the title."""
        return self.page.content.title

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the normalised tags."""
        return self.page.content.tags

    @property
    def team(self) -> str | None:
        """Return the paged team as the target names it, None if a user is paged."""
        target = self.version.target
        return None if target.type == "user_id" else target.identifier


class PageStore:
    """All pages, oldest first."""

    def __init__(self, ledger: Ledger, *, settle_delay: float, seed: int = 0) -> None:
        self._ledger = ledger
        self._settle_delay = settle_delay
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._pages: dict[str, Page] = {}

    def __iter__(self) -> Iterator[Page]:
        return iter(self._pages.values())

    def get(self, page_id: str) -> Page | None:
        """Return a page, None if there is none."""
        return self._pages.get(page_id)

    def create(self, content: NewPage, now: Moment, twin: Hashable = None) -> Page:
        """Open a page and notify its target; pages with the same `twin` are one too many, by default those alike."""
        first = Version(now.monotonic, "triggered", content.target, now.wall)
        page = self._add(content, now.wall, first)
        self._ledger.record_page(
            page.id, content.title, unfinished=True, content=_fingerprint(content) if twin is None else twin
        )
        self._ledger.record_effect(now.monotonic, page.id, "create", str(page.number))
        return page

    def seed(self, content: NewPage, status: str, created_at: float) -> Page:
        """Add a page that seems to have been there before the server started; nobody is notified."""
        first = Version(
            since=_ALWAYS,
            status=status,
            target=content.target,
            modified_at=created_at,
            acknowledged_at=created_at if status == "acknowledged" else None,
            closed_at=created_at if status == "resolved" else None,
        )
        page = self._add(content, created_at, first)
        self._ledger.record_page(page.id, content.title, unfinished=status != "resolved")
        return page

    def acknowledge(self, page: Page, now: Moment) -> None:
        """Acknowledge a page; only a triggered one changes."""
        if page.committed.status == "triggered":
            self._commit(page, "acknowledge", now, self._next(page, now, "acknowledged"))

    def resolve(self, page: Page, now: Moment) -> None:
        """Resolve a page; a resolved one stays as it is."""
        if page.committed.status != "resolved":
            self._commit(page, "resolve", now, self._next(page, now, "resolved"))

    def escalate(self, page: Page, now: Moment) -> None:
        """Notify the next ones in the policy, whatever the state: a call too many is a person woken."""
        self._commit(page, "escalate", now, self._next(page, now))

    def reroute(self, page: Page, target: Target, now: Moment) -> None:
        """Send a page to somebody else and notify them."""
        self._commit(page, "reroute", now, attrs.evolve(self._next(page, now), target=target))

    def _add(self, content: NewPage, created_at: float, first: Version) -> Page:
        page_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        page = Page(page_id, len(self._pages) + 1, content, created_at, [first])
        self._pages[page_id] = page
        return page

    def _next(self, page: Page, now: Moment, status: str | None = None) -> Version:
        last = page.committed
        return Version(
            since=now.monotonic + self._settle_delay,
            status=status or last.status,
            target=last.target,
            modified_at=now.wall,
            acknowledged_at=now.wall if status == "acknowledged" else last.acknowledged_at,
            closed_at=now.wall if status == "resolved" else last.closed_at,
        )

    def _commit(self, page: Page, action: Action, now: Moment, version: Version) -> None:
        page.versions.append(version)
        self._ledger.record_effect(now.monotonic, page.id, action, str(page.number))


def _fingerprint(content: NewPage) -> tuple[str, frozenset[str], Target]:
    return content.title, frozenset(content.tags), content.target
