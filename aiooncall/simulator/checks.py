"""What the arguments of a simulator have to be: each check names the argument, its value and what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HIGHEST_PORT = 65_535


def check_arguments(given: Mapping[str, object], **kinds: type) -> None:
    """Refuse an argument of a simulator that makes no sense.

    Args:
        given: the arguments by their names.
        kinds: the kinds that some of them are of, unless they are None.

    Raises:
        ValueError: one of them is wrong.
    """
    for name in ("port", "grafana_port"):
        _check(name, given[name], "a port from 0, for any that is free, to 65535", _is_port)
    for name in ("settle_delay", "search_lag"):
        _check(name, given[name], "seconds, at least 0", _is_duration)
    _check("slow", given["slow"], "two numbers of seconds, the smaller first, or None", _is_span)
    for name, kind in kinds.items():
        value = given[name]
        if value is not None and not isinstance(value, kind):  # it is not shown: credentials may be in it
            raise ValueError(f"{name}: got a {type(value).__name__}; expected a {kind.__name__}")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse what is none of the choices."""
    _check(name, value, f"one of {', '.join(choices)}", lambda value: value in choices)


def _check(name: str, value: object, expected: str, fits: Callable[[Any], bool]) -> None:
    if not fits(value):
        raise ValueError(f"{name}: got {value!r}; expected {expected}")


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_PORT


def _is_duration(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_span(value: Any) -> bool:  # noqa: ANN401 (whatever the caller gave)
    if value is None:
        return True
    if not isinstance(value, (tuple, list)):
        return False
    pair = cast("Sequence[Any]", value)
    return len(pair) == len(("from", "to")) and all(map(_is_duration, pair)) and bool(pair[0] <= pair[1])
