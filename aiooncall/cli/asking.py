"""Questions to a person. They go to standard error, so that standard output stays clean, and Ctrl-C ends them."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager, suppress
from getpass import getpass
from typing import TYPE_CHECKING

from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Generator


def ask(name: str) -> str:
    """Ask a person for a secret, which is not shown.

    Raises:
        OptionsError: nobody is there to be asked.
    """
    with _interruptible(), suppress(EOFError):
        while sys.stdin.isatty() and sys.stderr.isatty():
            if answer := getpass(f"{name}: ", stream=sys.stderr):
                return answer
    raise OptionsError(name, None, "a non-empty environment variable, or a line in the file given by --secrets")


def confirm(question: str) -> bool:
    """Ask a person to say yes or no; no answer is no."""
    with _interruptible():
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 (a question)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def _interruptible() -> Generator[None]:
    """Let the first Ctrl-C end the question; asyncio would only cancel its task, which cannot end while it asks."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
