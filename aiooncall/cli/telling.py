"""Errors in the words of the terminal: which option, variable or host it is about, and what to try."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Final

import typer

from aiooncall._text import one_line
from aiooncall.cli.consoles import make_console
from aiooncall.errors import (
    AmbiguousOutcome,
    ApiError,
    CodecError,
    ConnectError,
    DeadlineExceeded,
    Forbidden,
    NotFound,
    OptionsError,
    RateLimited,
    TransportError,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.cli.running import Running

NAMES: Final = {
    **dict.fromkeys(("api_url", "paging_url", "events_url", "url"), "--url"),
    **dict.fromkeys(("rate_limit", "calls", "per"), "--rate"),
    **dict.fromkeys(("handle", "shifts", "team_id", "teams"), "--team"),
    "api_key": "DD_API_KEY",
    "app_key": "DD_APP_KEY",
    "deadline": "--deadline",
    "most": "--max",
    "integration_id": "--integration",
    "schedule_id": "--schedule",
    "selection": "IDS",
    "site": "DD_SITE",
    "source": "--from",
    "stack_url": "GRAFANA_URL",
    "token": "GRAFANA_ONCALL_ACCESS_TOKEN",
}
"""The names, on the command line, of what the library calls otherwise and no option of a command is called."""
DOCTOR: Final = "; try: aiooncall doctor"
NOTHING: Final = frozenset({"None", "(None, None)", "[]", "()"})
"""How it looks when something is not given."""
BARE: Final = frozenset({"Not Found", "Forbidden", "Unauthorized"})
"""What a server says that has nothing to say."""
PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_CLASS = re.compile(r"\A[A-Z][a-z]+(?:[A-Z]+[a-z]*)+(?:: |\Z)")
"""The name of an error's class in front of its text."""


def words_of(error: BaseException, running: Running) -> str:
    """Return what went wrong, in one line, without a name that only Python knows."""
    match error:
        case OptionsError():
            return _wrong(error, running.names)
        case ApiError():
            return f"{_refusal(error, running)}{_advice(error, running)}"
        case AmbiguousOutcome():
            return _doubt(error, running)
        case TransportError():
            return _unanswered(error, running)
        case CodecError():
            return f"the answer of {running.host()} is not what its API promises: {error}; is the address right?"
        case _:
            return without_class(str(error))


def without_class(text: str) -> str:
    """Return a text without the name of a class in front of it."""
    return _CLASS.sub("", text) or "the connection broke"


def _wrong(error: OptionsError, names: Mapping[str, str]) -> str:
    if error.field == "gov_paging":
        return "DD_SITE: its pages go through a host outside of the government cloud; to page there give --url"
    known = {**NAMES, **names}
    fields = ", ".join(dict.fromkeys(known.get(field, field) for field in error.field.split(", ")))
    expected = _NAME.sub(lambda name: known.get(name[0], name[0]), error.expected)
    got = "" if error.value in NOTHING else f"got {error.value}; "
    return f"{fields}: {got}expected {expected}"


def _refusal(error: ApiError, running: Running) -> str:
    said = "; ".join(error.errors) or "no reason given"
    tried = f" (tried {error.attempts} times)" if error.attempts > 1 else ""
    host = running.host(error.method, error.route)
    return f"{host} answered {error.status} to {error.method} {error.route}: {said}{tried}"


def _advice(error: ApiError, running: Running) -> str:
    match error:
        case Unauthorized() | Forbidden() if running.is_grafana:
            return f"; look at GRAFANA_ONCALL_ACCESS_TOKEN, what its owner may do, and {running.address}{DOCTOR}"
        case Unauthorized() | Forbidden():
            return f"; look at DD_API_KEY, DD_APP_KEY and its scopes, and {running.address}{DOCTOR}"
        case NotFound() if "{" not in error.route and BARE.issuperset(error.errors):
            return f"; this may be no address of an API: look at {running.address}"
        case RateLimited() if error.retry_at is not None:
            return f"; try again at {error.retry_at:%H:%M:%S} UTC, or with a longer --deadline"
        case _:
            return ""


def _doubt(error: AmbiguousOutcome, running: Running) -> str:
    about = f" ({error.subject})" if error.subject else ""
    why = "" if error.__cause__ is None else f" ({words_of(error.__cause__, running)})"
    host = running.host(error.method, error.route)
    return f"{error.method} {error.route}{about} may have been sent to {host}, and what came of it is unknown{why}"


def _unanswered(error: TransportError, running: Running) -> str:
    said = without_class(str(error))
    match error:
        case ConnectError():
            proxies = [name for name in PROXIES if os.environ.get(name)]
            places = " and ".join([running.address, *proxies[:1]])
            return f"{said}; look at {places}"
        case DeadlineExceeded():
            return f"{said}; a longer --deadline gives it more time"
        case _:
            return said


def tell(kind: str, message: str, *, as_json: bool, about: str | None = None) -> None:
    """Say what went wrong, to a person or to a program.

    Args:
        kind: for programs: the name of the error in Python.
        message: what went wrong, in words.
        as_json: whether a program reads it.
        about: the id of which one of several, if there are several.
    """
    if as_json:
        of = {} if about is None else {"id": about}
        typer.echo(json.dumps({**of, "error": kind, "message": message}), err=True)
        return
    console = make_console(stderr=True, soft_wrap=True)
    console.print(one_line(f"error: {message}" if about is None else f"error: {about}: {message}"), style="red")
