"""Methods that make several calls: one deadline for all of them, and an end to following references."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from aiooncall.errors import GraphTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import CoroutineType

    from aiooncall.client.core import ApiCore

    class _Service(Protocol):
        _core: ApiCore


P = ParamSpec("P")
S = TypeVar("S", bound="_Service")
T = TypeVar("T")

MOST_LEVELS: Final = 10
"""How many references are followed one after the other at most: teams whose policies lead to teams, and so on."""
MOST_READS: Final = 1000
"""How many things are read at most to answer one question."""


def composite(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], CoroutineType[Any, Any, T]]:
    """Hold all calls that a method of a service makes to the deadline of one."""

    @wraps(method)
    async def held(self: S, *args: P.args, **options: P.kwargs) -> T:
        with self._core.one_deadline():
            return await method(self, *args, **options)

    return held  # type: ignore[return-value]  # it is one: a wrapper of the same signature


class Bounds:
    """How far references are followed: a server that keeps inventing new ones is not asked for ever.

    Args:
        what: what is asked, for the error.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._levels = 0
        self._reads = 0

    def go_deeper(self, reads: int) -> None:
        """Count things that are about to be read, one reference further away than those before.

        Raises:
            GraphTooLarge: they are too far away, or too many.
        """
        self._levels += 1
        self._reads += reads
        if self._levels > MOST_LEVELS:
            raise GraphTooLarge(f"{self._what}: references lead on after {MOST_LEVELS} levels")
        if self._reads > MOST_READS:
            raise GraphTooLarge(f"{self._what}: more than {MOST_READS} things would have to be read")
