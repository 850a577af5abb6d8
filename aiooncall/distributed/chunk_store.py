"""What a job and its workers share in Redis: chunks that may be worked on, fences, signs of life, and outcomes."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import orjson
from redis import asyncio as redis
from redis.exceptions import RedisError

from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall._base.redaction import Secrets
from aiooncall._text import one_line
from aiooncall.distributed import chunk_scripts
from aiooncall.distributed.told import Told
from aiooncall.errors import ConnectError, OptionsError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from types import TracebackType
    from typing import Self

SCHEMES: Final = ("redis://", "rediss://", "unix://")
ANSWER_TIMEOUT: Final = 2.0
"""The time for one answer of Redis, in seconds."""
LIFE: Final = 5.0
"""A delivery without a sign of life for so many seconds is taken for dead."""
KEPT: Final = 7 * 86_400
"""What no coordinator takes away is kept for so many seconds; a chunk that is gone is not sent."""
MOST_READ: Final = 200
"""Messages that are read in one go."""
SEPARATOR: Final = "#"
"""Stands between the name of a delivery and the number of the try, in a fence; an item that was told has none."""


@attrs.frozen(kw_only=True)
class ServerFacts:
    """What a Redis says of itself: its name from start to end, and `standalone`, `cluster`, `sentinel` or `unknown`."""

    run_id: str
    mode: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Read the section `server` of INFO.

        What Redis calls `redis_mode` (https://redis.io/docs/latest/commands/info/) is `server_mode` in Valkey 8 and
        later (https://valkey.io/commands/info/).

        Raises:
            OptionsError: the server has no `run_id`.
        """
        if "run_id" not in told:
            raise OptionsError("redis_url", "a server without a run_id", "Redis or Valkey, which have one in INFO")
        return cls(run_id=told["run_id"], mode=told.get("redis_mode") or told.get("server_mode") or "unknown")


@attrs.frozen(kw_only=True)
class Held:
    """What Redis knows of a chunk.

    Attributes:
        run_id: the server that the chunk was handed out by.
        holders: the name of the worker of each delivery, by the name of the delivery.
        fences: the delivery that has fenced each item without telling its outcome, by position.
        told: the positions of items whose outcome was told.
    """

    run_id: str
    holders: Mapping[str, str]
    fences: Mapping[int, str]
    told: frozenset[int]

    @classmethod
    def of(cls, pairs: Iterable[str]) -> Self | None:
        """Return what the fields of a chunk's hash say; None if there is no hash.

        Args:
            pairs: names and values in turn, as Redis answers.
        """
        texts = iter(pairs)
        fields = dict(zip(texts, texts, strict=True))
        if "run" not in fields:
            return None
        run_id = fields.pop("run").removeprefix(f"{chunk_scripts.CLOSED} ")
        holders = {name.removeprefix("by "): worker for name, worker in fields.items() if name.startswith("by ")}
        items = {int(name): holder for name, holder in fields.items() if not name.startswith("by ")}
        fences = {at: holder.partition(SEPARATOR)[0] for at, holder in items.items() if SEPARATOR in holder}
        return cls(run_id=run_id, holders=holders, fences=fences, told=frozenset(items.keys() - fences.keys()))


