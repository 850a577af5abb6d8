"""Very many texts in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import eq
from typing import TYPE_CHECKING, ClassVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Iterator


class CompactTexts(Sequence[str]):
    """A sequence of texts that grows at its end: a text takes its bytes and eight more, and no object of its own."""

    __slots__ = ("_bytes", "_ends")

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    def append(self, text: str) -> None:
        """Add one."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = range(len(self._ends))[place]
        start = self._ends[number - 1] if number else 0
        return self._bytes[start : self._ends[number]].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[number] for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        theirs = cast("Sequence[object]", other)
        return len(self) == len(theirs) and all(map(eq, self, theirs))

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3]))
        return f"[{shown}, … ({len(self)} texts)]" if len(self) > 3 else f"[{shown}]"  # noqa: PLR2004 (as many as shown)
