"""Texts that must never be shown, and what stands in their place."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.errors import CodecError

MASK: Final = "***"
SHORTEST_SECRET: Final = 6
"""A shorter text stands in too many words to be hidden in all of them, and is hardly a secret."""
_USERINFO = re.compile(r"(?<=://)[^/\s@]*@")


class Secrets:
    """Texts that are hidden in whatever is shown, in the ways in which they are written in addresses and headers."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: dict[str, None] = {}
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Hide one more text, unless it is too short."""
        if len(text) >= SHORTEST_SECRET:
            # The longer form first: it may hold the shorter one.
            self._texts |= dict.fromkeys((quote(text, safe="", errors="replace"), text))

    def add_proxy(self, url: str) -> None:
        """Hide the user and password of a proxy's URL."""
        parts = urlsplit(url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        self.add(b64encode(f"{user}:{password}".encode()).decode())
        self.add(password)

    def redact(self, text: str) -> str:
        """Return `text` with a mask in the place of each secret, and of whoever stands in an address."""
        if "@" in text:
            text = _USERINFO.sub(f"{MASK}@", text)
        for secret in self._texts:
            text = text.replace(secret, MASK)
        return text

    def hide_in(self, unreadable: CodecError) -> None:
        """Hide the secrets in what is said of an answer: the server may have sent them."""
        unreadable.path = self.redact(unreadable.path)
        unreadable.resource = unreadable.resource and self.redact(unreadable.resource)
        unreadable.args = tuple(self.redact(text) for text in unreadable.args)
