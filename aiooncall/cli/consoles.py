"""Consoles: where commands write to, without markup, as titles and names of people are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from typing import NoReturn


class PlainConsole(Console):
    """A console that leaves it to its command what to do when the reader of the output has left.

    Rich itself would end the program with 1, whatever is on its way.
    """

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error that the console is just handling."""
        raise  # noqa: PLE0704 (called while it is handled)


def make_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """Return a console without markup.

    Args:
        stderr: whether it writes to standard error.
        soft_wrap: whether lines that are too long are left to the terminal.
    """
    return PlainConsole(stderr=stderr, soft_wrap=soft_wrap, highlight=False, markup=False, emoji=False)
