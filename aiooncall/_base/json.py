"""Narrowing of parsed JSON: what a value is, or None."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]
"""A JSON object."""


def as_object(value: object) -> dict[str, Any] | None:
    """Return `value` if it is a JSON object."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_array(value: object) -> list[Any] | None:
    """Return `value` if it is a JSON array."""
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType] (mypy refuses a cast)
