"""What stands for a variant that this version has no class for."""

from __future__ import annotations

from typing import Any

import attrs

from aiooncall.codec.fields import WIRE, extra_members


@attrs.define(kw_only=True)
class UnknownVariant:
    """One of several kinds of thing, of a kind that is not known here. It goes back as it came.

    Attributes:
        kind: its `type` on the wire.
        extra: everything else about it.
    """

    kind: str = attrs.field(metadata={WIRE: "type"})
    extra: dict[str, Any] = extra_members()
