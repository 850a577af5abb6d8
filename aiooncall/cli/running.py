"""What is known of the command that runs: the names of its options, whom it asks, and what was cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from aiooncall.events import CallCancelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.events import Event, Hook


@attrs.define
class Running:
    """One command while it runs.

    Attributes:
        names: the options and arguments of the command, by their names in Python.
        hosts: the base URLs that it asks, by what they are for; empty before there is a client.
        address: what says where it asks: an option, a variable, or both.
        is_grafana: whether the client is one of Grafana.
        cancelled: the calls that were cancelled.
        hooks: what else gets the events of the client.
    """

    names: Mapping[str, str] = attrs.field(factory=dict[str, str])
    hosts: Mapping[str, str | None] = attrs.field(factory=dict[str, "str | None"])
    address: str = "--url or DD_SITE"
    is_grafana: bool = False
    cancelled: list[CallCancelled] = attrs.field(factory=list[CallCancelled])
    hooks: list[Hook] = attrs.field(factory=list["Hook"])

    def note(self, event: Event, /) -> None:
        """Remember a call that was cancelled."""
        if isinstance(event, CallCancelled):
            self.cancelled.append(event)

    def host(self, method: str = "GET", route: str = "") -> str:
        """Return the host, with its port, that a call went to; the one of most calls unless said otherwise."""
        acts = method != "GET" and "/on-call/pages" in route
        purpose = "events" if route.endswith("/api/v2/events") else "paging" if acts else "api"
        url = self.hosts.get(purpose) or self.hosts.get("api")
        return "the server" if url is None else urlsplit(url).netloc
