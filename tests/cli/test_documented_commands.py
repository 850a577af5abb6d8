"""Each command line of this package in the documentation runs on the simulator, page by page, or at least parses."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
import typer

from aiooncall.cli.app import app
from aiooncall.cli.world import add_teams
from tests.support.command_line import SECRETS, ran, shell
from tests.support.examples import PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.command_line import Shell

FENCE: Final = re.compile(
    r"^```(?:sh|console|bash|yaml|\{code-block\} (?:sh|text))\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
GOES_ON: Final = re.compile(r"\\\n\s*|\n\s+(?=--)")
"""Where a command goes on in the next line: after a backslash in a shell, with an option in YAML."""
SEPARATOR: Final = re.compile(r"\s(\|{1,2}|&&|>|#)\s*")
COMMAND: Final = re.compile(r"(?:^|[\s\"])aiooncall (\S.*)")
SPAN: Final = re.compile(r"(?<!`)`aiooncall ([^`]+)`(?!`)")
PARSED_ONLY: Final = (
    "simulator",
    "exporter(?! --once)",
    "bulk work",
    "--workers",
    "--install-completion",
    "--show-completion",
    "demo",
)
"""Patterns of what serves until Ctrl-C, needs a broker, changes the shell of whoever runs the tests, or takes a minute.

Other tests run it.
"""


class Command(NamedTuple):
    """A command of the documentation.

    Attributes:
        words: what is typed after `aiooncall`.
        piped: whether it reads what the command before it has printed.
    """

    words: list[str]
    piped: bool

    @property
    def text(self) -> str:
        """The command as it is typed."""
        return shlex.join(self.words)

    @property
    def runs(self) -> bool:
        """Whether it can be run here."""
        return not any(re.search(rf"(?<!\S){name}(?!\S)", " ".join(self.words)) for name in PARSED_ONLY)


def commands_of(page: Path) -> Iterator[Command]:
    """Yield the commands in the blocks of a page, in order; variables of the shell have some value."""
    for block in FENCE.findall(page.read_text(encoding="utf-8")):
        for line in GOES_ON.sub(" ", block).splitlines():
            before = ""
            for part in SEPARATOR.split(line):
                if found := COMMAND.search(part):
                    yield Command(shlex.split(re.sub(r"\$\w+", "4711", found[1])), piped=before == "|")
                before = part


def spans_of(page: Path) -> Iterator[Command]:
    """Yield the commands that stand in the running text of a page."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in SPAN.findall(text):
        yield Command(shlex.split(found), piped=False)


def named(page: Path) -> str:
    """Return the path of a page, for the name of a test."""
    return page.relative_to(ROOT).as_posix()


TYPED: Final = {page: [*commands_of(page)] for page in PAGES}
TOLD: Final = [(page, command) for page in PAGES for command in (*TYPED[page], *spans_of(page))]
RUN: Final = [page for page, commands in TYPED.items() if any(command.runs for command in commands)]


def parse(command: Command) -> None:
    """Have a command parsed as if it were typed, and do not run it; whatever is wrong with it is raised."""
    found: Any = typer.main.get_command(app)
    words = list(command.words)
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    is_group = hasattr(found, "commands")
    assert not is_group or not words or words[0].startswith("--"), f"there is no command {words[0]}"
    found.make_context("aiooncall", words, resilient_parsing=is_group).close()


class World:
    """A simulator on which the documentation's commands have something to do.

    Args:
        run: a shell on it.
        folder: where the commands run.
    """

    def __init__(self, run: Shell, folder: Path) -> None:
        self._env = {"AIOONCALL_DATADOG_URL": run.sim.datadog_url, "GRAFANA_ONCALL_URL": run.sim.grafana_url}
        asyncio.run(add_teams(run.sim, 1))
        for number in range(5):
            run.sim.add_page(title=f"Disk full on db-{number}", tags=["team:storage"])
        secrets = folder / "on-call.env"
        secrets.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), encoding="utf-8")
        self._own = {
            "--team": "team-1",
            "--url": run.sim.datadog_url,
            "--secrets": str(secrets),
            "--textfile": str(folder / "on-call.prom"),
        }

    def run(self, command: Command, piped: str) -> str:
        """Run a command, with the values of this world where those of a reader's account stand; return what it prints.

        Args:
            command: which one.
            piped: what the command before it has printed.
        """
        own = {**self._own, **({"--plan": self._hash(command.words[2])} if "--plan" in command.words else {})}
        words = [own.get(before, word) for before, word in zip(["", *command.words], command.words, strict=False)]
        done = ran(*words, stdin=piped if command.piped else None, **self._env)
        assert (done.code, "error: " in done.err) == (0, False), f"{command.text}: {done}"
        return done.out

    def _hash(self, journal: str) -> str:
        return str(json.loads(ran("bulk", "preview", journal, "--json").out)["plan"]["hash"])


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=named)
def test_commands_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of a page, run one after the other, do what they are for, and none of them fails."""
    monkeypatch.chdir(tmp_path)
    printed = ""
    with shell() as run:
        world = World(run, tmp_path)
        for command in TYPED[page]:
            if command.runs:
                printed = world.run(command, printed)


@pytest.mark.parametrize(("page", "command"), TOLD, ids=[f"{named(page)}: {one.text[:60]}" for page, one in TOLD])
def test_commands_parse(page: Path, command: Command) -> None:
    """Each command of the documentation is one that there is, with options and arguments that it takes."""
    del page
    parse(command)


@pytest.mark.parametrize("name", PARSED_ONLY)
def test_only_what_is_needed_is_not_run(name: str) -> None:
    """Each exception from running is for a command that the documentation has."""
    assert [one.text for _, one in TOLD if re.search(rf"(?<!\S){name}(?!\S)", one.text)]


def test_commands_are_found() -> None:
    """Lines that go on, pipes, comments and YAML are read as a shell reads them."""
    found = [one for commands in TYPED.values() for one in commands]
    assert len([one for one in found if one.runs]) > 30
    assert next(one.words[:2] for one in found if one.piped) == ["bulk", "plan"]
    assert ["page", "create", "Deploy of shop failed"] in [one.words[:3] for one in found]
    assert not [one.text for one in found if {"|", "||", "&&", "\\"} & {*one.words}]


@pytest.mark.parametrize("text", ["page lists", "page create", "page list --nope", "bulk plan x.db", "who --at never"])
def test_what_is_wrong_is_found(text: str) -> None:
    """A command that is none, lacks something or has an unknown option does not parse."""
    with pytest.raises((AssertionError, *typer.BadParameter.__bases__)):
        parse(Command(text.split(), piped=False))
