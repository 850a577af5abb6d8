"""The examples in the README and the documentation run, and what they assert holds.

A `python` block runs as it stands, with three names given: `sim`, a started Simulator, and `dd` and `gf`, clients that
are open on its Datadog and its Grafana. Time is virtual. A block that calls `asyncio.run` is a whole program and runs
as one, in a process of its own. A block with tests is a module that pytest runs. A block that begins with a comment
such as `# Tests of the program above` runs together with the block before it. Blocks in other fences, such as `text` or
`{code-block}`, are not run.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall._base.clock import SystemClock
from aiooncall.simulator import Simulator
from tests.support.examples import EXAMPLES, ROOT, names_for
from tests.support.inner_pytest import run_suite

if TYPE_CHECKING:
    from tests.support.examples import Example

pytestmark = pytest.mark.slow

SUITES = [pytest.param(example, id=example.place) for example in EXAMPLES if example.is_suite]
PROGRAMS = [pytest.param(one, id=one.place) for one in EXAMPLES if one.is_program and not one.is_suite]
BLOCKS = [pytest.param(one, id=one.place) for one in EXAMPLES if not one.is_program and not one.is_suite]


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the default clock on the loop's virtual time, so that examples need not mention clocks."""
    today = int(time.time()) + 0.25
    monkeypatch.setattr(SystemClock, "monotonic", staticmethod(lambda: asyncio.get_running_loop().time()))
    monkeypatch.setattr(SystemClock, "time", staticmethod(lambda: today + asyncio.get_running_loop().time()))


@pytest.mark.parametrize("example", BLOCKS)
async def test_example_runs(example: Example, virtual_clock: None) -> None:
    """An example of the documentation runs, and its assertions hold."""
    async with Simulator() as sim:
        url = sim.datadog_url
        async with (
            DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url, events_url=sim.events_url) as dd,
            GrafanaOnCall(sim.grafana_url, "token") as gf,
        ):
            run = FunctionType(example.compile(), names_for(sim, dd, gf))
            if (awaitable := run()) is not None:  # a block without an `await` has run by now
                await awaitable


@pytest.mark.parametrize("example", PROGRAMS)
def test_program_runs(example: Example) -> None:
    """A whole program of the documentation runs with warnings as errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example.code],
        capture_output=True, cwd=ROOT, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("example", SUITES)
def test_suite_passes(example: Example, pytester: pytest.Pytester) -> None:
    """The tests of the documentation pass with warnings as errors."""
    done = run_suite(pytester, example.code)
    done.assert_outcomes(passed=len(re.findall(r"^(?:async )?def test_", example.code, re.MULTILINE)))


def test_every_example_proves_something() -> None:
    """Each example asserts what it says, so that it cannot go stale unnoticed."""
    assert [example.place for example in EXAMPLES if "assert " not in example.code] == []


def test_readme_has_an_example() -> None:
    """The README's example is among those that run."""
    assert any(example.page.name == "README.md" for example in EXAMPLES)


def test_ci_runs_the_readme_command() -> None:
    """The script for CI runs the README's own test command, letter for letter."""
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("an sdist has no CI script")
    commands = re.findall(r"^python3 -m venv .*pytest$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 1
    assert commands[0] in [line.strip() for line in script.read_text(encoding="utf-8").splitlines()]
