"""What can be drawn, whatever provider it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.drawing.outline import Outline
    from aiooncall.on_call import OnCall


class Drawable:
    """An escalation that can be told in words and drawn: who is reached, when, step by step."""

    __slots__ = ()

    def _outline(self, on_call: Mapping[str, OnCall]) -> Outline:
        """Return the escalation as plain data."""
        raise NotImplementedError

    def outline(self, on_call: Mapping[str, OnCall] | None = None) -> Outline:
        """Return the escalation as plain data, which the methods below draw.

        Args:
            on_call: who is on call, by schedule id; without it a schedule shows who takes turns, if that was read.
        """
        return self._outline(on_call or {})

    def describe(self, on_call: Mapping[str, OnCall] | None = None) -> str:
        """Return the escalation as text: who is reached when, step by step.

        Args:
            on_call: who is on call, by schedule id.
        """
        from aiooncall.drawing.text import describe  # noqa: PLC0415 (drawing is not needed to page)

        return describe(self.outline(on_call))

    def tree(self, on_call: Mapping[str, OnCall] | None = None, *, ascii_only: bool = False) -> str:
        """Return the escalation as a tree for the terminal.

        Args:
            on_call: who is on call, by schedule id.
            ascii_only: whether to do without box-drawing characters.
        """
        from aiooncall.drawing.text import tree  # noqa: PLC0415 (drawing is not needed to page)

        return tree(self.outline(on_call), ascii_only=ascii_only)

    def mermaid(self, on_call: Mapping[str, OnCall] | None = None) -> str:
        """Return the escalation as a Mermaid flowchart (https://mermaid.js.org).

        Args:
            on_call: who is on call, by schedule id.
        """
        from aiooncall.drawing.mermaid import mermaid  # noqa: PLC0415 (drawing is not needed to page)

        return mermaid(self.outline(on_call))

    def svg(self, on_call: Mapping[str, OnCall] | None = None) -> str:
        """Return the escalation as a picture, for light and dark pages.

        Args:
            on_call: who is on call, by schedule id.
        """
        from aiooncall.drawing.svg import svg  # noqa: PLC0415 (drawing is not needed to page)

        return svg(self.outline(on_call))

    def _repr_svg_(self) -> str:
        """Return the picture that a notebook shows of a value.

        Source: https://ipython.readthedocs.io/en/stable/config/integrating.html#rich-display
        """
        return self.svg()
