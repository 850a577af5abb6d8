"""A guard that keeps the clients of a process on this machine. Tests turn it on, so that none of them pages a person.

It is one for the whole process, as an application may make its clients anywhere: when it is imported, in a thread, in a
task of an earlier test. It looks at names and addresses as they are written, and asks no name server.
"""

from __future__ import annotations

from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Generator


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: `localhost`, or an address in 127.0.0.0/8 or ::1 (RFC 1122, RFC 4291)."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


class LoopbackGuard:
    """Refuses every host but this machine while it is on.

    Attributes:
        is_on: whether anybody wants it on.
    """

    __slots__ = ("_reasons", "is_on")

    def __init__(self) -> None:
        self.is_on: bool = False
        self._reasons: list[str] = []

    @contextmanager
    def on(self, reason: str) -> Generator[None]:
        """Return a context in which the guard is on. Several may be open at once, and end in any order.

        Args:
            reason: what to tell whoever is refused: why, and what to do.
        """
        self._reasons.append(reason)
        self.is_on = True
        try:
            yield
        finally:
            self._reasons.remove(reason)
            self.is_on = bool(self._reasons)

    def check(self, field: str, url: str) -> None:
        """Refuse a URL that leads to another machine.

        Args:
            field: what the URL is for.
            url: an absolute URL; only its scheme, host and port are shown. A socket (`unix://`) is on this machine.

        Raises:
            OptionsError: the guard is on, and the host is another one.
        """
        parts = urlsplit(url)
        if self.is_on and parts.scheme != "unix" and not is_loopback(parts.hostname or ""):
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise OptionsError(field, shown, f"a host on this machine: {self._reasons[-1]}. Nothing was sent")


LOOPBACK_GUARD: Final = LoopbackGuard()
"""The guard of this process."""
