"""What several processes and machines share: one rate budget, and jobs over workers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.distributed.chunks import Chunk as Chunk
    from aiooncall.distributed.queue_workers import QueueWorkers as QueueWorkers
    from aiooncall.distributed.redis_budget import RedisBudget as RedisBudget
    from aiooncall.distributed.taskiq_workers import TaskiqWorkers as TaskiqWorkers
    from aiooncall.distributed.taskiq_workers import add_work as add_work
    from aiooncall.distributed.taskiq_workers import broker_from_url as broker_from_url
    from aiooncall.distributed.working import ChunkResult as ChunkResult
    from aiooncall.distributed.working import work_chunk as work_chunk
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
