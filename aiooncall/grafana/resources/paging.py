"""Paging people directly: a new alert group for users or a team, or more responders for one that is there.

Released engines serve `escalation/`; the documented name is `direct_paging/`. A path that the engine does not know did
nothing, so the other one is tried, and remembered
(https://grafana.com/docs/oncall/latest/oncall-api-reference/direct_paging/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import attrs

from aiooncall._base.json import as_object
from aiooncall._base.validation import mask_url, text
from aiooncall.client.delivery import Delivery, deliver
from aiooncall.client.reconcile import CLOCK_TOLERANCE, reconciled
from aiooncall.codec import dumps, loads, structure
from aiooncall.errors import NotFound, OnCallError, OptionsError
from aiooncall.grafana.endpoints import endpoint
from aiooncall.grafana.models.alert_group import AlertGroup
from aiooncall.grafana.models.paging import PagedGroup, PagedUser
from aiooncall.grafana.resources.alert_groups import AlertGroups
from aiooncall.transport.endpoint import About, Idempotency, path_segment

if TYPE_CHECKING:
    from aiooncall._base.json import Json
    from aiooncall.client.core import ApiCore
    from aiooncall.transport.endpoint import Endpoint
    from aiooncall.transport.watch import CallWatch

ESCALATION: Final = endpoint("POST", "/api/v1/escalation/", Idempotency.NON_IDEMPOTENT)
DIRECT_PAGING: Final = endpoint("POST", "/api/v1/direct_paging/", Idempotency.NON_IDEMPOTENT)
_SOURCE: Final = {"title": "title", "message": "message", "source_url": "permalink"}
"""Where an alert's payload has what a page said."""


