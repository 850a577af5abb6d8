"""Groups of commands. For a word that it does not know, a group suggests what may be meant, but none that pages people.

A person who sees `Did you mean 'create'?` may well run it, at night and in a hurry.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARK = "pages_people"


def pages_people(body: Callable[..., Any]) -> Callable[..., Any]:
    """Mark the function of a command that pages people, or can, so that the command is never suggested."""
    setattr(body, MARK, True)
    return body


def suggestions(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that may be meant by a word: those that it begins or that begin it, and those that look like it.

    Args:
        word: what was typed.
        names: what may be suggested.
    """
    known = sorted(names)
    begun = [name for name in known if word and (name.startswith(word) or word.startswith(name))]
    return list(dict.fromkeys([*begun, *get_close_matches(word, known)]))


class CommandGroup(TyperGroup):
    """A group of commands that suggests none that pages people."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 (its types are typer's own)
        """Return the command that the arguments begin with, or fail with what may be meant."""
        word = args[0]
        if self.get_command(ctx, word) is None and not word.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(_unknown(word, self._harmless()))
        return super().resolve_command(ctx, args)

    def _harmless(self) -> list[str]:
        shown = {name: command for name, command in self.commands.items() if not command.hidden}
        return [name for name, command in shown.items() if not getattr(command.callback, MARK, False)]


def make_group(about: str) -> typer.Typer:
    """Return a new group of commands.

    Args:
        about: what they are for, for the help.
    """
    return typer.Typer(help=about, no_args_is_help=True, cls=CommandGroup)


def _unknown(word: str, names: list[str]) -> str:
    meant = " or ".join(repr(name) for name in suggestions(word, names))
    return f"No such command {word!r}." + (f" Did you mean {meant}?" if meant else "")
