"""Errors in the words of the terminal: the option or variable, the host, what to try; no class name, no traceback."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import pytest

from aiooncall import ConnectionDropped, DeadlineExceeded, OptionsError, RateLimited, errors
from aiooncall.cli import pages
from aiooncall.cli.command import look
from aiooncall.cli.running import Running
from aiooncall.cli.settings import Settings, is_loopback
from aiooncall.cli.telling import BARE, without_class, words_of
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions, RateRule
from tests.support.command_line import ran, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Ran, Shell

PYTHON: Final = {"ClientConnectorError", "ServerDisconnectedError", "ClientOSError", "OSError", "Traceback"}
CLASSES: Final = PYTHON | {name for name, kind in vars(errors).items() if isinstance(kind, type)} - BARE
"""Names that only Python knows; two of them are what servers say as well."""


@pytest.fixture(scope="module")
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog."""
    with shell() as found:
        yield found


def check(done: Ran, code: int, *told: str) -> None:
    """Check an error: its exit code, one line that begins with `error: `, and what it has to say."""
    assert (done.code, done.out) == (code, "")
    assert re.fullmatch(r"error: .*\n", done.err), done.err
    assert [text for text in told if text not in done.err] == [], done.err
    assert not CLASSES & set(re.findall(r"\w+", done.err)), done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["page", "create", "Down"], "error: --team, --team-id, --user: expected exactly one of them\n"),
        (["page", "create", "Down", "--team", "a", "--dedup-key", "AB"], "error: --dedup-key: got 'AB'; expected 1 to"),
        (["page", "create", "Down", "--team", "a", "--unless-open"], "error: --unless-open: got True; expected a --d"),
        (["page", "create", " ", "--team", "a"], "error: TITLE: got ' '; expected a text of 1 to 1024 characters\n"),
        (["page", "find", "AB"], "error: DEDUP_KEY: got 'AB'; expected 1 to 190 lower-case"),
        (["who", "--team", "a", "--schedule", "b"], "error: --team, --schedule: got ('a', 'b'); expected exactly one"),
        (["alert", "trigger", "Down", "--team", "a", "--key", "k", "--priority", "9"], "error: --priority: got 9; "),
        (["bulk", "plan", "x.db", "reslove", "p"], "error: VERB: got 'reslove'; expected one of acknowledge, resolve"),
    ],
)  # fmt: skip
def test_options(run: Shell, words: list[str], told: str) -> None:
    """What is wrong is called as it was typed, and nothing is sent."""
    sent = len(run.sim.ledger.requests)
    done = run(*words)
    check(done, 2)
    assert done.err.startswith(told), done.err
    assert len(run.sim.ledger.requests) == sent


def test_variables() -> None:
    """A variable is called by its name, and so is the option for an address."""
    check(ran("page", "list", DD_SITE="datadog.com"), 2, "error: DD_SITE: got 'datadog.com'; expected one of datadoghq")
    check(ran("page", "list", "--url", "nowhere"), 2, "error: --url: got 'nowhere'; expected an absolute http(s) URL")
    check(ran("group", "list"), 2, "error: GRAFANA_ONCALL_URL: expected the engine's base URL")
    check(ran("page", "list", DD_API_KEY="a b"), 2, "error: DD_API_KEY: got ***; expected printable ASCII")
    check(ran("page", "ack", "x", DD_SITE="ddog-gov.com"), 2, "error: DD_SITE: ", "give --url")


def test_the_server_says_no(run: Shell) -> None:
    """The host is named, the reason is the server's, and for keys there is what to look at."""
    host = run.url().removeprefix("http://")
    check(run("page", "get", "nope"), 1, f"error: {host} answered 404 to GET ", "no page has the id nope\n")
    with shell(credentials={"other": "keys"}) as closed:
        told = "look at DD_API_KEY, DD_APP_KEY and its scopes, and --url; try: aiooncall doctor"
        check(closed("page", "list"), 1, " answered 403 to GET /api/v2/on-call/pages: ", told)
    told = "look at GRAFANA_ONCALL_ACCESS_TOKEN, what its owner may do, and --url"
    with shell("grafana", grafana=GrafanaOptions(tokens={"another": "ann"})) as grafana:
        check(grafana("group", "list"), 1, " answered 403 to GET /api/v1/alert_groups/: ", told)


def test_variables_that_hold_addresses() -> None:
    """An address that came from a variable is called by that, and is used where it is right."""
    told = "error: AIOONCALL_DATADOG_URL: got 'nowhere'; expected an absolute"
    check(ran("page", "list", AIOONCALL_DATADOG_URL="nowhere"), 2, told)
    check(ran("group", "list", GRAFANA_ONCALL_URL="nowhere"), 2, "error: GRAFANA_ONCALL_URL: got 'nowhere'; expected")
    with shell() as run:
        assert ran("page", "list", AIOONCALL_DATADOG_URL=run.url()).code == 0


def test_proxies(run: Shell) -> None:
    """A proxy of the environment is used, but not for this machine; if nobody listens there its variable is named."""
    assert run("page", "list", HTTP_PROXY="http://127.0.0.1:1").code == 0
    refused = ran("page", "list", HTTPS_PROXY="http://127.0.0.1:1")
    check(refused, 1, "cannot connect to ", "look at --url or DD_SITE and HTTPS_PROXY")


