"""What a server said about its rate limit: one value for all header dialects."""

from __future__ import annotations

from enum import StrEnum

import attrs


@attrs.define(slots=True)
class RateLimit:
    """The rate-limit headers of one answer. A field is None where the answer was silent or made no sense.

    Attributes:
        name: the bucket's name (`X-RateLimit-Name`).
        limit: calls allowed in a window.
        remaining: calls left in the window when the server answered.
        period: length of a window in seconds.
        reset_after: whole seconds from the answer to the window's end.
        retry_after: seconds that the server asks to wait before the next call.
    """

    name: str | None = None
    limit: int | None = None
    remaining: int | None = None
    period: float | None = None
    reset_after: float | None = None
    retry_after: float | None = None


class HeldBy(StrEnum):
    """What the next call of a bucket waits for."""

    LIMIT = "limit"
    """For the end of a window that is used up."""
    REFUSAL = "refusal"
    """For the end of the wait that the server asked for with a refusal."""
    PAUSE = "pause"
    """For the end of a pause."""
    RESERVE = "reserve"
    """For people to stop calling, to whom the rest is left, or for the window to be about to end."""
    PROBE = "probe"
    """For the moment in which its answer tells most of the window's end."""
    TURN = "turn"
    """For a turn of a limit that is known beforehand, or of the user's own."""
    ANSWERS = "answers"
    """For an answer to one of the calls on their way, of which there are as many as may be."""


@attrs.frozen(kw_only=True)
class Hold:
    """Why the next call of a bucket waits, from when to when.

    Attributes:
        by: what it waits for.
        since: seconds that it has been waiting.
        at_most: seconds until it is looked at again; None where only an answer, or somebody's turn, tells.
    """

    by: HeldBy
    since: float
    at_most: float | None

    def __str__(self) -> str:
        ahead = "" if self.at_most is None else f", {self.at_most:.0f} s to go"
        return f"waiting for {'an answer' if self.by == HeldBy.ANSWERS else self.by}{ahead}"


@attrs.frozen(kw_only=True)
class BudgetSnapshot:
    """What is known of one rate-limit bucket right now.

    Attributes:
        name: the server's name of the bucket, or None until it has said one.
        routes: the routes that share the bucket, such as `POST /api/v2/on-call/pages`.
        limit: calls allowed in a window, or None if unknown.
        period: length of a window in seconds, or None if unknown.
        remaining: calls left in this window after those in flight, or None if unknown.
        resets_in: seconds until the window ends at the latest, or None if unknown.
        closed_for: seconds until the bucket opens again after a refusal; 0 when it is open.
        in_flight: calls sent and not yet answered.
        waiting: calls queued for the bucket.
        hold: why the next of them waits; None where nobody does.
        shared_by: how many processes share the bucket; None where it is this one's own, or while Redis is away.
    """

    name: str | None
    routes: tuple[str, ...]
    limit: int | None
    period: float | None
    remaining: int | None
    resets_in: float | None
    closed_for: float
    in_flight: int
    waiting: int
    hold: Hold | None = None
    shared_by: int | None = None
