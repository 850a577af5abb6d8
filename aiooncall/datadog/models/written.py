"""What resources that are written as a whole have in common."""

from __future__ import annotations

from aiooncall.jsonapi import Resource


class Written(Resource):
    """A resource that a request replaces, so that what the server made of it can be compared with what was sent."""

    __slots__ = ("_not_kept",)
    _not_kept: tuple[str, ...]

    @property
    def not_kept(self) -> tuple[str, ...]:
        """Where the answer to a write lacks what was sent, such as `rules[0].actions[1].ack_timeout`."""
        return getattr(self, "_not_kept", ())

    @not_kept.setter
    def not_kept(self, paths: tuple[str, ...]) -> None:
        """Keep what an answer lacks."""
        self._not_kept = paths
