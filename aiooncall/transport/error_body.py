"""Pure: the reasons that a server gives for an error, from a body of whatever shape.

A body is read once, from its beginning, and no further than reasons are kept. It can be as large as whoever sent it
wanted, and nothing else in the process runs meanwhile.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import orjson

from aiooncall._base.json import as_array, as_object
from aiooncall._text import one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_ERRORS: Final = 10
LONGEST_ERROR: Final = 300
DEEPEST_ERROR: Final = 6
MOST_LOOKED_AT: Final = 1000
"""How many values of a JSON body are looked at."""
LONGEST_PAGE: Final = 8 * 1024
"""How much of a page of HTML is looked at, in bytes."""
_UNSEEN: Final = (b"script", b"style")
"""What a page has between these tags is not text."""


def parse_errors(body: bytes, redact: Callable[[str], str] = str) -> tuple[str, ...]:
    """Return the server's reasons from an error's body, whatever its shape, each one shortened.

    Known shapes: `{"errors": ["text"]}`, `{"errors": [{"title", "detail"}]}`, `{"detail": "text"}`,
    `{"field": ["text"]}`, a bare JSON string, HTML, plain text, nothing.

    Args:
        body: what the server said.
        redact: removes credentials from a text; it sees each text as the server meant it, and before it is cut.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        texts = iter([_plain_text(body)])
    else:
        texts = _texts(document)
    cleaned = (" ".join(redact(one_line(text)).split()) for text in texts)
    return tuple(islice((shortened(text, LONGEST_ERROR) for text in cleaned if text), MOST_ERRORS))


def _texts(document: object) -> Iterator[str]:
    """Yield the reasons in a JSON document, in order."""
    waiting: list[tuple[str, object, int]] = [("", document, 0)]
    for _ in range(MOST_LOOKED_AT):
        if not waiting:
            return
        name, value, depth = waiting.pop()
        if value is None or depth > DEEPEST_ERROR:
            continue
        if (items := as_array(value)) is not None:
            waiting += [(name, item, depth + 1) for item in reversed(items[:MOST_LOOKED_AT])]
        elif (fields := as_object(value)) is None:
            yield f"{name}{value}"
        elif (key := next((key for key in ("errors", "error") if key in fields), None)) is not None:
            waiting.append((name, fields[key], depth + 1))
        elif parts := [
            part for key in ("title", "detail", "message") if isinstance(part := fields.get(key), str) and part
        ]:
            yield name + ": ".join(dict.fromkeys(parts))
        else:
            first = list(islice(fields.items(), MOST_LOOKED_AT))
            waiting += [(_join(name, key), item, depth + 1) for key, item in reversed(first)]


def _join(name: str, key: str) -> str:
    """Return the place of a field; one that is already too long to be kept does not grow, so that all stay cheap."""
    return f"{name}{key}: " if len(name) < LONGEST_ERROR else name


def _plain_text(body: bytes) -> str:
    if b"<" not in body:
        return body.decode("utf-8", "replace")
    from html import unescape  # noqa: PLC0415 (its table is large, and only pages of HTML need it)

    text = _text_of_page(body[:LONGEST_PAGE]).decode("utf-8", "replace")
    try:
        return unescape(text)
    except ValueError:  # a character reference of thousands of digits
        return text


def _text_of_page(page: bytes) -> bytes:
    """Return the title of a page of HTML, or its text if it has none; each byte is passed once."""
    lower, parts, at = page.lower(), list[bytes](), 0
    titles_end = lower.rfind(b"</title")
    while (tag := lower.find(b"<", at)) >= 0:
        parts.append(page[at:tag])
        if tag < titles_end and lower.startswith(b"<title", tag):
            title = page[lower.find(b">", tag) + 1 : lower.find(b"</title", tag)]
            if title.strip():
                return title
        unseen = next((name for name in _UNSEEN if lower.startswith(name, tag + 1)), None)
        last = tag if unseen is None else lower.find(b"</" + unseen, tag)
        end = -1 if last < 0 else lower.find(b">", last)
        if end < 0:  # a tag that does not end: the rest is part of it
            return b" ".join(parts)
        at = end + 1
    return b" ".join([*parts, page[at:]])


def host_of(location: str) -> str:
    """Return the host that a `Location` header points to, as far as it can be read."""
    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:
        return "an unreadable address"
