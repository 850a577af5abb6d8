"""What turns a coroutine into a command: shared options, a client, and exit codes for what goes wrong.

Exit codes: 0 all done, 1 something failed, 2 wrong usage, 3 something is in doubt, 4 what was looked for was found,
130 interrupted, 141 the reader of the output has left, 143 terminated.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import logging
import os
import signal
import sys
import traceback
from contextlib import suppress
from enum import IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import typer
from typer.models import ArgumentInfo

from aiooncall.cli.running import Running
from aiooncall.cli.settings import OPTIONS, Settings
from aiooncall.cli.telling import tell, words_of
from aiooncall.errors import AmbiguousOutcome, JournalError, OnCallError, OptionsError, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


_SILENT: Final = logging.NullHandler()
"""Keeps the library's log from standard error: what matters of it is told in the words of the terminal."""


FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when what is printed goes into a file for which there is no room."""


class ExitCode(IntEnum):
    """What a command tells the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    AMBIGUOUS = 3
    FOUND = 4
    INTERRUPTED = 130
    READER_LEFT = 141
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
            settings = Settings(
                **{field.name: given.pop(field.name) for field in OPTIONS}, running=Running(names=names)
            )
            raise typer.Exit(execute(lambda: body(settings, **given), settings))

        hints = get_type_hints(body, include_extras=True)
        own = list(inspect.signature(body).parameters.values())[1:]
        parameters = [one.replace(annotation=hints[one.name]) for one in own] + _shared_parameters()
        names = {one.name: _typed_as(one) for one in parameters}
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
        for field in OPTIONS
    ]


def _typed_as(parameter: inspect.Parameter) -> str:
    """Return how a parameter is called on the command line."""
    told = parameter.annotation.__metadata__[0]
    if isinstance(told, ArgumentInfo):
        return str(told.metavar or parameter.name.upper())
    named = [one for one in (told.default, *(told.param_decls or ())) if isinstance(one, str) and one.startswith("--")]
    return named[0] if named else "--" + parameter.name.replace("_", "-")


def execute(body: Callable[[], Any], settings: Settings) -> ExitCode:
    """Run a command to its end and return its exit code; what went wrong is told on standard error."""
    logging.getLogger("aiooncall").addHandler(_SILENT)
    terminated = asyncio.Event()
    try:
        code: ExitCode = asyncio.run(_awaited(body, terminated)) or ExitCode.DONE
    except OnCallError as error:
        tell(type(error).__name__, told(error, settings), as_json=settings.json)
        return code_of(error)
    except KeyboardInterrupt:
        return _stopped(ExitCode.INTERRUPTED, settings)
    except asyncio.CancelledError:
        return _stopped(ExitCode.TERMINATED, settings)
    except BrokenPipeError:
        _close_output()
        return ExitCode.READER_LEFT
    except Exception as mistake:  # noqa: BLE001 (whatever it is, a person at a terminal reads it)
        return _unexpected(mistake, settings)
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
    """Say what was sent of what changes something, and return the exit code for that."""
    acts = [event for event in settings.running.cancelled if event.method != "GET"]
    if acts and not any(event.left for event in acts):
        typer.echo("stopped: nothing was sent", err=True)
    elif acts and all(event.repeatable for event in acts):
        typer.echo("stopped: it may have been sent, and can be done again", err=True)
    return stopped_by(code, settings)


def stopped_by(code: ExitCode, settings: Settings) -> ExitCode:
    """Say whether something that must not be done twice may have been sent, and return the exit code for that."""
    doubts = [event for event in settings.running.cancelled if event.left and not event.repeatable]
    for doubt in doubts:
        tell(type(doubt).__name__, f"{doubt}{look(doubt.route, doubt.named, settings)}", as_json=settings.json)
    return ExitCode.AMBIGUOUS if doubts else code


def _close_output() -> None:
    """Lead standard output to nowhere: nothing more can be written to it, as after its reader, such as `head`, left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it flushes at the end


def _unexpected(mistake: Exception, settings: Settings) -> ExitCode:
    """Say that something went wrong that nobody has thought of; with `-v` also where."""
    if isinstance(mistake, OSError) and mistake.errno in FULL:
        _close_output()
        tell(type(mistake).__name__, f"standard output: {mistake.strerror}", as_json=settings.json)
        return ExitCode.FAILED
    if settings.verbose:
        traceback.print_exception(mistake)
    words = words_of(mistake, settings.running)
    tell(type(mistake).__name__, f"unexpected: {words}; -v shows where, for a report", as_json=settings.json)
    return ExitCode.FAILED


def told(error: BaseException, settings: Settings) -> str:
    """Return what went wrong, with the command that shows whether a call in doubt happened."""
    looking = look(error.route, error.named, settings) if isinstance(error, AmbiguousOutcome) else ""
    return f"{words_of(error, settings.running)}{looking}"


def look(route: str, named: Mapping[str, str], settings: Settings) -> str:
    """Return the command that shows whether a call in doubt happened; nothing where there is none."""
    ids: list[str]
    match named:
        case {"page_id": page_id}:
            words, ids = ("page", "get"), [page_id]
        case {"dedup_key": key}:
            words, ids = ("page", "find"), [key]
        case {"alert_group_id": group_id}:
            words, ids = ("group", "get"), [group_id]
        case _ if route.endswith(("/on-call/pages", "/api/v2/events")):
            words, ids = ("page", "list"), []
        case _ if route.endswith(("/escalation/", "/direct_paging/")):
            words, ids = ("group", "list"), []
        case _:
            return ""
    return f"; to look: {settings.again(*words, ids=ids)}"


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code for an error."""
    match error:
        case OptionsError() | PlanRefused() | JournalError():
            return ExitCode.USAGE
        case AmbiguousOutcome():
            return ExitCode.AMBIGUOUS
        case _:
            return ExitCode.FAILED
