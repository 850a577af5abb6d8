"""The stand-in for a variant that this version has no class for."""

from __future__ import annotations

import attrs

from aiooncall.codec.fields import WIRE
from aiooncall.codec.model import Model


@attrs.define(kw_only=True)
class UnknownVariant(Model):
    """A thing of a kind that this version does not know. It goes back as it came.

    Attributes:
        kind: its `type` on the wire.
        extra: everything else about it.
    """

    kind: str = attrs.field(metadata={WIRE: "type"})
