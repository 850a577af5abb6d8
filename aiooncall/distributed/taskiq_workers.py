"""Workers behind taskiq: the broker, the task that works on a chunk, and what hands chunks out to it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from taskiq import AsyncBroker, TaskiqEvents
from taskiq.kicker import AsyncKicker

from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall._base.redaction import Secrets
from aiooncall._text import one_line
from aiooncall.distributed.chunk_store import check_redis_url
from aiooncall.distributed.chunks import Chunk
from aiooncall.distributed.queue_workers import QueueWorkers
from aiooncall.distributed.working import CONCURRENCY, work_chunk
from aiooncall.errors import ConnectError, OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from taskiq import TaskiqState

    from aiooncall._base.validation import Seconds
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall

TASK: Final = "aiooncall.work_chunk"
QUEUE: Final = "aiooncall"
RABBITMQ_REDELIVERY: Final = 1800.0
"""RabbitMQ takes a message back that is not acknowledged in 30 minutes (https://www.rabbitmq.com/docs/consumers)."""
NATS_REDELIVERY: Final = 30.0
"""The default of `ack_wait` (https://docs.nats.io/nats-concepts/jetstream/consumers)."""
START_TIMEOUT: Final = 15.0
"""The longest time that a broker may take to start, in seconds."""
_REFUSED: Final = {
    "taskiq_redis": "its 1.2.4 gives the message of a dead worker to another one only when a further message comes",
    "taskiq": "it keeps no message of a worker that dies",
}
_KNOWN: Final = "a broker of taskiq-aio-pika (RabbitMQ) or of JetStream from taskiq-nats"


class TaskiqWorkers(QueueWorkers):
    """Workers that are run by `taskiq worker`, for `Job.run`.

    Args:
        broker: the broker, not started, or its URL: `amqp://` or `amqps://` for RabbitMQ, `nats://` for JetStream.
        redis_url: the Redis that the workers tell outcomes through: `redis://`, `rediss://` or `unix://`.
        chunk_size: the number of items in a chunk; without it 250, and 25 for verbs that must not be repeated.
        redelivery: the time after which the broker gives a chunk that is still worked on to another worker, in seconds
            or as a timedelta; without it 30 minutes for RabbitMQ, and `ack_wait` for JetStream.

    Raises:
        OptionsError: an argument is wrong, or the broker may lose the chunk of a dead worker.
    """

    def __init__(
        self,
        broker: AsyncBroker | str,
        redis_url: str,
        *,
        chunk_size: int | None = None,
        redelivery: Seconds | None = None,
    ) -> None:
        self._url = broker if isinstance(broker, str) else None
        self._broker: AsyncBroker = broker_from_url(broker) if isinstance(broker, str) else broker
        known = redelivery_of(self._broker, redelivery)
        super().__init__(redis_url, chunk_size=chunk_size, redelivery=known)

    async def open(self) -> None:
        """Start the broker.

        Raises:
            ConnectError: it cannot be reached.
            OptionsError: the guard of the tests is on, and the broker's URL leads to another machine.
        """
        if self._url is not None:
            LOOPBACK_GUARD.check("broker", self._url)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._broker.startup()
        except Exception as problem:  # noqa: BLE001 (the broker's own)
            text = Secrets().redact(one_line(str(problem)))
            raise ConnectError(f"the broker cannot be reached ({type(problem).__name__}: {text})") from None

    async def close(self) -> None:
        """Stop the broker."""
        async with asyncio.timeout(START_TIMEOUT):
            await self._broker.shutdown()

    async def send(self, chunk: Chunk) -> None:
        """Put a chunk in the broker's queue."""
        kicker: AsyncKicker[Any, Any] = AsyncKicker(TASK, self._broker, {})
        await kicker.kiq(chunk.to_json())


def broker_from_url(url: str, *, queue: str = QUEUE) -> AsyncBroker:
    """Return a broker with the settings that jobs need: one chunk at a time for each worker, durable queues.

    Args:
        url: `amqp://` or `amqps://` for RabbitMQ, `nats://` or `tls://` for NATS JetStream.
        queue: the name of the queue; workers of several accounts need one for each.

    Raises:
        OptionsError: the URL is wrong, or the package for it is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme in {"amqp", "amqps"}:
        return _rabbitmq(url, queue)
    if scheme in {"nats", "tls"}:
        return _nats(url, queue)
    raise OptionsError("broker", Secrets().redact(url), "a URL that starts with amqp://, amqps://, nats:// or tls://")


def _rabbitmq(url: str, queue: str) -> AsyncBroker:
    try:
        from taskiq_aio_pika import AioPikaBroker, Exchange, Queue  # noqa: PLC0415 (not everybody has it)
    except ImportError:
        raise OptionsError(
            "broker", "amqp", "taskiq-aio-pika installed; in a clone: pip install '.[rabbitmq]'"
        ) from None
    dead = Queue(name=f"{queue}.dead_letter")
    return AioPikaBroker(
        url, qos=1, exchange=Exchange(name=queue), task_queues=[Queue(name=queue)], dead_letter_queue=dead
    )


def _nats(url: str, queue: str) -> AsyncBroker:
    try:
        from aiooncall.distributed.jetstream import jetstream_broker  # noqa: PLC0415 (not everybody has it)
    except ImportError:
        raise OptionsError("broker", "nats", "taskiq-nats installed; in a clone: pip install '.[nats]'") from None
    return jetstream_broker(url, queue, NATS_REDELIVERY)


def redelivery_of(broker: object, given: Seconds | None = None) -> Seconds:
    """Return the time after which a broker gives a message that is still worked on to another worker.

    Args:
        broker: the broker.
        given: the time, for a broker that is not known here.

    Raises:
        OptionsError: the broker may lose the message of a dead worker, or is not known and no time is given.
    """
    kind = type(broker)
    package = kind.__module__.partition(".")[0]
    if not isinstance(broker, AsyncBroker):
        raise OptionsError("broker", kind.__name__, _KNOWN)
    if package in _REFUSED:
        raise OptionsError("broker", kind.__name__, f"{_KNOWN}: {_REFUSED[package]}")
    consumer: Any = getattr(broker, "consumer_config", None)
    if package == "taskiq_nats" and not hasattr(broker, "consumer_config"):
        raise OptionsError("broker", kind.__name__, f"{_KNOWN}: {_REFUSED['taskiq']}")
    if given is not None:
        return given
    if package == "taskiq_aio_pika":
        return RABBITMQ_REDELIVERY
    if hasattr(broker, "consumer_config"):
        return float(getattr(consumer, "ack_wait", None) or NATS_REDELIVERY)
    raise OptionsError("redelivery", None, f"the time after which {kind.__name__} gives a message to another worker")


def add_work(
    broker: AsyncBroker,
    make_client: Callable[[], AbstractAsyncContextManager[DatadogOnCall | GrafanaOnCall]],
    redis_url: str,
    *,
    worker: str | None = None,
    concurrency: int = CONCURRENCY,
) -> None:
    """Let the workers of a broker work on chunks. `aiooncall.distributed.worker` does this from the environment.

    Args:
        broker: the broker.
        make_client: makes the client of a worker, or a context that yields one; it is entered when the worker starts.
        redis_url: the Redis of the jobs.
        worker: the name of the worker, for reports; host and process without it.
        concurrency: the number of requests at once.

    Raises:
        OptionsError: the URL is wrong, or the broker may lose the chunk of a dead worker.
    """
    redelivery_of(broker, NATS_REDELIVERY)
    check_redis_url(redis_url)
    clients: list[DatadogOnCall | GrafanaOnCall] = []
    opened, one_at_a_time = AsyncExitStack(), asyncio.Lock()

    async def begin(_: TaskiqState) -> None:
        clients.append(await opened.enter_async_context(make_client()))

    async def end(_: TaskiqState) -> None:
        clients.clear()
        await opened.aclose()

    async def work(text: str) -> None:
        async with one_at_a_time:
            chunk = Chunk.from_json(text)
            await work_chunk(clients[-1], chunk, redis_url=redis_url, worker=worker, concurrency=concurrency)

    broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, begin)
    broker.add_event_handler(TaskiqEvents.WORKER_SHUTDOWN, end)
    broker.register_task(work, task_name=TASK)
