"""Who may call the fake Grafana OnCall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.options import OWNER
from aiooncall.simulator.grafana.refusals import bad_token, detail, forbidden, not_acceptable
from aiooncall.simulator.grafana.views import TOKEN_ONLY, UNCHECKED, is_export, may, view_of
from aiooncall.simulator.http.routing import Refusal, html_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.simulator.grafana.options import GrafanaOptions
    from aiooncall.simulator.grafana.router import GrafanaRouter

SERVICE_ACCOUNT: Final = "glsa_"
"""How tokens of service accounts begin, and here the callers' keys too."""

_CALENDAR: Final = "text/calendar"
_BEARER: Final = "Bearer "
# 429 for a stack that is still being synced: https://github.com/grafana-cold-storage/oncall/issues/5483
_SYNC_WAIT: Final = "350"


class GrafanaAuth:
    """Checks a token and names the caller: a user by id, a service account by its token."""

    def __init__(
        self, rules: GrafanaOptions, router: GrafanaRouter, user_id: Callable[[str], str], role: Callable[[str], str]
    ) -> None:
        """Guard a router; `user_id` returns the id of a user name, `role` the role of a caller."""
        self._rules = rules
        self._router = router
        self._user_id = user_id
        self._role = role

    def caller(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Return whose request it is, "" for a calendar, or refuse it."""
        methods = self._router.methods(path.split("/"))
        if not methods:
            raise Refusal(html_answer(404, "Not Found"))
        if is_export(path):
            _check_accepted(headers.get("Accept", "*/*"))
            return ""
        token = self._token(headers.get("Authorization", ""))
        view = view_of(path)
        if token.startswith(SERVICE_ACCOUNT) and view in TOKEN_ONLY:
            raise bad_token()  # these views know the tokens of users, and no others
        caller = self._service_account(token, headers) if token.startswith(SERVICE_ACCOUNT) else self._user(token)
        if token in self._rules.powerless and view not in UNCHECKED:
            raise forbidden()
        if method in methods and not may(self._role(caller), method, view):
            raise forbidden()
        return caller

    def _token(self, header: str) -> str:
        token = header.removeprefix(_BEARER) if self._rules.bearer else header
        if not token or " " in token or not self._knows(token):
            raise bad_token()
        return token

    def _knows(self, token: str) -> bool:
        return self._rules.tokens is None or token in self._rules.tokens

    def _user(self, token: str) -> str:
        return self._user_id(OWNER if self._rules.tokens is None else self._rules.tokens[token])

    def _service_account(self, token: str, headers: Mapping[str, str]) -> str:
        stack = headers.get("X-Grafana-URL")
        if not stack:
            raise bad_token()
        if stack.rstrip("/") != self._rules.stack_url.rstrip("/"):
            refusal = detail(429, "Organization being synced, please retry.")
            refusal.answer.headers["RateLimit-Reset"] = _SYNC_WAIT
            raise refusal
        return token


def _check_accepted(header: str) -> None:
    """Refuse whoever does not want a calendar: the engine renders the exports as nothing else."""
    wanted = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    if not wanted & {_CALENDAR, "text/*", "*/*"}:
        raise not_acceptable()
