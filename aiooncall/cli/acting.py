"""One action on a few ids that were typed, or that come by standard input: what came of each, and the worst exit code.

For very many there are bulk jobs, which a crash does not lose.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Final

import attrs
import typer

from aiooncall import bulk
from aiooncall.cli.command import ExitCode, code_of, stopped_by, told
from aiooncall.cli.printing import print_json, say
from aiooncall.cli.stopping import stoppable
from aiooncall.cli.telling import tell
from aiooncall.errors import Forbidden, OptionsError, Unauthorized
from aiooncall.fanout import FanOut
from aiooncall.transport.endpoint import path_segment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiooncall.cli.settings import Settings
    from aiooncall.outcomes import ItemOutcome, Report

MOST: Final = 1000
"""How many ids one command takes; more are a bulk job."""
AT_ONCE: Final = 8
SHOWN: Final = 20
"""How many ids a command has that is printed to go on with."""
STDIN: Final = "-"

PageIds = Annotated[list[str], typer.Argument(metavar="PAGE_ID", help="One or more; - reads them, a line each.")]
GroupIds = Annotated[
    list[str], typer.Argument(metavar="ALERT_GROUP_ID", help="One or more; - reads them, a line each.")
]


@attrs.frozen(kw_only=True)
class Action:
    """What is done to each id.

    Attributes:
        verb: what it is called, such as `acknowledge`.
        command: the words that it was typed as, such as `page ack`.
        result: what is said of an id for which it worked: `accepted`, or `done`.
        repeatable: whether doing it twice by mistake would be harmless.
    """

    verb: str
    command: tuple[str, ...]
    result: str
    repeatable: bool = True


async def act_on_each(
    settings: Settings, action: Action, given: list[str], act: Callable[[str], Awaitable[object]]
) -> ExitCode:
    """Do something to each id, print what came of it, and return the worst exit code.

    Args:
        settings: the options of the command.
        action: what is done.
        given: the ids as they were typed.
        act: does it to one id.

    Raises:
        OptionsError: an id can be none, or there are too many of them; nothing was sent.
        OnCallError: there is only one id, and it went wrong.
    """
    ids = read_given(given, settings.running.names)
    if not ids:
        _say_err(f"no ids came: there is nothing to {action.verb}")
        return ExitCode.DONE
    if len(ids) > 1:
        return await _Several(settings, action, ids).run(act)
    await act(ids[0])
    _print_done(settings, action, ids[0])
    return ExitCode.DONE


def read_given(given: list[str], names: Mapping[str, str]) -> list[str]:
    """Return ids, each once; `-` stands for those on standard input, of which there may be none.

    Args:
        given: what was typed.
        names: the names of the arguments, for errors.

    Raises:
        OptionsError: one can be no id, or there are too many of them.
    """
    found: dict[str, None] = {}
    for one in given:
        read = (item.id for item in bulk.read_ids(sys.stdin.buffer)) if one == STDIN else (one,)
        found.update(dict.fromkeys(read))
    field = next((name for argument, name in names.items() if argument.endswith("_ids")), "ID")
    for one in found:
        path_segment(field, one)
    if len(found) > MOST:
        raise OptionsError(field, f"{len(found)} of them", f"at most {MOST}; for more: aiooncall bulk plan --from FILE")
    return list(found)


class _Several:
    """The action on several ids."""

    def __init__(self, settings: Settings, action: Action, ids: list[str]) -> None:
        self._settings = settings
        self._action = action
        self._ids = ids
        self._worst = ExitCode.DONE
        self._left = dict.fromkeys(ids)
        self._unwritten: OSError | None = None

    async def run(self, act: Callable[[str], Awaitable[object]]) -> ExitCode:
        """Do it to each id. After Ctrl-C nothing more is sent, and it ends with what is on its way.

        It is the same when nothing more can be written, as the reader of the output has left or the disk is full.
        """
        action = self._action
        job = FanOut(self._ids, act, concurrency=AT_ONCE, repeatable=action.repeatable, distinct=True, canary=True)
        with stoppable(job, _say_err) as stopped:
            try:
                async for outcome in job:
                    self._tell(outcome, job)
            except (Unauthorized, Forbidden):
                pass  # it was told as the outcome of the first id, and the others are not begun
            except asyncio.CancelledError:
                self._tell_unfinished(job.report)
                if not stopped:
                    raise
                return stopped_by(stopped[-1], self._settings)
        self._tell_unfinished(job.report)
        if self._unwritten is not None and self._worst is not ExitCode.AMBIGUOUS:
            raise self._unwritten
        return max(self._worst, stopped[-1] if stopped and self._left else ExitCode.DONE, key=_badness)

    def _tell(self, outcome: ItemOutcome, job: FanOut) -> None:
        self._left.pop(outcome.id, None)
        error = outcome.error
        if error is None:
            self._tell_done(outcome.id, job)
            return
        self._worst = max(self._worst, code_of(error), key=_badness)
        tell(type(error).__name__, told(error, self._settings), as_json=self._settings.json, about=outcome.id)

    def _tell_done(self, one: str, job: FanOut) -> None:
        try:
            _print_done(self._settings, self._action, one)
        except OSError as problem:
            self._unwritten = problem
            job.stop()

    def _tell_unfinished(self, report: Report) -> None:
        """Say what may have been sent, what was not, and how to go on with that."""
        sent = [] if self._action.repeatable else report.interrupted
        unsent = [one for one in self._left if one not in sent]
        total, done = len(self._ids), report.succeeded
        if self._left:
            _say_err(f"{self._action.verb}: {done} of {total} done, {len(sent)} in doubt, {len(unsent)} not done")
        if unsent and len(unsent) <= SHOWN:
            _say_err(f"to go on: {self._settings.again(*self._action.command, ids=unsent)}")


def _badness(code: ExitCode) -> int:
    """Return how bad an exit code is: to be interrupted is worse than a failure, and doubt is the worst."""
    order = (ExitCode.DONE, ExitCode.USAGE, ExitCode.FAILED, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    return order.index(code) if code in order else len(order)


def _print_done(settings: Settings, action: Action, one: str) -> None:
    if settings.json:
        print_json({"id": one, action.result: action.verb})
    else:
        say(f"{action.result}: {action.verb} {one}")


def _say_err(text: str) -> None:
    typer.echo(text, err=True)
