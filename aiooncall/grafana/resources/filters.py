"""Filters of alert groups, as the wire has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import aware, one_of, text
from aiooncall.errors import OptionsError
from aiooncall.grafana.models.alert_group import AlertGroupState

if TYPE_CHECKING:
    from datetime import datetime

Pairs = tuple[tuple[str, str], ...]
"""Query parameters, of which one can come twice."""

_WORDS: Final = {AlertGroupState.FIRING: "new"}
"""What the filter calls a state, where that differs."""


def given(field: str, value: str | None) -> str | None:
    """Return the value of a filter; the server ignores an empty one and would show all groups."""
    return None if value is None else text(field, value)


def state_filter(state: AlertGroupState | str | None) -> str | None:
    """Return a state as the filter calls it."""
    if state is None:
        return None
    asked = one_of("state", state, AlertGroupState)
    return _WORDS.get(AlertGroupState(asked), asked)


def time_range(between: tuple[datetime, datetime] | None) -> str | None:
    """Return two instants as a range of whole seconds that holds both."""
    if between is None:
        return None
    if not isinstance(between, tuple) or len(between) != 2:  # noqa: PLR2004 (a pair)
        raise OptionsError("started_at", between, "two aware datetimes, as a tuple")
    start, end = (aware("started_at", moment).astimezone(UTC) for moment in between)
    if end < start:
        raise OptionsError("started_at", between, "the earlier time first")
    whole = end + timedelta(seconds=1, microseconds=-1)
    return f"{start:%Y-%m-%dT%H:%M:%S}_{whole:%Y-%m-%dT%H:%M:%S}"


def label_pairs(labels: Mapping[str, str]) -> Pairs:
    """Return labels as one parameter each."""
    if not isinstance(labels, Mapping):
        raise OptionsError("labels", labels, "a mapping of keys to values")
    for key, value in labels.items():
        if not isinstance(key, str) or not isinstance(value, str) or ":" in key + value or not key or not value:
            raise OptionsError("labels", {key: value}, "texts without a colon")
    return tuple(("label", f"{key}:{value}") for key, value in labels.items())
