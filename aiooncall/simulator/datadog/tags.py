"""Tags, rewritten as the vendor does."""

from __future__ import annotations

import re

# https://docs.datadoghq.com/getting_started/tagging/
_MAX_LENGTH = 200
_FORBIDDEN = re.compile(r"[^\w\-:./]")


def normalise_tag(tag: str) -> str:
    """Return a tag as the server stores it: lower case, odd characters as underscores, not too long."""
    return _FORBIDDEN.sub("_", tag.lower())[:_MAX_LENGTH]
