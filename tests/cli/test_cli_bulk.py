"""`aiooncall bulk`: a whole job, what is refused, and where the items come from."""

from __future__ import annotations

import codecs
import json
import re
import shlex
import stat
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import BudgetHeld, ClientOptions, DatadogOnCall
from aiooncall.bulk import Counts, Status
from aiooncall.cli import progress, settings
from aiooncall.ratelimit import HeldBy, Hold
from aiooncall.simulator import Fault, FaultKind, RateRule, Simulator
from tests.support.bulk_world import change_fact
from tests.support.command_line import ran, shell, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.command_line import Shell


@pytest.fixture
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog with three pages."""
    with shell() as found:
        for number in range(3):
            found.sim.add_page(title=f"Disk full on db-{number}")
        yield found


@pytest.fixture
def grafana() -> Iterator[Shell]:
    """Return a shell on a Grafana with three alert groups."""
    with shell("grafana") as found:
        for number in range(3):
            found.sim.grafana.add_alert_group(f"Disk full on db-{number}")
        yield found


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where a journal can be made."""
    return tmp_path / "job.db"


def test_a_whole_job_for_people(run: Shell, journal: Path) -> None:
    """Plan, preview, run, resume and verify say in words what comes next, and nothing is sent before `run`."""
    planned = run("bulk", "plan", journal, "resolve", "--query", "status:triggered")
    command = pasted(planned.out)
    assert command[-2:] == ["--url", run.url()]
    assert planned.out.startswith("resolve 3 items of datadog (status:triggered)\n")
    assert "note: resolve cannot be undone\n" in planned.out
    assert run("bulk", "preview", journal).out == planned.out
    assert run.posts() == 0
    assert ran(*command) == (0, "resolve\n  done         3\n", "")
    assert run("bulk", "resume", journal) == (0, "resolve\n  done         3\n", "")
    verified = run("bulk", "verify", journal)
    assert (verified.code, verified.out.split()[:3]) == (0, ["verified", "confirmed", "3"])
    assert (run.posts(), run.sim.ledger.unfinished(), run.sim.ledger.doubled()) == (3, [], [])


def test_a_whole_job_for_programs(grafana: Shell, journal: Path) -> None:
    """With --json each step prints one object; undo makes a plan that takes everything back."""
    back = journal.with_name("back.db")
    plan = grafana.plan(journal, "silence", "--state", "firing", "--for", "60")
    shown = grafana("bulk", "preview", journal, "--json", "--samples", "1").json
    assert (shown["plan"]["hash"], shown["plan"]["duration"], len(shown["samples"])) == (plan, 60.0, 1)
    assert shown["by_state"] == {"firing": 3}
    assert grafana("bulk", "run", journal, "--plan", plan, "--json").json["done"] == 3
    assert grafana("bulk", "verify", journal, "--json").json["confirmed"] == 3
    undone = grafana("bulk", "undo", journal, back, "--json").json["plan"]
    assert (undone["verb"], undone["items"]) == ("unsilence", 3)
    assert grafana("bulk", "run", back, "--plan", undone["hash"], "--json").json["done"] == 3
    assert grafana("bulk", "resume", back, "--json").json["done"] == 3
    ledger = grafana.sim.ledger
    assert (ledger.count("silence"), ledger.count("unsilence")) == (3, 3)


def test_a_list_is_a_plan(run: Shell, journal: Path) -> None:
    """What `page list --json` prints can be piped into `bulk plan --from -`, with all that the preview shows."""
    listed = run("page", "list", "--json")
    planned = run("bulk", "plan", journal, "acknowledge", "--from", "-", "--json", stdin=listed.out).json
    assert (planned["plan"]["items"], planned["plan"]["selection"]) == (3, "standard input")
    assert (planned["by_state"], planned["by_team"]) == ({"triggered": 3}, {"My Team": 3})
    assert planned["samples"] == listed.lines


def test_a_list_of_groups_is_a_plan(grafana: Shell, journal: Path) -> None:
    """The same holds for `group list --json`."""
    listed = grafana("group", "list", "--json").out
    plan = grafana("bulk", "plan", journal, "resolve", "--from", "-", "-p", "grafana", "--json", stdin=listed).json
    assert plan["by_state"] == {"firing": 3}


