"""The table of routes, with the engine's way of being asked for what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.refusals import server_error, wrong_method
from aiooncall.simulator.http.routing import Router, html_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiooncall.simulator.http.routing import Answer, Call

ROOT: Final = "/api/v1"
"""The beginning of every path."""
UNCHECKED: Final = frozenset({"actions", "make_call", "send_sms", "direct_paging"})
"""The parts of the API that need no permission."""


def view_of(path: str) -> str:
    """Return the part of the API that a path belongs to, which is the first word behind the root."""
    return path.removeprefix(ROOT).strip("/").partition("/")[0]


class GrafanaRouter(Router):
    """The table of handlers, which has an HTML 404 for unknown paths and an HTML 500 for wrong methods.

    Where no permission is looked for there is none to be missed: there a wrong method is a 405.
    """

    def __init__(self, *, optional_slashes: bool, settle: Callable[[float], None]) -> None:
        """Start without routes.

        Args:
            optional_slashes: Whether a path may lack the slash at its end.
            settle: Lets everything happen that is due by a monotonic instant.
        """
        super().__init__()
        self._settle = settle
        self._optional_slashes = optional_slashes

    def methods(self, segments: Sequence[str]) -> set[str]:
        """Return the methods that a path can be asked with, none if it leads nowhere."""
        return super().methods(self._full(segments))

    def answer(self, call: Call) -> Answer:
        """Answer a call."""
        self._settle(call.now.monotonic)
        call.segments = self._full(call.segments)
        methods = self.methods(call.segments)
        if not methods:
            return html_answer(404, "Not Found")
        if call.method in methods:
            return super().answer(call)
        return (wrong_method(call.method, methods) if view_of(call.path) in UNCHECKED else server_error()).answer

    def _full(self, segments: Sequence[str]) -> Sequence[str]:
        return [*segments, ""] if self._optional_slashes and segments[-1] else segments
