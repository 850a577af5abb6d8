"""Texts from elsewhere, made fit for a log, a terminal and a page: one line, without anything that steers.

What steers: the control characters C0 and C1, the marks and overrides that turn the direction of writing, the
separators of lines and paragraphs, and halves of surrogate pairs, which no encoding takes.
"""

from __future__ import annotations

import re
from typing import Final

_STEERING: Final = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_IS_UNFIT = re.compile(f"[{_STEERING}\ud800-\udfff]").search
_STEERS = re.compile(f"[{_STEERING}]+")
_HALVES = re.compile("[\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


def one_line(text: str) -> str:
    """Return `text` on one line, without characters that steer."""
    return text if _IS_UNFIT(text) is None else whole(_STEERS.sub(" ", text))


def whole(text: str) -> str:
    """Return `text` with a replacement character for each half of a surrogate pair."""
    return _HALVES.sub(REPLACEMENT, text)


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters of `text`, the last of them an ellipsis if some are left out."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown(value: object, longest: int = 80) -> str:
    """Return what was given, for an error: its repr, shortened; three asterisks, for a secret, stay."""
    try:
        return shortened(value if isinstance(value, str) and value == "***" else repr(value), longest)
    except Exception:  # noqa: BLE001 (it is nested too deeply, or its class has a mistake: the error is about it all the same)
        return f"a {type(value).__name__} that cannot be shown"
