"""A terminal in memory."""

from __future__ import annotations

import io


class TerminalText(io.StringIO):
    """What a terminal shows."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True
