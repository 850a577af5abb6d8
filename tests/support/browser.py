"""A headless Chromium, driven through its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import asyncio
import json
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiohttp import ClientSession

from tests.support.servers import HOST, find_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientWebSocketResponse

SWITCHES: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever a page asks for, nothing leaves this machine
)
LONGEST_START: Final = 30.0
"""Seconds after which a browser that does not answer is taken not to start."""
LONGEST_ANSWER: Final = 20.0
"""Seconds after which a page that does not load is an error."""


def is_loaded(event: dict[str, Any], loader: str) -> bool:
    """Return whether an event says that what `loader` loads is there."""
    told = event["params"]
    return event["method"] == "Page.lifecycleEvent" and (told["name"], told["loaderId"]) == ("load", loader)


class Tab:
    """One page of a browser.

    Attributes:
        events: what it has told since it was last emptied.
    """

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._sent = 0

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": params})
        while (message := await self._read()).get("id") != self._sent:
            self.events.append(message)
        assert "error" not in message, (method, message["error"])
        result: dict[str, Any] = message["result"]
        return result

    async def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        loader = (await self.call("Page.navigate", url=url))["loaderId"]
        while not any(is_loaded(event, loader) for event in self.events):
            self.events.append(await self._read())

    async def look(self, width: int, scheme: str, height: int = 900, scale: int = 1) -> None:
        """Show the page so wide, in CSS pixels, to somebody who prefers a colour scheme, `light` or `dark`."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def evaluate(self, script: str) -> Any:
        """Return the value of a script, awaited."""
        options = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = await self.call("Runtime.evaluate", **options)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def take_events(self) -> list[dict[str, Any]]:
        """Return what it has told, and forget it."""
        told, self.events = self.events, []
        return told

    async def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=LONGEST_ANSWER)
        return message


async def address_of(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Return where the first page of a browser listens, once it does."""
    told = folder / "DevToolsActivePort"
    async with asyncio.timeout(LONGEST_START):
        while not told.exists() or not (lines := told.read_text(encoding="utf-8").split()):
            assert process.poll() is None, f"chromium ended with {process.returncode}"
            await asyncio.sleep(0.02)
    async with ClientSession() as session, session.get(f"http://{HOST}:{lines[0]}/json/list") as answer:
        pages = json.loads(await answer.text())
    return next(str(page["webSocketDebuggerUrl"]) for page in pages if page["type"] == "page")


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Tab]:
    """Start Chromium with a profile in `folder`, and yield its page; the end of it is the end of the browser."""
    command = [find_server("chromium"), *SWITCHES, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = await address_of(process, folder)
        async with ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                await tab.call(f"{domain}.enable")
            await tab.call("Page.setLifecycleEventsEnabled", enabled=True)
            yield tab
    finally:
        process.terminate()
        process.wait()
