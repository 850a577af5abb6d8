"""Credentials and permissions of the fake Grafana OnCall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.options import OWNER
from aiooncall.simulator.grafana.refusals import bad_token, detail, forbidden, not_acceptable
from aiooncall.simulator.grafana.router import UNCHECKED, view_of
from aiooncall.simulator.http.routing import Refusal, html_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.simulator.grafana.options import GrafanaOptions
    from aiooncall.simulator.grafana.router import GrafanaRouter

SERVICE_ACCOUNT: Final = "glsa_"
"""The beginning of tokens of service accounts, and here of the callers' keys too."""

_TOKEN_ONLY: Final = frozenset(
    {"escalation", "direct_paging", "personal_notification_rules", "info", "make_call", "send_sms", "actions"}
)
"""The parts of the API that service accounts may not use."""
_ROLES: Final = ("none", "viewer", "editor", "admin")
"""The roles of users in Grafana, the one with the fewest permissions first."""
_SET_UP: Final = frozenset({"integrations", "routes", "escalation_chains", "escalation_policies", "webhooks"})
"""The parts that only admins change: grafana/oncall, engine/apps/api/permissions.py"""
_EXPORTS: Final = frozenset({"export", "schedule_export"})
"""The last words of paths to calendars, which have tokens of their own."""
_CALENDAR: Final = "text/calendar"
_BEARER: Final = "Bearer "
# 429 for a stack that is still being synced: https://github.com/grafana-cold-storage/oncall/issues/5483
_SYNC_WAIT: Final = "350"


class GrafanaAuth:
    """The check of a token, which names the caller: a user by id, a service account by its token."""

    def __init__(
        self, options: GrafanaOptions, router: GrafanaRouter, user_id: Callable[[str], str], role: Callable[[str], str]
    ) -> None:
        """Guard a router; `user_id` returns the id of a user name, `role` the role of a caller."""
        self._options = options
        self._router = router
        self._user_id = user_id
        self._role = role

    def caller(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Return whose request it is, "" for a calendar, or refuse it."""
        methods = self._router.methods(path.split("/"))
        if not methods:
            raise Refusal(html_answer(404, "Not Found"))
        if _is_export(path):
            _check_accepted(headers.get("Accept", "*/*"))
            return ""
        token = self._token(headers.get("Authorization", ""))
        view = view_of(path)
        if token.startswith(SERVICE_ACCOUNT) and view in _TOKEN_ONLY:
            raise bad_token()  # these views know the tokens of users, and no others
        caller = self._service_account(token, headers) if token.startswith(SERVICE_ACCOUNT) else self._user(token)
        if token in self._options.powerless and view not in UNCHECKED:
            raise forbidden()
        if method in methods and not _may(self._role(caller), method, view):
            raise forbidden()
        return caller

    def _token(self, header: str) -> str:
        token = header.removeprefix(_BEARER) if self._options.bearer else header
        if not token or " " in token or not self._knows(token):
            raise bad_token()
        return token

    def _knows(self, token: str) -> bool:
        return self._options.tokens is None or token in self._options.tokens

    def _user(self, token: str) -> str:
        return self._user_id(OWNER if self._options.tokens is None else self._options.tokens[token])

    def _service_account(self, token: str, headers: Mapping[str, str]) -> str:
        stack = headers.get("X-Grafana-URL")
        if not stack:
            raise bad_token()
        if stack.rstrip("/") != self._options.stack_url.rstrip("/"):
            refusal = detail(429, "Organization being synced, please retry.")
            refusal.answer.headers["RateLimit-Reset"] = _SYNC_WAIT
            raise refusal
        return token


def _may(role: str, method: str, view: str) -> bool:
    """Tell whether users of a role may use a part of the API: viewers read, editors act."""
    least = "viewer" if method == "GET" else "admin" if view in _SET_UP else "editor"
    return view in UNCHECKED or _ROLES.index(role) >= _ROLES.index(least)


def _is_export(path: str) -> bool:
    """Tell whether a path leads to a calendar."""
    return path.rstrip("/").rpartition("/")[2] in _EXPORTS


def _check_accepted(header: str) -> None:
    """Refuse whoever does not want a calendar: the engine renders the exports as nothing else."""
    wanted = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    if not wanted & {_CALENDAR, "text/*", "*/*"}:
        raise not_acceptable()
