"""`docs/compose.yaml` names what there is: commands, options and variables, and services that can reach each other."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from aiooncall.cli.settings import Settings
from aiooncall.cli.workers import workers_of
from aiooncall.distributed import TaskiqWorkers
from tests.support.command_line import commands
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = ROOT / "docs" / "compose.yaml"
SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(PAGE.read_text(encoding="utf-8"))["services"]
PROGRAMS: Final = {name: service["command"][-1] for name, service in SERVICES.items() if "python" in service["image"]}
EXTRAS: Final = {"oncall": "[cli]", "replica": "[cli,distributed]"}


def calls(script: str) -> Iterator[list[str]]:
    """Yield the words of each call of the command line in a script, as the shell of a container reads them."""
    for call in re.findall(r"\baiooncall ([^|&]*)", script.replace("$$", "$")):
        yield shlex.split(call)


def parse(words: list[str]) -> str:
    """Have the command line read words, all but running the command, and return the command's name."""
    found: dict[str, Any] = dict(commands())
    name, length = next((" ".join(words[:length]), length) for length in (2, 1) if " ".join(words[:length]) in found)
    found[name].make_context(name, words[length:])
    return name


def test_commands() -> None:
    """The command line takes each call: its command, its options and their values."""
    found = {name: [parse(words) for words in calls(script)] for name, script in PROGRAMS.items()}
    assert found == {
        "oncall": ["simulator"],
        "replica": ["bulk plan", "bulk run"],
        "worker": ["bulk work"],
        "coordinator": ["bulk plan", "bulk run", "bulk report"],
    }


def test_wrong_call_is_found() -> None:
    """The test above minds an option that there is not."""
    with pytest.raises(Exception, match="No such option"):
        parse(["bulk", "work", "--workers", "3"])


def test_services_reach_each_other() -> None:
    """All are on the simulator's network, and wait for services that there are, for health where it is looked at."""
    shared = {service.get("network_mode") for name, service in SERVICES.items() if name != "oncall"}
    assert shared == {"service:oncall"}
    waits = [wait for service in SERVICES.values() for wait in service.get("depends_on", {}).items()]
    healthy = {name for name, wait in waits if wait["condition"] == "service_healthy"}
    assert {name for name, _ in waits} <= SERVICES.keys()
    assert healthy == {name for name, service in SERVICES.items() if "healthcheck" in service}


@pytest.mark.parametrize("name", PROGRAMS)
def test_extras(name: str) -> None:
    """Each container installs the extras that its program needs."""
    assert f"pip install -q '/tmp/src{EXTRAS.get(name, '[cli,rabbitmq]')}'" in PROGRAMS[name]


@pytest.mark.parametrize("name", ["replica", "worker", "coordinator"])
async def test_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of a service lead a client to the simulator, and a job to a broker and to the Redis."""
    environment = SERVICES[name]["environment"]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings = Settings()
    async with settings.client() as client:
        assert "127.0.0.1:8080" in repr(client)
    workers = workers_of(settings, None)
    assert isinstance(workers, TaskiqWorkers)
    assert workers.redis_url == environment["AIOONCALL_REDIS_URL"]
