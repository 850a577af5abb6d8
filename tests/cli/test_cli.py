"""The command line."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from aiooncall import AttemptFinished, CallStarted, RetryScheduled, Throttled
from aiooncall.__main__ import main
from aiooncall.cli import demo as demo_module
from aiooncall.cli.app import app
from aiooncall.cli.demo import Tally, run_demo, theoretical_time
from aiooncall.cli.display import LiveDisplay, PlainDisplay, make_display
from aiooncall.cli.summary import print_summary
from aiooncall.simulator import Fault, FaultKind
from tests.support.soak import SOAK
from tests.support.virtual_time import VirtualClock

pytestmark = pytest.mark.slow


def console(*, terminal: bool = False) -> Console:
    """Return a console that writes to memory."""
    return Console(file=io.StringIO(), force_terminal=terminal, width=100)


def text_of(target: Console) -> str:
    """Return what was written to `target`."""
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.mark.parametrize("seed", range(7, 7 + (SOAK or 1)))
async def test_demo_is_clean(seed: int) -> None:
    """The demo's storm of 1 000 loses and doubles nothing through every kind of fault, in under a minute."""
    target = console()
    result = await run_demo(1000, seed, PlainDisplay(target), clock=VirtualClock())
    assert result.is_clean
    assert set(result.injected) == set(FaultKind) or seed > 9  # a storm of another seed may be spared one kind
    assert result.theoretical <= result.wall < 60
    assert result.tally.reconciled > 0
    assert result.tally.refusals >= sum(n for kind, n in result.injected.items() if kind.startswith("throttle"))
    print_summary(target, result)
    assert "Verdict: nothing lost, nothing doubled" in text_of(target)
    assert "page: 1000/1000" in text_of(target)
    assert "found by looking: 0/" in text_of(target)


async def test_demo_tells_when_it_is_not_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that the ledger does not know as resolved makes the demo fail."""
    monkeypatch.setattr(demo_module, "lost_events", lambda *_: ["p1"])
    target = console()
    result = await run_demo(5, 7, PlainDisplay(target), clock=VirtualClock())
    assert not result.is_clean
    print_summary(target, result)
    assert "NOT CLEAN" in text_of(target)


async def test_summary_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal that wants no colours the closing table has no escape codes, and counts one kind as one."""
    monkeypatch.setattr(demo_module, "FAULTS", (Fault(FaultKind.ERROR_BEFORE),))
    monkeypatch.setattr(demo_module, "FAULT_RATE", 0.1)
    monkeypatch.setenv("NO_COLOR", "1")
    target = console(terminal=True)
    print_summary(target, await run_demo(20, 7, PlainDisplay(console()), clock=VirtualClock()))
    assert "\x1b" not in text_of(target)
    assert re.search(r"faults injected +│ +\d+ of 1 kind │", text_of(target))


def test_demo_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """`demo` exits with 0 when clean and with 1 when not."""
    runner = CliRunner()
    monkeypatch.setattr(demo_module, "FAULTS", ())
    done = runner.invoke(app, ["demo", "--pages", "5"])
    assert done.exit_code == 0, done.output
    assert "nothing lost" in done.output
    monkeypatch.setattr(demo_module, "lost_events", lambda *_: ["p1"])
    assert runner.invoke(app, ["demo", "--pages", "5"]).exit_code == 1
    assert runner.invoke(app, ["demo", "--pages", "0"]).exit_code == 2


def test_theoretical_time() -> None:
    """The least time is that of the window edges between the first call and the last."""
    assert theoretical_time(200, 100.5) == 0.0
    assert theoretical_time(201, 100.5) == 1.5
    assert theoretical_time(3000, 101.0) == 1.0 + 13 * 2.0


def test_displays() -> None:
    """On a terminal progress is drawn as bars, elsewhere as plain lines."""
    live, plain = console(terminal=True), console()
    for target, kind in ((live, LiveDisplay), (plain, PlainDisplay)):
        with make_display(target) as display:
            assert isinstance(display, kind)
            display.phase("page", 2)
            display.advance()
            display.advance()
    assert "2/2" in text_of(live)
    assert text_of(plain) == "page: 0/2\npage: 2/2\n"


def test_tally_counts_events() -> None:
    """The tally counts attempts, refusals and retries, each by its own event."""
    tally = Tally()
    route: dict[str, Any] = {"method": "POST", "route": "/"}
    server: dict[str, Any] = {"provider": "datadog", "scheme": "https", "host": "api.datadoghq.com", "port": 443}
    call = CallStarted(number=1, **server, **route, lane="bulk", named={})
    attempt: dict[str, Any] = {"call": call, **route, "attempt": 1}
    tally(AttemptFinished(**attempt, status=429, outcome="throttled", elapsed=0.1))
    tally(Throttled(**attempt, retry_after=None))
    tally(RetryScheduled(**attempt, outcome="throttled", delay=0.0))
    assert (tally.requests, tally.refusals, tally.retries) == (1, 1, 1)


def test_simulator_command() -> None:
    """`python -m aiooncall simulator` serves the API on loopback until it is interrupted."""
    command = [sys.executable, "-u", "-m", "aiooncall", "simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split(" on ")[1].split()[0]
        request = urllib.request.Request(
            f"{url}/api/v2/on-call/pages", headers={"DD-API-KEY": "k", "DD-APPLICATION-KEY": "a"}
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["data"] == []
            assert answer.headers["X-RateLimit-Limit"] == "200"
        server.send_signal(2)
        assert server.wait(10) == 0


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the script says what to install."""
    for module in [name for name in sys.modules if name.startswith(("aiooncall.cli", "typer"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit, match=r"in a clone: pip install '\.\[cli\]'"):
        main()


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [("--version", ("aiohttp", "typer", "rich", "aiooncall.cli")), ("--help", ("aiooncall.simulator", "icalendar"))],
)
def test_start(words: str, unwanted: tuple[str, ...]) -> None:
    """No command loads the simulator but those that serve it, and the version is told without loading any command."""
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += f"sys.argv = ['aiooncall', {words!r}]\nfrom aiooncall.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "aiooncall" in done.stdout
    assert set(unwanted) & set(done.stderr.split()) == set()


def test_version_is_installed() -> None:
    """The module and the script are the same program."""
    script = Path(sys.executable).with_name("aiooncall")
    for command in ([sys.executable, "-m", "aiooncall", "--help"], [str(script), "--help"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "simulator" in done.stdout
