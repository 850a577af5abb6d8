"""UNSET: the sentinel for a field that was not sent. It is neither a value nor null."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Literal, Never, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class UnsetType(enum.Enum):
    """The type of `UNSET`. It is false, and an empty list to whoever takes it for a list: no special case to read."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __len__(self) -> Literal[0]:
        return 0

    def __iter__(self) -> Iterator[Never]:
        return iter(())

    @overload
    def __getitem__(self, index: slice, /) -> tuple[()]: ...

    @overload
    def __getitem__(self, index: int, /) -> Never: ...

    def __getitem__(self, index: slice | int, /) -> tuple[()]:
        if isinstance(index, slice):
            return ()
        raise IndexError(f"UNSET has no [{index}]: nothing was said here; was it read, by `include` or hydrate()?")

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = UnsetType.UNSET
"""Nothing was said: the server did not send it, or a write leaves it out. `None` is a null on the wire."""

Omittable: TypeAlias = T | UnsetType | None
"""A value, null, or nothing at all."""
