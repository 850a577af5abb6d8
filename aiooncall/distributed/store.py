"""The connection to Redis: runs scripts, notices when it is away, and comes back by itself."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from redis.exceptions import NoScriptError

from aiooncall.distributed.server_clock import MICROSECONDS, ServerClock
from aiooncall.events import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from aiooncall._base.clock import Clock

PATIENCE: Final = 1.0
"""Seconds after which an answer of Redis is not waited for any more."""
FIRST_LOOK: Final = 0.1
"""Seconds until it is first looked whether Redis is back; doubles with each further look."""
LONGEST_LOOK: Final = 5.0
PREFIX: Final = "aiooncall"


class Away(Exception):
    """Redis does not answer, or not as it should."""


class RedisClient(Protocol):
    """What is asked of a client of redis-py, of one server or of a cluster."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: object) -> Awaitable[Any]:
        """Run a script by its hash."""
        ...

    def eval(self, script: str, numkeys: int, *keys_and_args: object) -> Awaitable[Any]:
        """Run a script."""
        ...

    def ping(self) -> Awaitable[Any]:
        """Ask whether the server is there."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close all connections."""
        ...


class Script:
    """A Lua script of this package.

    Args:
        name: its file, without `.lua`.
    """

    def __init__(self, name: str) -> None:
        self.text: str = files("aiooncall.distributed").joinpath(f"{name}.lua").read_text(encoding="utf-8")
        self.sha: str = hashlib.sha1(self.text.encode()).hexdigest()  # noqa: S324 (Redis names scripts by it)


class RedisStore:
    """Scripts on one Redis, for the buckets of one pool.

    Args:
        client: a client of redis-py.
        shown: where it is, without a password.
        clock: what time it is here.
        keeps_time: whether that clock stands in for Redis's own.
        own: whether the client is closed with the store.
    """

    def __init__(self, client: RedisClient, shown: str, clock: Clock, *, keeps_time: bool, own: bool) -> None:
        self.worker: str = uuid.uuid4().hex
        """What this process is called there."""
        self.clock: Clock = clock
        self.there: ServerClock = ServerClock()
        self.away: bool = False
        self.commands: int = 0
        """How many commands were sent."""
        self._client = client
        self._shown = shown
        self._keeps_time = keeps_time
        self._own = own
        self._listeners: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever Redis goes away or comes back."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call `listener` no longer."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start something beside the calls, which ends with the store at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[int | str]) -> list[Any]:
        """Run a script whose first argument is the time, and return its answer.

        Args:
            script: which.
            keys: what it works on, all in one slot of a cluster.
            args: its arguments after the time.

        Raises:
            Away: Redis did not answer, or with an error.
        """
        if self.away or self._is_closed:
            raise Away
        now = int(self.clock.time() * MICROSECONDS) if self._keeps_time else 0
        parts = (len(keys), *keys, now, *args)
        try:
            async with asyncio.timeout(PATIENCE):
                return cast("list[Any]", await self._eval(script, parts))
        except Exception as lost:  # noqa: BLE001 (whatever a client raises: no call fails because of Redis)
            self._lose(lost)
            raise Away from None

    async def _eval(self, script: Script, parts: tuple[Any, ...]) -> Any:  # noqa: ANN401 (whatever a script returns)
        self.commands += 1
        try:
            return await self._client.evalsha(script.sha, *parts)
        except NoScriptError:
            self.commands += 1
            return await self._client.eval(script.text, *parts)

    def _lose(self, lost: Exception) -> None:
        if self.away or self._is_closed:
            return
        # Its text may hold what a user's URL holds; its class says enough.
        logger.warning("%s is away (%s): each process goes on with its part", self._shown, type(lost).__name__)
        self.away = True
        self.start(self._look())
        self._tell()

    async def _look(self) -> None:
        """Look again and again until Redis answers."""
        wait = FIRST_LOOK
        while self.away:
            await self.clock.sleep(wait)
            wait = min(2 * wait, LONGEST_LOOK)
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._client.ping()
            except Exception:  # noqa: BLE001, S112 (the same: it is looked again)
                continue
            self.away = False
        logger.warning("%s is back: the budget is shared again", self._shown)
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    async def close(self) -> None:
        """Release the connections."""
        self._is_closed = True
        self._listeners.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._own:
            await self._client.aclose()
