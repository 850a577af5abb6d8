"""NATS JetStream for jobs: a worker asks for the next chunk when it has acknowledged the last one.

taskiq asks for a hundred messages at once. Those that wait for the first one would be given to another worker after
`ack_wait`, and until then no other worker could have them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from nats.js.api import ConsumerConfig
from taskiq import AckableMessage
from taskiq_nats import PullBasedJetStreamBroker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

FETCH_TIMEOUT: Final = 5.0
"""The longest time that a worker waits for an answer, in seconds: a server that starts anew has forgotten who asked."""


class OneByOneBroker(PullBasedJetStreamBroker):
    """A JetStream broker whose workers take one message at a time."""

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        """Yield messages, each after the one before it was acknowledged, or has gone to another worker."""
        async for message in super().listen():
            acknowledged = asyncio.Event()
            yield AckableMessage(data=message.data, ack=_then(message, acknowledged))
            with suppress(TimeoutError):
                await asyncio.wait_for(acknowledged.wait(), (self.consumer_config or ConsumerConfig()).ack_wait)


def _then(message: AckableMessage, acknowledged: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def acknowledge() -> None:
        try:
            done = message.ack()
            if done is not None:
                await done
        finally:
            acknowledged.set()

    return acknowledge


def jetstream_broker(url: str, queue: str, ack_wait: float) -> OneByOneBroker:
    """Return a broker.

    Args:
        url: where the server is.
        queue: the name of the stream and of its consumer.
        ack_wait: the time after which a message that is not acknowledged goes to another worker, in seconds.
    """
    return OneByOneBroker(
        [url],
        subject=f"{queue}.chunks",
        stream_name=queue,
        durable=queue,
        consumer_config=ConsumerConfig(durable_name=queue, ack_wait=ack_wait),
        pull_consume_timeout=FETCH_TIMEOUT,
        max_reconnect_attempts=-1,
    )