def test_a_short_list_says_so(run: Shell) -> None:
    """A list that stops at its limit says on standard error that there is more, and only then."""
    assert run("page", "list", "--limit", "2").err == "there are more than these 2: --limit\n"
    assert run("page", "list", "--limit", "3").err == ""
    assert run("page", "list", "status:resolved") == (0, "", "nothing found\n")
    assert run("page", "list", "status:resolved", "--json") == (0, "", "")


def test_a_file_of_ids(run: Shell, journal: Path, tmp_path: Path) -> None:
    """A byte-order mark, Windows line ends, blank lines and repetitions in a file do no harm; repetitions are told."""
    ids = [page["id"] for page in run("page", "list", "--json").lines]
    lines = [ids[0], "", f"  {ids[1]}", json.dumps({"id": ids[2], "title": "Disk full"}), ids[0], "   "]
    (tmp_path / "ids").write_bytes(codecs.BOM_UTF8 + "\r\n".join(lines).encode())
    planned = run("bulk", "plan", journal, "resolve", "--from", tmp_path / "ids")
    assert f"resolve 3 items of datadog ({tmp_path / 'ids'}, 1 came twice and count once)" in planned.out
    again = run("bulk", "plan", tmp_path / "j", "resolve", *ids, ids[0], "--json")
    assert (again.json["plan"]["items"], again.json["plan"]["duplicates"]) == (3, 1)


@pytest.mark.parametrize("bad", ["a b", '{"id": 7}', '{"id": "a"', "a/../b", b"\xff"])
@pytest.mark.parametrize("source", ["file", "-"])
def test_a_line_that_is_no_id(run: Shell, journal: Path, tmp_path: Path, bad: str | bytes, source: str) -> None:
    """A line that is no id ends the plan with its number, and leaves no journal."""
    content = b"a-good-one\n\n" + (bad if isinstance(bad, bytes) else bad.encode()) + b"\n"
    (tmp_path / "file").write_bytes(content)
    given: Any = "-" if source == "-" else tmp_path / "file"
    done = run("bulk", "plan", journal, "resolve", "--from", given, stdin=content)
    assert (done.code, done.out) == (2, "")
    assert "line 3: " in done.err
    assert not journal.exists()


@pytest.mark.parametrize(
    ("words", "stdin"),
    [(("--from", "-"), ""), (("--from", "-"), "\n\r\n  \n"), (("--query", "status:resolved"), None)],
)
def test_nothing_selected(run: Shell, journal: Path, words: tuple[str, ...], stdin: str | None) -> None:
    """That nothing matches is a clean end with its own sentence, unless somebody wants it to be a failure."""
    plan = ("bulk", "plan", journal, "resolve", *words)
    done = run(*plan, stdin=stdin)
    assert (done.code, done.out, journal.exists()) == (0, "", False)
    assert "there is nothing to do, and nothing was planned" in done.err
    assert run(*plan, "--json", stdin=stdin).json == {"plan": None}
    assert run(*plan, "--fail-if-none", stdin=stdin).code == 1


def test_nothing_to_undo(grafana: Shell, journal: Path) -> None:
    """The same holds for a job that changed nothing."""
    group = grafana.sim.grafana.add_alert_group("Disk full", state="acknowledged")
    plan = grafana.plan(journal, "acknowledge", group)
    assert grafana("bulk", "run", journal, "--plan", plan).code == 0
    undo = ("bulk", "undo", journal, journal.with_name("back.db"))
    done = grafana(*undo)
    assert (done.code, done.out, f"{journal} changed nothing" in done.err) == (0, "", True)
    assert grafana(*undo, "--fail-if-none").code == 1


def pasted(text: str) -> list[str]:
    """Return the words of the command that a text ends with, as a shell would take them."""
    return shlex.split(text.rstrip().rpartition(": aiooncall ")[2])


