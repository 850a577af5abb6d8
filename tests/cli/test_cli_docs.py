"""The examples on the page of the command line run as they are pasted into a shell."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.command_line import finish, process_env, shell, start
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

BLOCK: Final = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS: Final = BLOCK.findall((ROOT / "docs" / "command-line.md").read_text(encoding="utf-8"))
RUNNING: Final = [block for block in BLOCKS if "pip install" not in block and "aiooncall simulator" not in block]


@pytest.fixture(scope="module")
def world() -> Iterator[Shell]:
    """Return a simulator with what the examples speak of."""
    with shell() as run:
        team = run.sim.add_team("team-1")
        group = run.sim.grafana.add_team("team-1")
        run.sim.grafana.add_alert_group("Disk full", team=group)
        run.sim.add_page(title="Disk full", tags=["team:storage"])
        assert team
        yield run


@pytest.mark.slow
@pytest.mark.parametrize("block", RUNNING, ids=lambda block: str(block).splitlines()[0][:40])
def test_blocks_run(world: Shell, block: str, tmp_path: Path) -> None:
    """A block that is pasted into a shell does what it says, line by line, without an error."""
    places = {"8080": world.url().rpartition(":")[2], "8081": world.sim.grafana_url.rpartition(":")[2]}
    text = re.sub(r"(?<=127\.0\.0\.1:)808[01]", lambda port: places[port[0]], block)
    env = process_env() | {"AIOONCALL_DATADOG_URL": world.url(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "error: " not in done.stderr


@pytest.mark.slow
def test_the_simulator_of_the_page_runs() -> None:
    """The line that serves the simulator does so; only its ports are others here."""
    (line,) = [block.strip() for block in BLOCKS if "aiooncall simulator" in block]
    words = shlex.split(line.replace("--grafana-port 8081", "--grafana-port 0 --port 0"))
    process = start(*words[1:], "--json")
    assert process.stdout is not None
    assert '"teams":["team-1","team-2","team-3"]' in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert finish(process).code == 0


def test_there_are_examples() -> None:
    """The page of the command line has blocks to run."""
    assert len(RUNNING) >= 3
