"""Users (https://docs.datadoghq.com/api/latest/users/)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import text
from aiooncall.client.composite import composite
from aiooncall.datadog.models.people import User
from aiooncall.datadog.resources.listing import numbered
from aiooncall.errors import Forbidden, OptionsError
from aiooncall.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.client.core import ApiCore

LIST: Final = Endpoint("GET", "/api/v2/users")
LARGEST_PAGE: Final = 100
"""Rows in one request at most (https://docs.datadoghq.com/api/latest/users/#list-all-users)."""
STATUSES: Final = ("Active", "Pending", "Disabled")
"""Where an account can be in its life, as this list writes it (same page)."""


MOST_READ: Final = 1000
"""How many users are read at most to learn the names of a few."""


class Users:
    """The users of one Datadog account."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    def list(
        self, query: str | None = None, *, statuses: Iterable[str] = (), page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[User]:
        """Yield users as they are read, request by request.

        Args:
            query: a text in the name, the handle or the email address.
            statuses: any of `Active`, `Pending` and `Disabled`; all of them unless given.
            page_size: rows in one request, at most 100.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
        """
        sought = {} if query is None else {"filter": text("query", query)}
        sought |= _statuses(statuses)
        return numbered(self._core, LIST, kind=User, query=sought, size=page_size, most=LARGEST_PAGE)

    @composite
    async def find(self, email: str) -> User | None:
        """Return the user with an email address, or None.

        An address can belong to several accounts: one that is not disabled goes before one that is, and a person
        before a service account. It takes one request for each hundred users that have the text somewhere, mostly one.

        Args:
            email: the whole address, whatever the case of its letters.

        Raises:
            OptionsError: it is not a text; nothing was sent.
        """
        wanted = text("email", email).casefold()
        found = [user async for user in self.list(email) if (user.email or "").casefold() == wanted]
        return min(found, key=lambda user: (bool(user.disabled), bool(user.service_account)), default=None)


async def people_by_id(core: ApiCore, ids: Iterable[str]) -> dict[str, User]:
    """Return users by id, as far as they are among the first thousand and may be read at all.

    Datadog has no list by id, so this reads a hundred users a request until all are found.

    Args:
        core: what to ask with.
        ids: the users sought; nothing is asked for none.
    """
    left, read, found = {*ids}, 0, dict[str, User]()
    if not left:
        return found
    with suppress(Forbidden):  # names are a help, and the keys may do everything else without reading them
        async for user in Users(core).list():
            read += 1
            if user.id in left:
                found[user.id] = user
                left.remove(user.id)
            if not left or read == MOST_READ:
                break
    return found


def _statuses(given: Iterable[str]) -> dict[str, str]:
    wanted = f"a tuple of {', '.join(STATUSES)}"
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionsError("statuses", given, wanted)
    chosen = tuple(given)
    for status in chosen:
        if status not in STATUSES:
            raise OptionsError("statuses", status, wanted)
    return {"filter[status]": ",".join(dict.fromkeys(chosen))} if chosen else {}
