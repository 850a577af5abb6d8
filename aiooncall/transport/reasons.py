"""Pure: the reasons that a server gives for an error, from a body of whatever shape."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import orjson

from aiooncall._json import as_array, as_object

MOST_ERRORS: Final = 10
LONGEST_ERROR: Final = 300
DEEPEST_ERROR: Final = 6
_TAGS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.DOTALL | re.IGNORECASE)


def parse_errors(body: bytes) -> tuple[str, ...]:
    """Return the server's reasons from an error's body, whatever its shape, each one shortened.

    Known shapes: `{"errors": ["text"]}`, `{"errors": [{"title", "detail"}]}`, `{"detail": "text"}`,
    `{"field": ["text"]}`, a bare JSON string, HTML, plain text, nothing.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        texts = [_plain_text(body)]
    else:
        texts = _texts(document)
    cleaned = (" ".join(text.split()) for text in texts)
    return tuple(_cut(text) for text in cleaned if text)[:MOST_ERRORS]


def _texts(document: object, depth: int = 0) -> list[str]:
    if document is None or depth > DEEPEST_ERROR:
        return []
    if (items := as_array(document)) is not None:
        return [text for item in items for text in _texts(item, depth + 1)]
    if (fields := as_object(document)) is None:
        return [str(document)]
    for key in ("errors", "error"):
        if key in fields:
            return _texts(fields[key], depth + 1)
    parts = [part for key in ("title", "detail", "message") if isinstance(part := fields.get(key), str) and part]
    if parts:
        return [": ".join(dict.fromkeys(parts))]
    return [f"{key}: {text}" for key, value in fields.items() for text in _texts(value, depth + 1)]


def _plain_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if "<" not in text:
        return text
    from html import unescape  # noqa: PLC0415 (its table is large, and only pages of HTML need it)

    title = _TITLE.search(text)
    return unescape(title.group(1) if title else _TAGS.sub(" ", text))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_ERROR else f"{text[: LONGEST_ERROR - 1]}…"


def host_of(location: str) -> str:
    """Return the host that a `Location` header points to, as far as it can be read."""
    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an unreadable address"
