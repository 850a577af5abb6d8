"""The way to workers: a queue that takes chunks, and the Redis that brings back what came of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import count, seconds
from aiooncall.distributed.chunk_store import check_redis_url
from aiooncall.distributed.coordinator import Coordinator

if TYPE_CHECKING:
    from aiooncall._base.validation import Seconds
    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import PlanFacts
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.running import RunOptions
    from aiooncall.distributed.chunks import Chunk

LARGEST_CHUNK: Final = 10_000
LONGEST_HOLD: Final = 60.0
"""A worker holds a chunk no longer than so many seconds, however long the queue would let it."""


class QueueWorkers(ABC):
    """Workers behind a queue. Derive from it for a queue of your own, and give an object of it to `Job.run`.

    Args:
        redis_url: the Redis that the workers tell outcomes through.
        chunk_size: the number of items in a chunk; without it 250, and 25 for verbs that must not be repeated.
        redelivery: the time after which the queue gives a chunk that is still worked on to another worker, in seconds
            or as a timedelta. A worker gives back what it has not sent after a third of it, or after a minute.

    Raises:
        OptionsError: an argument is wrong.
    """

    def __init__(self, redis_url: str, *, chunk_size: int | None = None, redelivery: Seconds) -> None:
        self.redis_url: str = check_redis_url(redis_url)
        self.chunk_size: int | None = (
            None if chunk_size is None else count("chunk_size", chunk_size, most=LARGEST_CHUNK)
        )
        self.hold: float = min(seconds("redelivery", redelivery) / 3, LONGEST_HOLD)

    @abstractmethod
    async def send(self, chunk: Chunk) -> None:
        """Put a chunk in the queue, and return when the queue has it; any error lets it be tried again."""

    async def open(self) -> None:  # noqa: B027 (most queues need nothing)
        """Get ready to send.

        Raises:
            ConnectError: the queue cannot be reached.
        """

    async def close(self) -> None:  # noqa: B027 (most queues need nothing)
        """Release what `open` made."""

    def run_of(self, provider: Provider, journal: Journal, plan: PlanFacts, options: RunOptions) -> Coordinator:
        """Return a run of a job over these workers; `Job.run` calls this."""
        return Coordinator(provider, journal, plan, options, self)
