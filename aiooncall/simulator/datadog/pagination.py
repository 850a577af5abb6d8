"""Slices of lists: which one a request asks for, and what a list says of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from aiooncall.simulator.datadog.json_api import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Refusal

T = TypeVar("T")


class Slice(NamedTuple):
    """A slice of a list; `number` starts at 0."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """Return how many rows there are before it."""
        return self.number * self.size

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        """Return the rows in it."""
        return rows[self.start : self.start + self.size]


def read_slice(
    query: Mapping[str, str], most: int, usual: int | None = None, refuse: Callable[[str], Refusal] = bad_request
) -> Slice:
    """Return the slice that a request asks for.

    Args:
        query: The request's parameters.
        most: How many rows it can have.
        usual: How many it has if the request doesn't say; else the most.
        refuse: Makes a refusal of a sentence.

    Raises:
        Refusal: There can be no such slice.
    """
    number = _integer(query, "page[number]", 0, refuse)
    size = _integer(query, "page[size]", usual or most, refuse)
    if number < 0 or not 1 <= size <= most:
        raise refuse(f"page[number] starts at 0, page[size] is 1 to {most}")
    return Slice(number, size)


def meta_page(total: int, number: int, size: int) -> Json:
    """Return what a list says of its slices; `number` starts at 0."""
    last = max(0, math.ceil(total / size) - 1)
    return {
        "first_number": 0,
        "last_number": last,
        "next_number": number + 1 if number < last else None,
        "number": number,
        "prev_number": number - 1 if number else None,
        "size": size,
        "total": total,
        "type": "number_size",
    }


def _integer(query: Mapping[str, str], name: str, default: int, refuse: Callable[[str], Refusal]) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise refuse(f"{name}: must be a whole number") from None
