"""The base of all models that keep what they do not know."""

from __future__ import annotations

from typing import Any

import attrs

from aiooncall.codec.fields import extra_members


@attrs.define(kw_only=True)
class Model:
    """A value of the wire.

    Attributes:
        extra: what the server sent and the class does not know, by its name on the wire; a write sends it back. It is
            not shown with the rest, as it can be a secret.
    """

    extra: dict[str, Any] = extra_members()  # noqa: RUF009 (a field)
