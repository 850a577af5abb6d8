"""What a thing needs before it is sent; each rule names the fields that break it."""

from __future__ import annotations

from typing import Any

from aiooncall._unset import UNSET, UnsetType
from aiooncall.checks import text
from aiooncall.errors import OptionsError


def needs(resource: object, *names: str) -> None:
    """Refuse a new thing that lacks something; texts must say something."""
    for name in names:
        value: Any = getattr(resource, name)
        if value is UNSET or value is None:
            raise OptionsError(name, value, f"a value: a new {type(resource).__name__} needs one")
        if isinstance(value, str):
            text(name, value)


def at_most(field: str, value: object, longest: int) -> None:
    """Refuse what is no text of at most `longest` characters, if it is set."""
    if value is UNSET or value is None:
        return
    if not isinstance(value, str) or len(value) > longest:
        raise OptionsError(field, value, f"a text of at most {longest} characters")


def number(field: str, value: object, least: int) -> None:
    """Refuse what is not a whole number of at least `least`, if it is set."""
    if value is UNSET or value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionsError(field, value, f"a whole number of at least {least}")


def ids_of(field: str, values: object) -> None:
    """Refuse what is not a list of ids, if it is set."""
    if isinstance(values, UnsetType) or values is None:
        return
    listed: Any = values
    if not isinstance(values, (tuple, list)) or not all(isinstance(one, str) and one for one in listed):
        raise OptionsError(field, listed, "a list of ids")