@pytest.mark.parametrize(
    ("url", "is_it"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:1/x", True),
        ("https://api.datadoghq.com", False),
        ("https://127.0.0.1.example", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_loopback(url: str | None, is_it: bool) -> None:
    """Only an address on this machine is taken for one."""
    assert is_loopback(url) is is_it


def test_a_wrong_address(run: Shell) -> None:
    """An address that is no API, or where nobody listens, is named with what to look at."""
    check(run("page", "list", url=run.sim.grafana_url), 1, " answered 404 to GET ", "look at --url")
    check(ran("page", "list", "--url", "http://127.0.0.1:1"), 1, "cannot connect to 127.0.0.1:1", "look at --url\n")
    nowhere = {"AIOONCALL_DATADOG_URL": "http://127.0.0.1:1", "GRAFANA_ONCALL_URL": "http://127.0.0.1:1"}
    check(ran("page", "list", **nowhere), 1, "look at AIOONCALL_DATADOG_URL\n")
    check(ran("group", "list", **nowhere), 1, "look at GRAFANA_ONCALL_URL\n")


def test_times_at_the_ends_of_the_calendar() -> None:
    """A time to which no days can be added is refused where it is written, not by what adds them."""
    for words in ("schedule shifts --from", "schedule week --zone Asia/Tokyo --from", "who --at", "page list --since"):
        for time in ("0001-01-01", "9999-12-31"):
            done = ran(*words.split(), time, COLUMNS="200")
            assert (done.code, "expected a time in the years 1970 to 8999" in done.err) == (2, True), done
            assert "datetime" not in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("page create x --user", "error: --user: got ''; expected a non-empty text"),
        ("page create x --team", "error: --team: got ''; expected a non-empty text"),
        ("page reroute x --team", "error: --team: got ''; expected a non-empty text"),
        ("who --team", "error: --team: got ''; expected a non-empty id"),
        ("who --schedule", "error: --schedule: got ''; expected a non-empty id"),
        ("audit --team", "error: --team: got ''; expected a non-empty text"),
        ("schedule list --team", "error: --team: got ''; expected a non-empty text"),
        ("group page x --url http://127.0.0.1:1 --user", "error: --user: got ''; expected the id of a user"),
        (
            "pagerduty update x --secrets",
            "error: --secrets: got ''; expected a text file that can be read (No such file",
        ),
        ("page list --secrets", "error: --secrets: got ''; expected a text file that can be read (No such file"),
    ],
)
def test_empty_values(words: str, told: str) -> None:
    """A value that is empty is told by its option, in the words of the terminal."""
    check(ran(*words.split(), ""), 2, told)


def test_ids_that_look_like_options(run: Shell) -> None:
    """The command that shows what came of a call in doubt can be pasted, whatever its key looks like."""
    assert run("page", "create", "x", "--team", "a", "--dedup-key=--x").code == 0
    told = look("/api/v2/on-call/pages", {"dedup_key": "--x"}, Settings(url=run.url()))
    words = shlex.split(told.removeprefix("; to look: aiooncall "))
    assert words[-2:] == ["--", "--x"]
    assert ran(*words).code == 0


def test_a_deadline() -> None:
    """A call that takes longer than --deadline says which option gives it more time."""
    slow = Fault(FaultKind.SLOW, delay=30)
    with shell() as run:
        run.sim.faults.script("GET", "*", slow, slow)
        check(run("page", "list", "--deadline", "0.2"), 1, "a longer --deadline gives it more time")


def test_a_doubt(run: Shell) -> None:
    """A doubt says what it is about, where it went, why, and how to look."""
    run.sim.faults.script("POST", "*", Fault(FaultKind.REDIRECT))
    done = run("page", "escalate", "p-1")
    check(done, 3, "(page_id 'p-1') may have been sent to 127.0.0.1:", "; to look: aiooncall page get p-1 --url http")


def test_the_rate() -> None:
    """A limit of one's own is kept to, -v tells of each request, and a deadline that it breaks says what helps."""
    with shell(rate_rules=[RateRule("oncall", 100, 60.0)]) as run:
        assert run("page", "list", "--rate", "1/1m").code == 0
        done = run("page", "ack", "a", "b", "--rate", "1/1m", "--deadline", "1s", "-v")
        assert done.code == 1
        assert run.posts() == 1
        assert "a longer --deadline gives it more time" in done.err
        assert re.search(r"(?m)^[\d:]{8} POST \S+/acknowledge: 404 \(rejected\) in \d", done.err)
    wrong = ran("page", "list", "--rate", "fast", COLUMNS="200")
    assert (wrong.code, "got 'fast'; expected calls and a duration, such as 300/1m or 20/s" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ClientOSError: [Errno 104] reset", "[Errno 104] reset"),
        ("ServerDisconnectedError: ", "the connection broke"),
        ("the answer is not HTTP: bad", "the answer is not HTTP: bad"),
        ("Datadog: no", "Datadog: no"),
    ],
)
def test_class_names(text: str, words: str) -> None:
    """The name of a class in front of a text goes; other words stay."""
    assert without_class(text) == words


def test_without_a_client() -> None:
    """An error from before there is a client, or without anything known of it, is told all the same."""
    running = Running()
    assert words_of(OptionsError("a_b, site", None, "one of them"), running) == "a_b, DD_SITE: expected one of them"
    assert words_of(ConnectionDropped("ClientPayloadError: broken"), running) == "broken"
    assert words_of(DeadlineExceeded("too late"), running) == "too late; a longer --deadline gives it more time"
    limited = RateLimited(status=429, method="GET", route="/x", attempts=3)
    assert words_of(limited, running) == "the server answered 429 to GET /x: no reason given (tried 3 times)"


def test_what_nobody_thought_of(run: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of our own is one line as well, and -v shows where it is."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("shelf")

    monkeypatch.setattr(pages, "print_items", broken)
    check(run("page", "list"), 1, "error: unexpected: 'shelf'; -v shows where, for a report\n")
    assert 'raise KeyError("shelf")' in run("page", "list", "-v").err
