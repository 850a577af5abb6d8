"""What turns a coroutine into a command: shared options, a client, and exit codes for what goes wrong.

Exit codes: 0 all done, 1 something failed, 2 wrong usage, 3 something is in doubt, 4 what was looked for was found,
130 interrupted, 143 terminated.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
from contextlib import suppress
from enum import IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, get_type_hints

import attrs
import typer
from rich.console import Console

from aiooncall.cli.printing import printable
from aiooncall.cli.settings import Settings, cancelled
from aiooncall.errors import AmbiguousOutcome, JournalError, OnCallError, OptionsError, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


class ExitCode(IntEnum):
    """What a command tells the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    AMBIGUOUS = 3
    FOUND = 4
    INTERRUPTED = 130
    TERMINATED = 143


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Add a coroutine function to `app` as a command; its first parameter gets the settings.

    Args:
        app: the group of commands.
        name: what it is called; the function's name unless given.
    """

    def add(body: Callable[..., Any]) -> Callable[..., None]:
        @wraps(body)
        def run(**given: Any) -> None:  # noqa: ANN401 (what typer has parsed)
            settings = Settings(**{field.name: given.pop(field.name) for field in attrs.fields(Settings)})
            raise typer.Exit(execute(lambda: body(settings, **given), settings))

        hints = get_type_hints(body, include_extras=True)
        own = list(inspect.signature(body).parameters.values())[1:]
        parameters = [one.replace(annotation=hints[one.name]) for one in own] + _shared_parameters()
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        del run.__wrapped__  # typer would look at the coroutine
        app.command(name)(run)
        return run

    return add


def _shared_parameters() -> list[inspect.Parameter]:
    hints = get_type_hints(Settings, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in attrs.fields(Settings)
    ]


def execute(body: Callable[[], Any], settings: Settings) -> ExitCode:
    """Run a command to its end and return its exit code; what went wrong is told on standard error."""
    cancelled.clear()
    terminated = asyncio.Event()
    try:
        code: ExitCode = asyncio.run(_awaited(body, terminated)) or ExitCode.DONE
    except OnCallError as error:
        looking = look(error.route, error.named, settings) if isinstance(error, AmbiguousOutcome) else ""
        tell(type(error).__name__, f"{error}{looking}", as_json=settings.json)
        return code_of(error)
    except KeyboardInterrupt:
        return _stopped(ExitCode.INTERRUPTED, settings)
    except asyncio.CancelledError:
        return _stopped(ExitCode.TERMINATED, settings)
    return ExitCode.TERMINATED if terminated.is_set() and code is ExitCode.INTERRUPTED else code


async def _awaited(body: Callable[[], Awaitable[ExitCode | None]], terminated: asyncio.Event) -> ExitCode | None:
    """Run a command; SIGTERM cancels it as Ctrl-C does, so that it can say what is in doubt."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 (narrowing: a command is a task)

    def terminate() -> None:
        terminated.set()
        task.cancel()

    with suppress(NotImplementedError):  # some systems have no such handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    return await body()


def _stopped(code: ExitCode, settings: Settings) -> ExitCode:
    """Say whether something that must not be done twice may have been sent, and return the exit code for that."""
    doubts = [event for event in cancelled if event.left and not event.repeatable]
    for doubt in doubts:
        tell(type(doubt).__name__, f"{doubt}{look(doubt.route, doubt.named, settings)}", as_json=settings.json)
    return ExitCode.AMBIGUOUS if doubts else code


def look(route: str, named: Mapping[str, str], settings: Settings) -> str:
    """Return the command that shows whether a call in doubt happened; nothing where there is none."""
    match named:
        case {"page_id": page_id}:
            words = ["page", "get", page_id]
        case {"dedup_key": key}:
            words = ["page", "find", key]
        case {"alert_group_id": group_id}:
            words = ["group", "get", group_id]
        case _ if route.endswith(("/on-call/pages", "/api/v2/events")):
            words = ["page", "list"]
        case _ if route.endswith(("/escalation/", "/direct_paging/")):
            words = ["group", "list"]
        case _:
            return ""
    return f"; to look: {settings.again(*words)}"


def tell(kind: str, message: str, *, as_json: bool) -> None:
    """Say what went wrong, to a person or to a program."""
    if as_json:
        typer.echo(json.dumps({"error": kind, "message": message}), err=True)
    else:
        told = f"{kind}: {printable(message)}"
        Console(stderr=True, soft_wrap=True, markup=False, emoji=False, highlight=False).print(told, style="red")


def code_of(error: OnCallError) -> ExitCode:
    """Return the exit code for an error."""
    match error:
        case OptionsError() | PlanRefused() | JournalError():
            return ExitCode.USAGE
        case AmbiguousOutcome():
            return ExitCode.AMBIGUOUS
        case _:
            return ExitCode.FAILED