def test_printed_commands_can_be_pasted(grafana: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed goes where the first command went, as the same caller, with any name of a file."""
    monkeypatch.setattr(settings, "ClientOptions", partial(ClientOptions, reconcile_timeout=0.5))
    journal, secrets = tmp_path / "the night's job.db", tmp_path / "my secrets"
    secrets.write_text("GRAFANA_ONCALL_ACCESS_TOKEN=token-from-a-file\n", encoding="utf-8")
    options = ("--secrets", secrets, "-p", "grafana", "--url", grafana.url())
    alone: dict[str, Any] = {"GRAFANA_ONCALL_ACCESS_TOKEN": None}
    planned = ran("bulk", "plan", journal, "acknowledge", "--state", "firing", *options, **alone)
    assert planned.code == 0
    command = pasted(planned.out)
    assert command[:3] == ["bulk", "run", str(journal)]
    assert command[-6:] == ["--provider", "grafana", "--url", grafana.url(), "--secrets", str(secrets)]
    lost = Fault(FaultKind.DROP_AFTER)
    grafana.sim.faults.script("POST", "*", None, lost)
    grafana.sim.faults.script("GET", "*", *[Fault(FaultKind.ERROR_BEFORE, status=404)] * 500)
    done = ran(*command, **alone)
    assert done.code == 3
    grafana.sim.faults._scripts.clear()
    assert pasted(done.err)[:3] == ["bulk", "verify", str(journal)]
    assert ran(*pasted(done.err), **alone).code == 0


def test_doubt_of_a_single_page_can_be_pasted(run: Shell) -> None:
    """So it is with the command that shows whether a page was escalated."""
    page = run.sim.add_page(title="Disk full")
    run.sim.faults.script("POST", "*", Fault(FaultKind.DROP_AFTER))
    done = run("page", "escalate", page)
    assert done.code == 3
    assert ran(*pasted(done.err)).code == 0


def test_old_journal_wants_a_yes(run: Shell, journal: Path) -> None:
    """Before escalations go on after more than an hour, a person is told when the last one went, and asked."""
    plan = run.plan(journal, "escalate", "--query", "status:triggered")
    run.sim.faults.script("POST", "*", None, Fault(FaultKind.ERROR_BEFORE, status=401))
    assert run("bulk", "run", journal, "--plan", plan, "--concurrency", "1").code == 1
    change_fact(journal, "last_intent_at", "2026-01-02T03:04:05Z")
    refused = run("bulk", "resume", journal)
    assert (refused.code, run.posts()) == (2, 2)
    assert "was sent 2026-01-02 03:04:05 UTC" in refused.err
    assert "give --yes if it is the last one" in refused.err
    assert run("bulk", "resume", journal, "--yes").code == 0
    assert run.sim.ledger.count("escalate") == 3
    again = run("bulk", "resume", journal)
    assert (again.code, "the last item that this journal knows of was sent" in again.err) == (0, True)


@pytest.mark.parametrize("suffix", ["", ".intents", "-wal"])
def test_report_never_overwrites_a_journal(run: Shell, journal: Path, suffix: str) -> None:
    """A report does not take the place of a journal or of what belongs to one, be it by a link."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    assert run("bulk", "run", journal, "--plan", plan).code == 0
    target = journal.with_name(journal.name + suffix)
    before = target.read_bytes() if target.exists() else None
    link = journal.with_name("report.html")
    link.symlink_to(target)
    for path in (target, link):
        refused = ran("bulk", "report", journal, "--html", path)
        assert (refused.code, "belongs to a journal" in refused.err) == (2, True)
    assert (target.read_bytes() if target.exists() else None) == before


def test_report_is_for_its_owner(run: Shell, journal: Path) -> None:
    """A new report can be read by its owner alone; one that is replaced keeps its mode, and nothing is left beside."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    assert run("bulk", "run", journal, "--plan", plan).code == 0
    page = journal.with_name("report.html")
    for mode in (0o600, 0o644):
        assert ran("bulk", "report", journal, "--html", page).code == 0
        assert stat.S_IMODE(page.stat().st_mode) == mode
        page.chmod(0o644)
    assert sorted(path.name for path in journal.parent.iterdir()) == ["job.db", "job.db.intents", "report.html"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "one of them"),
        (("an-id", "--query", "status:triggered"), "one of them"),
        (("--state", "firing"), "--query"),
        (("an-id", "--for", "60"), "takes no duration"),
        (("an-id", "--max", "0"), "--max"),
        (("--from", "/nowhere/ids"), "a file that can be read"),
    ],
)
def test_wrong_selection(run: Shell, journal: Path, words: tuple[str, ...], told: str) -> None:
    """A selection that makes no sense is wrong usage, and the error says what would be right."""
    done = run("bulk", "plan", journal, "resolve", *words)
    assert (done.code, told in done.err, journal.exists()) == (2, True, False), done.err


def test_wrong_verb(run: Shell, grafana: Shell, journal: Path) -> None:
    """A verb of the other provider is wrong usage, and so are the other provider's filters."""
    assert "acknowledge, resolve, escalate for datadog" in run("bulk", "plan", journal, "silence", "an-id").err
    done = grafana("bulk", "plan", journal, "resolve", "--query", "status:triggered", "-p", "grafana")
    assert (done.code, "Grafana has no search" in done.err) == (2, True)


def test_a_maximum(run: Shell, journal: Path) -> None:
    """More items than --max are neither planned nor run."""
    refused = run("bulk", "plan", journal, "resolve", "--query", "status:triggered", "--max", "2")
    assert (refused.code, "more than 2 items" in refused.err, journal.exists()) == (2, True, False)
    plan = run.plan(journal, "resolve", "--query", "status:triggered", "--max", "3")
    refused = run("bulk", "run", journal, "--plan", plan, "--max", "2")
    assert (refused.code, "the maximum of 2" in refused.err, run.posts()) == (2, True, 0)


def test_a_large_job_wants_a_yes(run: Shell, journal: Path) -> None:
    """More items than --confirm-above are refused where nobody can be asked, unless there is --yes."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    refused = run("bulk", "run", journal, "--plan", plan, "--confirm-above", "2")
    assert (refused.code, "give --yes" in refused.err, run.posts()) == (2, True, 0)
    assert "note: resolve cannot be undone" in refused.err
    assert run("bulk", "run", journal, "--plan", plan, "--confirm-above", "2", "--yes").code == 0


def test_a_dry_run_sends_nothing(run: Shell, journal: Path) -> None:
    """--dry-run checks the plan and its limits, and sends nothing, be it with --yes."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    done = run("bulk", "run", journal, "--plan", plan, "--dry-run", "--yes")
    assert done == (0, "3 of 3 items would be touched; nothing was sent\n", "")
    assert run("bulk", "run", journal, "--plan", plan, "--dry-run", "--json").json["open"] == 3
    assert run("bulk", "run", journal, "--plan", plan, "--dry-run", "--max", "2").code == 2
    assert (run.posts(), statuses(journal)) == (0, {"open": 3})


def test_another_plan_is_refused(run: Shell, journal: Path) -> None:
    """A hash that is not that of the plan is refused, with the right one, and nothing is sent."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    refused = run("bulk", "run", journal, "--plan", "0123456789abcdef", "--yes", "--json")
    error = json.loads(refused.err)
    assert (refused.code, refused.out, error["error"]) == (2, "", "PlanRefused")
    assert plan in error["message"]
    assert "0123456789abcdef" in error["message"]
    assert run.posts() == 0


def test_what_cannot_be_done_now(run: Shell, journal: Path, tmp_path: Path) -> None:
    """Resuming what was never begun, undoing what cannot be, planning twice and a file that is no journal: all 2."""
    run.plan(journal, "resolve", "--query", "status:triggered")
    (tmp_path / "notes.txt").write_text("not a journal")
    for words, told in {
        ("resume", journal): "was never begun",
        ("undo", journal, tmp_path / "back.db"): "cannot",
        ("plan", journal, "resolve", "an-id"): "is there already",
        ("preview", tmp_path / "none.db"): "is not there",
        ("preview", tmp_path / "notes.txt"): "is not a ",
    }.items():
        done = run("bulk", *words)
        assert (done.code, done.out, told in done.err) == (2, "", True), (words, done)
    assert run.posts() == 0


def test_the_journal_knows_its_provider(grafana: Shell, journal: Path) -> None:
    """After the plan no command needs to be told the provider, and none takes another; only its secrets are needed."""
    plan = grafana.plan(journal, "acknowledge", "--state", "firing")
    alone: dict[str, Any] = {"DD_API_KEY": None, "DD_APP_KEY": None}
    assert grafana("bulk", "preview", journal, **alone).code == 0
    assert grafana("bulk", "run", journal, "--plan", plan, **alone).code == 0
    assert grafana("bulk", "verify", journal, AIOONCALL_PROVIDER="datadog", **alone).code == 0
    assert grafana.sim.ledger.count("acknowledge") == 3
    for verb in ("preview", "resume", "verify", "report"):
        assert grafana("bulk", verb, journal, "-p", "grafana", **alone).code == 0
        refused = grafana("bulk", verb, journal, "-p", "datadog")
        assert (refused.code, refused.out) == (2, "")
        assert "--provider: got 'datadog'; expected grafana or nothing" in refused.err


def test_the_provider_comes_from_the_environment(grafana: Shell, journal: Path) -> None:
    """AIOONCALL_PROVIDER says whose on-call it is, -p says it louder, and without both it is Datadog."""
    group = grafana("group", "list", "--json").lines[0]["id"]
    plan = ("bulk", "plan", journal, "unsilence", group)
    assert grafana(*plan).code == 2
    assert grafana(*plan, "-p", "datadog", AIOONCALL_PROVIDER="grafana").code == 2
    assert grafana(*plan, AIOONCALL_PROVIDER="grafana").code == 0
    wrong = grafana("who", "--schedule", "x", AIOONCALL_PROVIDER="pagers")
    assert (wrong.code, "AIOONCALL_PROVIDER: got 'pagers'; expected datadog or grafana" in wrong.err) == (2, True)


def test_the_url_comes_from_the_environment(grafana: Shell) -> None:
    """Grafana's URL is read from the environment, and its absence is an error that names both ways to give it."""
    assert ran("group", "list", "--json", GRAFANA_ONCALL_URL=grafana.url()).code == 0
    missing = ran("group", "list")
    assert missing.code == 2
    assert "GRAFANA_ONCALL_URL" in missing.err
    assert "--url" in missing.err
    assert ran("group", "list", "--url", "", GRAFANA_ONCALL_URL=grafana.url()).code == 2


def test_a_failure_is_1(run: Shell, journal: Path) -> None:
    """A job in which an item failed ends with 1 and goes on with the others; --retry-failed tries it again."""
    ids = [page["id"] for page in run("page", "list", "--json").lines]
    plan = run.plan(journal, "resolve", ids[0], "no-such-page", ids[1])
    done = run("bulk", "run", journal, "--plan", plan, "--json")
    assert (done.code, done.err) == (1, "")
    assert (done.json["done"], done.json["failed"]) == (2, 1)
    before = run.posts()
    assert run("bulk", "resume", journal).code == 1
    assert run.posts() == before
    assert run("bulk", "resume", journal, "--retry-failed").code == 1
    assert run.posts() == before + 1
    assert run("bulk", "verify", journal).code == 1


def test_a_doubt_is_3(run: Shell, journal: Path) -> None:
    """A job with an item in doubt ends with 3 and says how to look; the item is not sent again."""
    run.sim.faults.script("POST", "*", None, Fault(FaultKind.DROP_AFTER), None)
    plan = run.plan(journal, "escalate", "--query", "status:triggered")
    done = run("bulk", "run", journal, "--plan", plan)
    assert (done.code, done.out) == (3, "escalate\n  done              2\n  ambiguous         1\n")
    assert done.err == f"1 items are in doubt; to look: aiooncall bulk verify {journal} --url {run.url()}\n"
    assert run("bulk", "resume", journal).code == 3
    assert run("bulk", "verify", journal).code == 3
    assert (run.posts(), run.sim.ledger.count("escalate")) == (3, 3)


@pytest.mark.parametrize(("verb", "code"), [("resolve", 3), ("acknowledge", 3), ("escalate", 0)])
def test_accepted_is_not_done(journal: Path, verb: str, code: int) -> None:
    """What was accepted and does not show ends `verify` with 3, except for escalations, which never show."""
    with shell(settle_delay=3600.0) as run:
        plan = run.plan(journal, verb, run.sim.add_page(title="Disk full"))
        assert run("bulk", "run", journal, "--plan", plan).code == 0
        verified = run("bulk", "verify", journal, "--wait", "0", "--json")
    assert (verified.code, verified.json["accepted"], verified.json["confirmed"]) == (code, 1, 0)


def test_report(run: Shell, journal: Path, tmp_path: Path) -> None:
    """The report tells what came of a job, in words, as JSON and as a page, and needs no secrets."""
    ids = [page["id"] for page in run("page", "list", "--json").lines]
    plan = run.plan(journal, "resolve", *ids, "no-such-page")
    run("bulk", "run", journal, "--plan", plan)
    nothing: dict[str, Any] = {"DD_API_KEY": None, "DD_APP_KEY": None}
    told = ran("bulk", "report", journal, "--html", tmp_path / "report.html", **nothing)
    assert (told.code, told.err) == (0, "")
    assert "NotFound" in told.out
    assert "no-such-page" in (tmp_path / "report.html").read_text(encoding="utf-8")
    found = ran("bulk", "report", journal, "--json", **nothing).json
    assert (found["counts"]["done"], found["counts"]["failed"], found["plan"]["hash"]) == (3, 1, plan)
    refused = ran("bulk", "report", journal, "--html", tmp_path / "none" / "report.html")
    assert (refused.code, refused.out) == (2, "")
    assert "--html" in refused.err


def test_it_is_quiet_when_piped(run: Shell, journal: Path) -> None:
    """Where standard error is no terminal there is no progress, be colours forced or not."""
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    done = run("bulk", "run", journal, "--plan", plan, FORCE_COLOR="1")
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in run("page", "list", FORCE_COLOR="1").out


def test_a_line_from_time_to_time(run: Shell, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run without a terminal tells how far it is on standard error, and what it waits for; with --json never."""
    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.02)
    run.sim.faults.seed(seed=1, rates={Fault(FaultKind.SLOW, delay=0.3): 1.0}, methods=["POST"])
    plan = run.plan(journal, "resolve", "--query", "status:triggered")
    done = run("bulk", "run", journal, "--plan", plan)
    assert done.code == 0
    lines = done.err.splitlines()
    assert len(lines) > 3
    assert all(re.fullmatch(r"resolve: \d of 3(; .*)?", line) for line in lines), lines
    assert "resolve: 0 of 3" in lines[0]
    other = journal.with_name("other.db")
    run.sim.add_page(title="Disk full again")
    again = run.plan(other, "resolve", "--query", "status:triggered")
    assert run("bulk", "run", other, "--plan", again, "--json").err == ""


async def test_what_is_waited_for() -> None:
    """The progress names what the next call waits for, until an item has ended; then the limit and the time left."""
    async with Simulator(rate_rules=[RateRule("oncall_paging", 20, 2.0)]) as sim:
        url = sim.datadog_url
        async with DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url) as dd:
            await dd.pages.acknowledge(sim.add_page(title="Disk full"))
            shown = progress.JobProgress(dd, Counts(open=90, done=10), "resolve", quiet=True)
            (budget, *_) = [one for one in dd.budgets() if one.limit]
            shown.hear(BudgetHeld(budget=attrs.evolve(budget, hold=Hold(by=HeldBy.LIMIT, since=0.0, at_most=9.0))))
            assert shown.line() == "resolve: 10 of 100; waiting for the rate limit, 9 s to go"
            shown._started -= 10
            shown(Status.DONE)
            assert shown.line() == "resolve: 11 of 100; at most 20 calls in 2 s, about 14 min 50 s left"
