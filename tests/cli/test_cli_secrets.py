"""Secrets: where they come from, and that they show up nowhere; and the help of every command."""

from __future__ import annotations

import codecs
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall.__main__ import main
from aiooncall.cli.settings import read_secrets
from tests.support.command_line import SECRETS, commands, ran, shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.command_line import Ran, Shell

pytestmark = pytest.mark.slow

KEYS: Final = ("DD_API_KEY", "DD_APP_KEY")
ABSENT: Final[dict[str, Any]] = dict.fromkeys(SECRETS)
RIGHT: Final = {SECRETS["DD_API_KEY"]: SECRETS["DD_APP_KEY"]}
"""The only pair of keys that the simulator takes in these tests."""
NAMES: Final = [name for name, _ in commands()]
HARMLESS: Final = {"--secrets", "--dedup-key", "dedup_key", "--key", "key"}


@pytest.fixture
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog that takes one pair of keys."""
    with shell(credentials=RIGHT) as found:
        found.sim.add_page(title="Disk full")
        yield found


@pytest.mark.no_cover
@pytest.mark.parametrize("name", NAMES)
def test_help(name: str) -> None:
    """Every command and group has help, which tells what it is for and no secret."""
    done = ran(*name.split(), "--help", COLUMNS="200")
    command = dict(commands())[name]
    assert (done.code, done.err) == (0, "")
    assert command.help
    assert "Usage: " in done.out
    assert [value for value in SECRETS.values() if value in done.out] == []


@pytest.mark.no_cover
@pytest.mark.parametrize("name", NAMES)
def test_no_option_takes_a_secret(name: str) -> None:
    """No option or argument is a secret, or is filled in from the variable of one."""
    for parameter in dict(commands())[name].params:
        words = {*parameter.opts, *parameter.secondary_opts} - HARMLESS
        assert not [word for word in words if re.search("key|token|secret|password", word)]
        assert parameter.envvar in {None, "AIOONCALL_PROVIDER"}


def test_from_the_environment(run: Shell) -> None:
    """Keys are taken from the environment; a wrong one is refused by the server, which is a failure."""
    assert run("page", "list").code == 0
    wrong = run("page", "list", DD_APP_KEY="another-app-key")
    assert (wrong.code, wrong.err.partition(":")[0]) == (1, "error")


@pytest.mark.parametrize("missing", KEYS)
def test_missing(run: Shell, missing: str) -> None:
    """A secret that is not there, with nobody to ask, is an error that names it and both ways to give it."""
    done = run("page", "list", **{missing: None})
    assert (done.code, done.out) == (2, "")
    assert f"error: {missing}: " in done.err
    assert "environment" in done.err
    assert "--secrets" in done.err
    assert run.sim.ledger.requests == []


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_from_a_file(run: Shell, tmp_path: Path, mark: bytes) -> None:
    """A file comes before the environment; comments, blank lines, quotes, `export`, CRLF and a BOM do no harm."""
    lines = ["# keys of the night shift", "", f"export DD_API_KEY='{SECRETS['DD_API_KEY']}'"]
    lines.append(f'  DD_APP_KEY = "{SECRETS["DD_APP_KEY"]}"')
    (tmp_path / "keys").write_bytes(mark + "\r\n".join(lines).encode())
    assert run("page", "list", "--secrets", tmp_path / "keys", **ABSENT).code == 0
    assert run("page", "list", "--secrets", tmp_path / "keys", DD_API_KEY="wrong", DD_APP_KEY="wrong").code == 0


def test_the_service_key_comes_from_the_file_too(run: Shell, tmp_path: Path) -> None:
    """The key of a PagerDuty service is found in the file, or named as missing."""
    (tmp_path / "keys").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), encoding="utf-8")
    assert run("pagerduty", "create", "pay", "--secrets", tmp_path / "keys", **ABSENT).code == 0
    missing = run("pagerduty", "create", "web", PAGERDUTY_SERVICE_KEY=None)
    assert (missing.code, "PAGERDUTY_SERVICE_KEY" in missing.err) == (2, True)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=key", "key"),
        ("A=key # the old one", "key"),
        ("A=key#1", "key#1"),
        ("A='key # 1' # the old one", "key # 1"),
        ("A=key'", "key'"),
        ('A="k\\"ey"', 'k"ey'),
        ("A='k\\ney'", "k\\ney"),
        ("A=k${B}ey$B", "k${B}ey$B"),
        ('A="k${B}ey"', "k${B}ey"),
        ("A=k=ey==", "k=ey=="),
        ("A=", ""),
        ("A=first\nA=key", "key"),
    ],
)
def test_forms_of_a_line(tmp_path: Path, line: str, value: str) -> None:
    """A line is read as other readers of `.env` files read it, but that no variable in it is expanded."""
    (tmp_path / "keys").write_text(f"B=other\n{line}\n", encoding="utf-8")
    assert read_secrets(str(tmp_path / "keys")) == {"B": "other", "A": value}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("DD_API_KEY {}", 1),
        ("{}", 1),
        ("=\n{}=x y", 1),
        ("DD-API-KEY={}", 1),
        ("DD_API_KEY={}\n{}", 2),
        ("# keys\n\n \nDD_API_KEY='{}", 4),
        ("DD_API_KEY='{}' {}", 1),
    ],
)
def test_a_file_that_is_wrong(run: Shell, tmp_path: Path, content: str, line: int) -> None:
    """A line that is no NAME=value is an error with its number and without its content."""
    (tmp_path / "keys").write_text(content.replace("{}", "hunter-2-hunter"), encoding="utf-8")
    done = run("page", "list", "--secrets", tmp_path / "keys")
    assert (done.code, done.out) == (2, "")
    assert f"keys, line {line}: " in done.err
    assert "hunter" not in done.err


def test_a_file_that_cannot_be_read(run: Shell, tmp_path: Path) -> None:
    """A file that is not there, or no text, is an error that says so and shows none of it."""
    (tmp_path / "binary").write_bytes(b"\xff\xfehunter")
    for path in (tmp_path / "none", tmp_path / "binary", tmp_path):
        done = run("page", "list", "--secrets", path)
        assert (done.code, "a text file that can be read" in done.err, "hunter" in done.err) == (2, True, False)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_nothing_shows_a_secret(run: Shell, tmp_path: Path, more: tuple[str, ...]) -> None:
    """Neither results nor errors nor journals show a secret, in words or in JSON."""
    journal, grafana = tmp_path / "job.db", ("-p", "grafana")
    wrong = {"DD_APP_KEY": "wrong-app-key-11aa"}
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    done: list[Ran] = [
        run("bulk", "run", journal, "--plan", plan, *more),
        run("bulk", "verify", journal, *more),
        run("bulk", "preview", journal, *more, DD_API_KEY="other-api-key-22bb"),
        run("page", "list", *more),
        run("page", "list", *more, **wrong),
        run("page", "get", "none", *more),
        run("pagerduty", "create", "pay", *more),
        run("pagerduty", "create", "pay", *more),
        run("pagerduty", "update", "web", *more),
        run("who", "--team", "x", *grafana, *more, url=run.sim.grafana_url),
        run("page", "list", *more, url="http://ann:hunter-2-hunter@localhost:1"),
        run("page", "list", *more, url="http://127.0.0.1:1"),
    ]
    assert {0, 1, 2} == {one.code for one in done}
    shown = "".join(one.out + one.err for one in done)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode(errors="replace")
    secrets = [*SECRETS.values(), *wrong.values(), "other-api-key-22bb", "hunter-2-hunter"]
    assert [secret for secret in secrets if secret in shown or secret in stored] == []


class Missing:
    """Finds no module of a package, as if it was not installed."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Say that there is no such module, if it belongs to the package."""
        if name.partition(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize("package", ["dotenv", "rich", "typer"])
def test_a_missing_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Without one of the packages of the extra, the script says which, and what to install."""
    for name in [name for name in sys.modules if name.startswith(("aiooncall.cli", package))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(package), *sys.meta_path])
    with pytest.raises(SystemExit, match=rf"needs {package}; in a clone: pip install '\.\[cli\]'"):
        main()
