"""The guard that keeps clients on this machine: which hosts it takes for that, and how long it is on."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import OptionsError
from aiooncall._base.loopback import LoopbackGuard, is_loopback

if TYPE_CHECKING:
    from ipaddress import IPv6Address


@given(st.ip_addresses(v=4))
def test_loopback_of_ipv4(address: IPv4Address) -> None:
    """Of the IPv4 addresses those that begin with 127 are this machine, also when they are written as IPv6."""
    here = address.packed[0] == 127
    assert is_loopback(str(address)) == is_loopback(f"::ffff:{address}") == here


@given(st.ip_addresses(v=6))
def test_loopback_of_ipv6(address: IPv6Address) -> None:
    """Of the IPv6 addresses ::1 is this machine, and nothing else that is not IPv4."""
    assert is_loopback(str(address)) == (int(address) == 1 or (int(address) >> 24) == 0xFFFF7F)


@given(st.integers(0, 2**24 - 1))
def test_whole_loopback_net(number: int) -> None:
    """Each address of 127.0.0.0/8 is this machine, also when it is written as IPv6."""
    address = IPv4Address((127 << 24) + number)
    assert is_loopback(str(address))
    assert is_loopback(f"::ffff:{address}")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1"])
def test_this_machine(host: str) -> None:
    """These names are this machine."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example.com", "sub.localhost", "127.0.0.1.example.com", "127.1", "0x7f000001", "0.0.0.0", "::"],
)
def test_other_hosts(host: str) -> None:
    """A name that only looks like it, or that each machine reads in its own way, is not this machine."""
    assert not is_loopback(host)


def test_guard_is_on_as_long_as_anybody_wants() -> None:
    """Contexts may end in any order: the guard is off after the last one, and tells the latest reason meanwhile."""
    guard, first, second = LoopbackGuard(), ExitStack(), ExitStack()
    guard.check("host", "https://example.com")
    first.enter_context(guard.on("one"))
    second.enter_context(guard.on("two"))
    with pytest.raises(OptionsError, match="two"):
        guard.check("host", "https://example.com")
    was_on = [guard.is_on]
    for context in (first, second):
        context.close()
        was_on.append(guard.is_on)
    assert was_on == [True, True, False]
    guard.check("host", "https://example.com")


def test_refusal_shows_no_credential() -> None:
    """What is refused is shown without path and password."""
    guard = LoopbackGuard()
    with guard.on("because"), pytest.raises(OptionsError) as caught:
        guard.check("proxy", "http://user:secret@proxy.example.com:3128/path?token=secret")
    assert str(caught.value) == (
        "proxy: got 'http://proxy.example.com:3128'; expected a host on this machine: because. Nothing was sent"
    )
