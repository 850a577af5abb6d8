"""What stands where nothing was said: neither a value nor null."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final, Literal, Never, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class UnsetType(enum.Enum):
    """The type of `UNSET`. It is false, and empty when iterated over, so that reading needs no special case."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        return False

    def __len__(self) -> Literal[0]:
        return 0

    def __iter__(self) -> Iterator[Never]:
        return iter(())

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = UnsetType.UNSET
"""Nothing was said: the server did not send it, or a write leaves it out. `None` is a null on the wire."""

Maybe: TypeAlias = T | UnsetType | None
"""A value, null, or nothing at all."""
