"""What several processes and machines share: one rate budget."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.distributed.redis_budget import RedisBudget as RedisBudget
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
