"""`--team` takes what people call a team, and its id, in every command that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import pytest

from aiooncall.cli.teams import id_of
from aiooncall.grafana import Team as GrafanaTeam
from tests.support.command_line import Shell, shell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiooncall import GrafanaOnCall

UNKNOWN: Final = "5898be93-572a-5ce6-a59e-db16b4622ea0"


@pytest.fixture(scope="module")
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog."""
    with shell() as found:
        yield found


class Careless:
    """A Grafana that takes no notice of the name that is asked for."""

    def __init__(self) -> None:
        self.teams = self

    async def list(self, *, name: str) -> AsyncIterator[GrafanaTeam]:
        """Yield all teams, whatever the name."""
        assert name
        for number in (1, 2):
            yield GrafanaTeam(id=f"T{number}", name=f"storage {number}")


async def test_a_team_that_is_called_otherwise() -> None:
    """Only a team of that very name is taken for it: nobody else is paged, or shown, in its place."""
    gf = cast("GrafanaOnCall", Careless())
    assert await id_of(gf, "storage 2") == "T2"
    assert await id_of(gf, "storage") == "storage"


def test_datadog(run: Shell) -> None:
    """A handle and an id of Datadog mean the same team wherever a team is named."""
    team = run.sim.add_team("storage")
    page = run.sim.add_page(title="Disk full")
    for name in ("storage", team):
        assert run("page", "create", "Down", "--team", name).code == 0
        assert run("page", "reroute", page, "--team", name).code == 0
        assert run("who", "--team", name).code == 0
    before = run.sim.ledger.count("create")
    assert run("alert", "trigger", "Down", "--key", "k", "--team", team).code == 0
    assert run("alert", "trigger", "Down", "--key", "k", "--team", "storage").code == 0
    assert run.sim.ledger.count("create") - before == 1
    assert run("alert", "recover", "k", "--team", team).code == 0


def test_no_team_of_datadog(run: Shell) -> None:
    """An alert for an id that no team has is wrong usage, and pages nobody."""
    before = run.posts()
    done = run("alert", "trigger", "Down", "--key", "k", "--team", UNKNOWN)
    assert (done.code, run.posts() - before) == (2, 0)
    assert done.err == f"error: --team: got '{UNKNOWN}'; expected the handle or the id of a team; no team has this id\n"


def test_grafana(tmp_path: Path, run: Shell) -> None:
    """A name and an id of Grafana mean the same team wherever a team is named."""
    grafana = Shell(run.sim, "grafana")
    team = run.sim.grafana.add_team("crew")
    group = run.sim.grafana.add_alert_group("Disk full", team=team)
    run.sim.grafana.add_alert_group("Another's")
    for name in ("crew", team):
        listed = grafana("group", "list", "--team", name, "--json")
        assert [row["id"] for row in listed.lines] == [group]
        assert grafana("who", "--team", name, "-p", "grafana").code == 0
        planned = grafana("bulk", "plan", tmp_path / f"{name}.db", "silence", "--team", name, "-p", "grafana", "--json")
        assert planned.json["plan"]["items"] == 1
    assert all(grafana("group", "page", "Down", "--team", name).code == 0 for name in ("crew", team))
    assert grafana("group", "list", "--team", "nobody").code == 1
