"""JSON objects, of which both vendors' halves are full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]


def without(values: Mapping[str, Any], *names: str) -> Json:
    """Return an object without some of its members."""
    return {name: value for name, value in values.items() if name not in names}