class ChunkStore:
    """The chunks of one job in Redis. Use it as a context manager, which the guard of the tests may refuse to enter.

    Each method raises a ConnectError while Redis cannot be reached; what it was to do may be done or not by then, and
    may be done again.

    Args:
        url: where Redis is: `redis://`, `rediss://` or `unix://`.
        job: the id of the job.

    Raises:
        OptionsError: the URL is wrong.
    """

    def __init__(self, url: str, job: str) -> None:
        self._prefix = f"aiooncall:job:{{{job}}}"
        self._outcomes = f"{self._prefix}:outcomes"
        self._url = url
        self._redis: Any = _client(url)
        self._scripts = {
            name: self._redis.register_script(getattr(chunk_scripts, name))
            for name in ("REGISTER", "BEGIN", "FENCE", "TELL", "CLOSE")
        }

    async def __aenter__(self) -> Self:
        LOOPBACK_GUARD.check("redis_url", self._url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def server(self) -> ServerFacts:
        """Return what the server says of itself."""
        with commands():
            return ServerFacts.of(await self._redis.info("server"))

    async def register(self, number: int) -> str:
        """Allow work on a chunk, and return the `run_id` of the server."""
        run_id: str = await self._run("REGISTER", [self._chunk(number)], [KEPT])
        return run_id

    async def begin(self, told: Told) -> Held | None:
        """Begin a delivery of a chunk; None if nothing of the chunk may be sent any more.

        Args:
            told: the message that the delivery has begun.

        Returns:
            What was known of the chunk before this delivery.
        """
        keys = [self._chunk(told.chunk), self._life(told.holder), self._outcomes]
        values = [told.holder, told.worker, int(LIFE * 1000), told.to_json(), KEPT]
        opened, *known = await self._run("BEGIN", keys, values)
        return Held.of(known[0]) if opened else None

    async def fence(self, number: int, position: int, holder: str, attempt: int) -> str:
        """Set the fence of an item, and return `mine`, `taken` by another delivery, or `closed`.

        Args:
            number: the number of the chunk.
            position: the position of the item.
            holder: the name of the delivery.
            attempt: the number of the try, so that a fence that is taken back late is not that of a later try.
        """
        found: str = await self._run("FENCE", [self._chunk(number)], [position, f"{holder}{SEPARATOR}", attempt])
        return found

    async def tell(
        self, number: int, holder: str, told: Told | None = None, released: Mapping[int, int] | None = None
    ) -> bool:
        """Tell outcomes and show that the delivery lives; return whether more of the chunk may be sent.

        Args:
            number: the number of the chunk.
            holder: the name of the delivery.
            told: the message; None if there is nothing to tell.
            released: the number of the try of each item whose fence had no effect, by position.
        """
        keys = [self._chunk(number), self._life(holder), self._outcomes]
        message = "" if told is None else told.to_json().decode()
        ended = [] if told is None else [str(position) for position in told.outcomes]
        fences = [part for at, attempt in (released or {}).items() for part in (str(at), _fence(holder, attempt))]
        over = int(told is not None and told.ended)
        values = [int(LIFE * 1000), holder, message, KEPT, orjson.dumps(ended), orjson.dumps(fences), over]
        return bool(await self._run("TELL", keys, values))

    async def close(self, number: int) -> tuple[str, Held | None]:
        """End the permission to send anything of a chunk.

        Returns:
            The `run_id` of the server, and what it knows of the chunk; None if it has lost the chunk.
        """
        run_id, known = await self._run("CLOSE", [self._chunk(number)], [])
        return run_id, Held.of(known)

    async def forget(self, numbers: Iterable[int]) -> None:
        """Delete chunks; nothing of them can be sent from then on."""
        if keys := [self._chunk(number) for number in numbers]:
            with commands():
                await self._redis.delete(*keys)

    async def read(self, after: str, wait: float) -> list[tuple[str, Told | None]]:
        """Return the next messages of workers with their ids, oldest first; None stands for what cannot be read.

        Args:
            after: the id of the last message that was read; `0` for the first.
            wait: the longest time to wait for one, in seconds; 0 for none.
        """
        block = int(wait * 1000) or None
        with commands():
            answer: Any = await self._redis.xread({self._outcomes: after}, count=MOST_READ, block=block)
        return [(name, _told(fields)) for name, fields in _entries(answer)]

    async def drop_read(self, last: str) -> None:
        """Delete messages up to an id, once they are in the journal."""
        milliseconds, _, number = last.partition("-")
        with commands():
            await self._redis.xtrim(self._outcomes, minid=f"{milliseconds}-{int(number) + 1}", approximate=False)

    async def living(self, holders: Iterable[str]) -> set[str]:
        """Return those of some deliveries that live."""
        names = list(holders)
        if not names:
            return set()
        with commands():
            signs = await self._redis.mget([self._life(name) for name in names])
        return {name for name, sign in zip(names, signs, strict=True) if sign}

    async def drop(self) -> None:
        """Delete what is left of a finished job."""
        with commands():
            await self._redis.delete(self._outcomes)

    async def _run(self, name: str, keys: list[str], values: list[Any]) -> Any:  # noqa: ANN401 (the script's own)
        with commands():
            return await self._scripts[name](keys=keys, args=values)

    def _chunk(self, number: int) -> str:
        return f"{self._prefix}:chunk:{number}"

    def _life(self, holder: str) -> str:
        return f"{self._prefix}:life:{holder}"


def check_redis_url(url: str) -> str:
    """Return a URL of Redis that can be used.

    Raises:
        OptionsError: it cannot.
    """
    _client(url)
    return url


def _client(url: str) -> Any:  # noqa: ANN401 (redis-py leaves the types of its answers open)
    if not url.startswith(SCHEMES):
        raise OptionsError("redis_url", Secrets().redact(url), f"a URL that starts with {' or '.join(SCHEMES)}")
    make: Any = redis.Redis
    try:
        return make.from_url(
            url, decode_responses=True, socket_timeout=ANSWER_TIMEOUT, socket_connect_timeout=ANSWER_TIMEOUT
        )
    except ValueError as wrong:
        raise OptionsError("redis_url", "***", f"a URL of Redis ({one_line(str(wrong))})") from None


@contextmanager
def commands() -> Generator[None]:
    """Raise errors of Redis as a ConnectError, whose text has no address and no credential.

    redis-py waits with `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation that comes at the moment
    at which it is done (https://github.com/python/cpython/issues/86296). So that is looked for here.
    """
    try:
        yield
    except (RedisError, OSError) as problem:
        text = Secrets().redact(one_line(str(problem)))
        raise ConnectError(f"Redis cannot be used ({type(problem).__name__}: {text})") from None
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _fence(holder: str, attempt: int) -> str:
    return f"{holder}{SEPARATOR}{attempt}"


def _entries(answer: Any) -> Any:  # noqa: ANN401 (as redis-py has it)
    """Return the entries of the one stream that was read; the two protocols of Redis nest them in two ways."""
    if not answer:
        return ()
    if isinstance(answer, dict):
        (entries,) = cast("dict[str, Any]", answer).values()
        return entries[0]
    return answer[0][1]


def _told(fields: Mapping[str, str]) -> Told | None:
    try:
        return Told.from_json(fields["told"].encode())
    except (KeyError, ValueError):
        return None