class Paging:
    """Pages people."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core
        self._groups = AlertGroups(core)
        self._routes = (ESCALATION, DIRECT_PAGING)

    async def page(
        self,
        *,
        users: Iterable[PagedUser | str] | None = None,
        team: str | None = None,
        title: str | None = None,
        message: str | None = None,
        source_url: str | None = None,
        alert_group_id: str | None = None,
        important: bool = False,
        reconcile: bool = False,
        delivery: Delivery | str = Delivery.AT_MOST_ONCE,
    ) -> PagedGroup:
        """Page users or a team, once.

        Args:
            users: whom to page: `PagedUser`, or an id for one that is not important; not together with `team`.
            team: the id of the team to page, instead of users.
            title: what the new alert group is called; the server makes one up without it.
            message: what it is about.
            source_url: an http(s) address that people find the cause at.
            alert_group_id: adds the users to this group instead of making one: without team, title, message and
                source_url.
            important: whether a team is paged by its important rules; users say so each.
            reconcile: when the answer was lost, look for up to `reconcile_timeout` for a new group with this title,
                message and source_url. Give each event a title or source_url of its own.
            delivery: what to do when it is unknown whether anybody was paged and looking did not tell: `at_most_once`
                raises, `at_least_once` pages again, within the deadline.

        Returns:
            The id of the alert group, the group if the answer had it, and whether people may have been paged twice.

        Raises:
            OptionsError: an argument is wrong, or does not go together with another; nothing was sent.
            AmbiguousOutcome: it was sent, and whether anybody was paged is unknown; it was not sent again.
            BadRequest: there is no such user, team or group, or the group is resolved.
        """
        said = {"title": title, "message": message, "source_url": source_url}
        body = _request(users, team, said, alert_group_id, important=important)
        if reconcile and (alert_group_id is not None or not (title or source_url)):
            raise OptionsError("reconcile", value=True, expected="a title or source_url, to find a new group by")
        options = self._core.options
        look = partial(self._find, said, datetime.fromtimestamp(options.clock.time(), UTC))
        find = partial(reconciled, look, options) if reconcile else None
        about = _about(said, alert_group_id)
        watch = self._core.watch(self._routes[0], about=about)
        made = await deliver(self._core, partial(self._send, body, about, watch), find, delivery, watch)
        self._core.connection.made.is_new(made.result.id)
        return attrs.evolve(made.result, reconciled=made.reconciled, maybe_twice=made.maybe_twice)

    async def add_responders(self, alert_group_id: str, users: Iterable[PagedUser | str]) -> PagedGroup:
        """Page users for a group that is there, once.

        Args:
            alert_group_id: the group, which must not be resolved.
            users: whom to page: `PagedUser`, or an id for one that is not important.

        Raises:
            OptionsError, AmbiguousOutcome, BadRequest: as for `page`.
        """
        return await self.page(users=users, alert_group_id=alert_group_id)

    async def _send(self, body: Json, about: About, watch: CallWatch | None) -> PagedGroup:
        known, other = self._routes
        try:
            return await self._core.fetch(known, read=_result, body=_for(known, body), about=about, watch=watch)
        except NotFound:
            paged = await self._core.fetch(other, read=_result, body=_for(other, body), about=about, watch=watch)
        self._routes = (other, known)
        return paged

    async def _find(self, said: Json, started: datetime) -> PagedGroup | None:
        since = started - timedelta(seconds=CLOCK_TOLERANCE)
        try:
            async for group in self._groups.list(started_at=(since, started + timedelta(days=1))):
                if _says(group, said) and self._core.connection.made.is_new(group.id):
                    return PagedGroup(id=group.id, alert_group=group)
        except OnCallError:  # a search that fails proves nothing
            return None
        return None


def _for(route: Endpoint, body: Json) -> bytes:
    if route is DIRECT_PAGING and "important_team_escalation" in body:
        raise OptionsError("important", value=True, expected="False: this engine cannot do it; nobody was paged")
    return dumps(body)


def _about(said: Json, alert_group_id: str | None) -> About:
    named = {name: value for name, value in {"alert_group_id": alert_group_id, **said}.items() if value is not None}
    return About(named, "look at the newest alert groups before doing it again")


def _result(body: bytes) -> PagedGroup:
    answer = loads(body)
    fields = as_object(answer) or {}
    if isinstance(identifier := fields.get("alert_group_id"), str) and identifier:
        return PagedGroup(id=identifier)
    group = structure(answer, AlertGroup)
    return PagedGroup(id=group.id, alert_group=group)


def _request(
    users: Iterable[PagedUser | str] | None,
    team: str | None,
    said: Json,
    alert_group_id: str | None,
    *,
    important: bool,
) -> Json:
    """Return the body of a request; null is sent only where the server needs it."""
    told = {name: _told(name, value) for name, value in said.items() if value is not None}
    if users is not None and team is not None:
        raise OptionsError("users, team", (users, team), "one of the two: page the team, then add the users")
    if alert_group_id is not None:
        path_segment("alert_group_id", alert_group_id)
        if together := [*told, *(["team"] if team is not None else [])]:
            names = ", ".join(["alert_group_id", *together])
            raise OptionsError(names, alert_group_id, "alert_group_id with users only: the group has the rest already")
        told["alert_group_id"] = alert_group_id
    if users is None:
        if team is None:
            raise OptionsError("users, team", None, "one of the two")
        return {**told, "team": text("team", team), **({"important_team_escalation": True} if important else {})}
    if important:
        raise OptionsError("important", value=True, expected="False with users: each PagedUser has its own")
    # Without a team the server takes the one that the token's owner is looking at, which does not go with users.
    return {**told, "team": None, "users": _users(users)}


def _told(name: str, value: object) -> str:
    said = text(name, value)
    if name == "source_url" and not _is_address(said):
        raise OptionsError(name, mask_url(said), "an absolute http(s) URL without credentials")
    return said


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    plain = value.isprintable() and " " not in value and parts.username is None
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _users(users: Iterable[PagedUser | str]) -> list[Json]:
    wanted, given = "PagedUser objects or ids, each user once", cast("object", users)
    if isinstance(users, (str, bytes, Mapping, PagedUser)) or not isinstance(users, Iterable):
        raise OptionsError("users", given, wanted)
    listed = [PagedUser(user) if isinstance(user, str) else user for user in users]
    ids = [user.id for user in listed if isinstance(user, PagedUser) and isinstance(user.id, str) and user.id.strip()]
    if not listed or len(set(ids)) < len(listed):
        raise OptionsError("users", listed, wanted)
    return [{"id": user.id, "important": bool(user.important)} for user in listed]


def _says(group: AlertGroup, said: Json) -> bool:
    """Return whether a group was made by a page that said this.

    The server trims texts and escapes what opens HTML, and no quotes (grafana/oncall, `escape_html` in
    engine/common/utils.py).
    """
    payload = as_object(group.last_alert.payload) if group.last_alert else None
    heard = as_object((payload or {}).get("oncall")) or {}
    return all(_is_heard(value, heard.get(_SOURCE[name])) for name, value in said.items() if value is not None)


def _is_heard(said: str, heard: object) -> bool:
    told = said.strip()
    return isinstance(heard, str) and heard.strip() in {told, escape(told, quote=False)}
