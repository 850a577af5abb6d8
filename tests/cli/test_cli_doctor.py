"""`doctor`: what it checks, what it says, and that it changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

import pytest

from aiooncall.cli.checks import State, clock_check, limit_check, proxy_check, reach
from aiooncall.ratelimit import BudgetSnapshot
from aiooncall.simulator import RateRule
from tests.support.command_line import SECRETS, ran, shell

if TYPE_CHECKING:
    from tests.support.command_line import Ran

NOW: Final = datetime(2031, 4, 12, tzinfo=UTC)


def states(done: Ran) -> dict[str, str]:
    """Return the state of each check."""
    return {check["name"]: check["state"] for check in done.json["checks"]}


def test_all_is_well() -> None:
    """With good keys it is 0, each check has a line, and only reads were sent, of a row each."""
    with shell(rate_rules=[RateRule("oncall", 100, 60.0)]) as run:
        run.sim.add_page(title="Disk full")
        done = run("doctor")
        requests = list(run.sim.ledger.requests)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == ["ok"] * 7
    assert "100 calls in 60 s, 98 left" in done.out
    assert {request.method for request in requests} == {"GET"}
    assert len(requests) == 2
    assert not [value for value in SECRETS.values() if value in done.out]


def test_wrong_keys() -> None:
    """Keys that are refused make it 1, and what to look at is said once, without sending the reader here again."""
    with shell(credentials={"other": "keys"}) as run:
        told = run("doctor", "--json")
        assert (told.code, told.json["ok"]) == (1, False)
        assert states(told)["pages (scope on_call_read)"] == "failed"
        people = run("doctor").out
        assert "look at DD_API_KEY, DD_APP_KEY and its scopes, and --url\n" in people
        assert run.posts() == 0


def test_no_address() -> None:
    """A host where nobody listens is named, with the system's reason."""
    done = ran("doctor", "--url", "http://127.0.0.1:1")
    assert (done.code, done.err) == (1, "")
    assert "cannot connect to 127.0.0.1:1: Connection refused; look at --url\n" in done.out


@pytest.mark.parametrize("wrong", [{"DD_SITE": "datadog.com"}, {"DD_API_KEY": None}, {"AIOONCALL_PROVIDER": "x"}])
def test_settings_that_make_no_client(wrong: dict[str, str | None]) -> None:
    """What keeps a client from being made is a check that failed, and the only one."""
    done = ran("doctor", "--json", **wrong)
    assert (done.code, done.err, states(done)) == (1, "", {"settings": "failed"})
    assert next(iter(wrong)) in done.json["checks"][0]["text"]


def test_proxies() -> None:
    """Proxies of the environment are named, without passwords, and so is what goes without them."""
    env = {"HTTPS_PROXY": "http://ann:hunter2@proxy:3128", "NO_PROXY": "localhost"}
    assert proxy_check(env).text == "HTTPS_PROXY is http://***@proxy:3128; not for localhost"
    assert proxy_check({"NO_PROXY": "localhost"}).text == "none in the environment"


@pytest.mark.parametrize(
    ("wall", "state", "text"),
    [
        (0.0, State.OK, "within a minute of the server's"),
        (-59.0, State.OK, "within a minute of the server's"),
        (300.0, State.NOTE, "300 s ahead of the server's: ages will be wrong"),
        (-7200.0, State.NOTE, "7200 s behind the server's: ages will be wrong"),
    ],
)
def test_clocks(wall: float, state: State, text: str) -> None:
    """The clock is compared with the `Date` of an answer, from the moment at which that came."""
    date = format_datetime(NOW, usegmt=True)
    found = clock_check([("no date", 90.0), (date, 100.0)], NOW.timestamp() + wall + 7, 107.0)
    assert (found.state, found.text) == (state, text)


def test_without_a_date() -> None:
    """Where no answer has a `Date` there is nothing to compare with."""
    assert clock_check([], 0.0, 0.0).state is State.NOTE
    assert clock_check([("", 0.0), ("soon", 0.0)], 0.0, 0.0).text == "no answer told the server's time"


def test_limits() -> None:
    """A limit is told with what is left of it, and how long it is closed."""
    budget = BudgetSnapshot(
        name="oncall", routes=(), limit=100, period=60.0, remaining=None, resets_in=None, closed_for=12.0, in_flight=0,
        waiting=0,
    )  # fmt: skip
    assert limit_check((budget, budget)).text == "100 calls in 60 s, closed for 12 s"
    assert limit_check(()).state is State.NOTE


async def test_hosts_that_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that pages people is connected to, and gets not a byte."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())
        writer.close()

    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await reach("paging", f"http://127.0.0.1:{port}")
        while not got:
            await asyncio.sleep(0)
    assert (found.state, got) == (State.OK, [b""])
    refused = await reach("paging", f"http://127.0.0.1:{port}")
    assert (refused.state, f"127.0.0.1:{port} cannot be reached" in refused.text) == (State.FAILED, True)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert (await reach("paging", f"http://127.0.0.1:{port}")).state is State.NOTE
