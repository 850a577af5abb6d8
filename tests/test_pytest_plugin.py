"""The pytest plugin, in runs of its own: each test writes a suite, has pytest run it, and reads what came of it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall.pytest_plugin import clients
from aiooncall.simulator import FaultKind
from tests.support.inner_pytest import run_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

PREAMBLE = """
import asyncio, pytest
from urllib.request import Request, urlopen
from aiooncall import ClientOptions, DatadogOnCall, Forbidden, GrafanaOnCall, OptionsError, PoolOptions, TeamHandle
from aiooncall.simulator import Fault, FaultKind, Simulator
TEAM = TeamHandle("storage")
"""
ASYNC_TESTS = """
async def test_datadog(datadog_oncall, oncall_simulator):
    page = await datadog_oncall.pages.create("Disk full", target=TEAM)
    assert oncall_simulator.ledger.count("create", page.id) == 1

async def test_grafana(grafana_oncall, oncall_simulator):
    oncall_simulator.grafana.add_alert_group("Disk full")
    assert [group.title async for group in grafana_oncall.alert_groups.list()] == ["Disk full"]
"""
PAGES = "/api/v2/on-call/pages"


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Return what has pytest run tests in this process, with warnings as errors, and returns what came of it."""
    return lambda code, *options: run_suite(pytester, PREAMBLE + dedent(code), *options)


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("asyncio", ["-o", "asyncio_mode=strict"]),
        ("filterwarnings('error')", ["-o", "asyncio_mode=auto"]),
        ("anyio", ["-o", "asyncio_mode=strict"]),
        ("anyio", ["-p", "no:asyncio"]),
    ],
    ids=["strict", "auto", "anyio", "anyio_alone"],
)
def test_clients_are_open_on_the_loop_of_the_test(run: Run, mark: str, options: list[str]) -> None:
    """Both clients work in the async tests of pytest-asyncio, strict or automatic, and of anyio, alone or beside it."""
    backend = "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"
    run(f"pytestmark = pytest.mark.{mark}\n{backend}{ASYNC_TESTS}", *options).assert_outcomes(passed=2)


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
@pytest.mark.parametrize("by", ["marker", "option"])
def test_clients_follow_the_loop_scope(run: Run, scope: str, by: str) -> None:
    """A client is on the loop that a test of pytest-asyncio runs on, whatever its scope and however it is said."""
    said = f"(loop_scope='{scope}')" if by == "marker" else ""
    options = ["-o", f"asyncio_default_test_loop_scope={scope}"] if by == "option" else []
    run(f"pytestmark = pytest.mark.asyncio{said}\n{ASYNC_TESTS}", *options).assert_outcomes(passed=2)


def test_clients_are_closed_after_the_test(run: Run) -> None:
    """Client and simulator live as long as one test, with nothing left open."""
    code = """
    kept = []

    @pytest.mark.asyncio
    async def test_first(datadog_oncall, oncall_simulator):
        await datadog_oncall.pages.create("Disk full", target=TEAM)
        kept.extend([datadog_oncall, oncall_simulator])

    def test_second(oncall_simulator):
        client, simulator = kept
        assert repr(client).endswith("closed>")
        assert oncall_simulator is not simulator and oncall_simulator.ledger.requests == []
        with pytest.raises(OSError): urlopen(simulator.datadog_url)
    """
    run(code).assert_outcomes(passed=2)


def test_an_async_fixture_can_ask_for_a_client(run: Run) -> None:
    """A fixture of the suite can make calls with the client before the test begins, on the same loop."""
    code = """
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def page(datadog_oncall):
        return await datadog_oncall.pages.create("Disk full", target=TEAM)

    @pytest.mark.asyncio
    async def test_page(page, datadog_oncall):
        assert await datadog_oncall.pages.acknowledge(page.id) is None
    """
    run(code).assert_outcomes(passed=1)


def test_trio_is_refused(run: Run) -> None:
    """A test that anyio runs on trio gets the simulator, and no client, with the reason."""
    code = """
    @pytest.fixture
    def anyio_backend(): return "trio", {}

    @pytest.mark.anyio
    async def test_client(grafana_oncall): ...
    """
    done = run(code)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*grafana_oncall works on asyncio, and this test runs on trio*oncall_simulator*"])


def test_old_pytest_asyncio_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of pytest-asyncio that cannot run the fixture is named, instead of a client that is none."""
    monkeypatch.setattr(clients, "version", lambda distribution: "1.0.0")
    done = run("@pytest.mark.asyncio\nasync def test_client(datadog_oncall): ...")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*datadog_oncall needs pytest-asyncio 1.1 or newer; this is 1.0.0"])


def test_a_test_without_loop_gets_no_client(run: Run) -> None:
    """A test that is not async is told what to do instead of being given a client that it cannot use."""
    done = run("def test_client(datadog_oncall): ...")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*datadog_oncall is open on the event loop of an async test*@pytest.mark.anyio*"])


def test_other_clients_use_the_simulator_without_async(run: Run) -> None:
    """Without any plugin for async tests, a client that blocks talks to the simulator."""
    code = """
    def test_grafana(oncall_simulator):
        group = oncall_simulator.grafana.add_alert_group("Disk full")
        url = f"{oncall_simulator.grafana_url}/api/v1/alert_groups/{group}/"
        with urlopen(Request(url, headers={"Authorization": "token"})) as answer: assert b"Disk full" in answer.read()
        assert [record.status for record in oncall_simulator.ledger.requests] == [200]
    """
    run(code, "-p", "no:asyncio", "-p", "no:anyio").assert_outcomes(passed=1)


def test_options_can_be_overridden(run: Run) -> None:
    """Fixtures of the suite give simulator and clients other options."""
    code = """
    @pytest.fixture
    def oncall_simulator_options(): return {"credentials": {"other": "keys"}}
    @pytest.fixture
    def oncall_client_options(): return ClientOptions(deadline=7)

    @pytest.mark.asyncio
    async def test_options(datadog_oncall):
        assert datadog_oncall.options.deadline == 7
        with pytest.raises(Forbidden): await datadog_oncall.pages.create("Disk full", target=TEAM)
    """
    run(code).assert_outcomes(passed=1)


def test_faults_strike_in_order(run: Run) -> None:
    """Steps may be faults, kinds, their texts or None; the marker that is nearest to the test comes first."""
    code = """
    slow = Fault(FaultKind.SLOW, delay=0.001)
    pytestmark = [pytest.mark.asyncio, pytest.mark.oncall_faults("POST", "*/acknowledge", slow)]

    @pytest.mark.oncall_faults("POST", "*/acknowledge", FaultKind.EMPTY_OK, None, "garbage_headers")
    async def test_faults(datadog_oncall, oncall_simulator):
        for title in "abcde":
            await datadog_oncall.pages.acknowledge(oncall_simulator.add_page(title=title))
        struck = [request.fault for request in oncall_simulator.ledger.requests]
        assert struck == ["empty_ok", None, "garbage_headers", "slow", None]
    """
    run(code).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("", "got (); expected a method, a path and at least one step"),
        ("'POST', '/x'", "got ('POST', '/x'); expected a method, a path and at least one step"),
        ("'post', '/x', None", "got 'post'; expected one of the methods GET, POST, PUT, PATCH, DELETE"),
        ("'POST', 'x', None", "got 'x'; expected a path, exact or a glob"),
        ("'POST', 7, None", "got 7; expected a path"),
        ("'POST', '/x', 'thottle'", "got 'thottle'; expected a Fault, None, a FaultKind or the text of one: throttle,"),
        ("'POST', '/x', 503", "got 503; expected a Fault"),
        ("'POST', '/x', None, times=2", "got 'times'; expected no argument by name"),
    ],
)
def test_wrong_faults_are_refused(run: Run, arguments: str, complaint: str) -> None:
    """A marker with arguments that mean nothing fails its test, and says which one and what would be right."""
    done = run(f"@pytest.mark.oncall_faults({arguments})\ndef test_it(oncall_simulator): ...")
    done.assert_outcomes(errors=1)
    assert f"oncall_faults: {complaint}" in done.stdout.str()


def test_a_fault_that_does_not_strike_fails_the_test(run: Run) -> None:
    """A fault that nothing ran into makes the test an error that shows what was asked for instead."""
    code = f"""
    @pytest.mark.asyncio
    @pytest.mark.oncall_faults("POST", "/api/v2/on-call/page", "{FaultKind.DROP_AFTER}")
    async def test_it(datadog_oncall): await datadog_oncall.pages.create("Disk full", target=TEAM)
    """
    done = run(code)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(
        [f"*did not strike: drop_after for POST /api/v2/on-call/page. Latest requests: POST {PAGES}"]
    )


GUARDED_TESTS = """
class Proxies: real, local = "http://user:secret@proxy.example.com:3128", "http://127.0.0.1:9"

early = DatadogOnCall("key-0123456789", "app-0123456789")
view = early.with_options(deadline=3)

async def refused(client, act):
    async with client:
        with pytest.raises(OptionsError, match="so that no test pages a person.*oncall_simulator") as caught:
            await act(client)
    return caught.value

def page(client): return client.pages.create("Disk full", target=TEAM)
def groups(client): return client.alert_groups.acknowledge("I1")

def test_made_on_import():
    async def main():
        async with early:
            for client in (early, view):
                with pytest.raises(OptionsError, match="so that no test pages a person"): await page(client)
    asyncio.run(main())
def test_environment():
    error = asyncio.run(refused(DatadogOnCall.from_env({"DD_API_KEY": "key-0123456789", "DD_APP_KEY": "app"}), page))
    assert (error.field, error.value) == ("host", "'https://navy.oncall.datadoghq.com'")
def test_grafana():
    error = asyncio.run(refused(GrafanaOnCall("http://oncall.example.com:8080", "token-0123456789"), groups))
    assert error.value == "'http://oncall.example.com:8080'"

@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "0x7f.1", "10.0.0.1", "[::2]", "localhost.example.com"])
def test_no_other_name(host): asyncio.run(refused(GrafanaOnCall(f"http://{host}", "token-0123456789"), groups))

def test_proxy_elsewhere(oncall_simulator):
    options = ClientOptions(pool=PoolOptions(proxy=Proxies.real))
    error = asyncio.run(refused(GrafanaOnCall(oncall_simulator.grafana_url, "token", options=options), groups))
    assert (error.field, error.value) == ("proxy", "'http://proxy.example.com:3128'")
    assert oncall_simulator.ledger.requests == []
def test_proxy_of_the_environment(oncall_simulator, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False); monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", Proxies.real); monkeypatch.setenv("http_proxy", Proxies.real)
    options = ClientOptions(pool=PoolOptions(trust_env=True))
    error = asyncio.run(refused(GrafanaOnCall(oncall_simulator.grafana_url, "token", options=options), groups))
    assert error.field == "proxy"
def test_proxy_here_to_elsewhere():
    options = ClientOptions(pool=PoolOptions(proxy=Proxies.local))
    assert asyncio.run(refused(DatadogOnCall("key", "app", options=options), page)).field == "host"

def test_many():
    async def main():
        async with DatadogOnCall("key", "app") as client:
            report = await client.pages.acknowledge_many(["1", "2", "3"])
            assert (report.succeeded, report.ambiguous) == (0, 0)
    asyncio.run(main())

@pytest.mark.asyncio
async def test_simulator_is_here(datadog_oncall): await page(datadog_oncall)
@pytest.mark.asyncio
async def test_by_name(oncall_simulator):
    url = oncall_simulator.grafana_url.replace("127.0.0.1", "LocalHost")
    async with GrafanaOnCall(url, "token") as client: assert [one async for one in client.alert_groups.list()] == []
"""


def test_guard_keeps_clients_here(run: Run, pytester: pytest.Pytester) -> None:
    """With the guard no client reaches another machine, however it was made and by whatever proxy; this one it does."""
    code = """
    import asyncio
    from aiooncall import DatadogOnCall, OptionsError, TeamHandle
    async def main():
        async with DatadogOnCall("key", "app") as client:
            try: await client.pages.create("Disk full", target=TeamHandle("storage"))
            except OptionsError: return True
    assert asyncio.run(main())
    """
    pytester.makeconftest(dedent(code))
    done = run(GUARDED_TESTS, "-o", "aiooncall_guard=true")
    done.assert_outcomes(passed=14)
    done.stdout.fnmatch_lines(["aiooncall: the guard is on*"])
    assert not LOOPBACK_GUARD.is_on


def test_guard_is_on_by_request(run: Run) -> None:
    """Without the option the guard is off, but for the tests that ask for it."""
    code = """
    from aiooncall._base.loopback import LOOPBACK_GUARD
    def test_before(): assert not LOOPBACK_GUARD.is_on
    def test_with(oncall_guard): assert LOOPBACK_GUARD.is_on
    def test_after(): assert not LOOPBACK_GUARD.is_on
    """
    done = run(code)
    done.assert_outcomes(passed=3)
    done.stdout.no_fnmatch_line("aiooncall: *")


def test_plugin_can_be_left_out(run: Run) -> None:
    """`-p no:aiooncall` leaves the plugin out, and what the entry point names is this module."""
    done = run("def test_it(oncall_simulator): ...", "-p", "no:aiooncall")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'oncall_simulator' not found"])
    assert [point.value for point in entry_points(group="pytest11", name="aiooncall")] == ["aiooncall.pytest_plugin"]


def test_plugin_is_described(run: Run) -> None:
    """`--markers`, `--fixtures` and `--help` tell of the marker, the fixtures and the option."""
    assert "@pytest.mark.oncall_faults(method, path, *steps)" in run("", "--markers").stdout.str()
    fixtures = run("", "--fixtures").stdout.str()
    assert all(f"\n{name} -- " in fixtures for name in ("oncall_simulator", "datadog_oncall", "oncall_guard"))
    assert "aiooncall_guard (bool)" in run("", "--help").stdout.str()


def test_loading_the_plugin_costs_nothing() -> None:
    """The plugin brings in pytest and the bare package: no library, no client, no simulator."""
    code = "import sys, pytest; had = set(sys.modules); import aiooncall.pytest_plugin; print(*set(sys.modules) - had)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {"aiooncall", "aiooncall._base", "aiooncall._base.lazy", "aiooncall.pytest_plugin"}
    assert set(done.stdout.split()) == ours


@pytest.mark.slow
def test_workers_of_xdist(pytester: pytest.Pytester) -> None:
    """Each worker of pytest-xdist has the plugin and its guard."""
    pytester.makeini("[pytest]\naiooncall_guard = true\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(f"{PREAMBLE}\npytestmark = pytest.mark.asyncio\n{ASYNC_TESTS}{REFUSED}")
    done = pytester.runpytest_subprocess("-W", "error", "-n1", "-p", "no:hypothesispytest")
    done.assert_outcomes(passed=3)


REFUSED = """
async def test_refused():
    async with DatadogOnCall("key", "app") as client:
        with pytest.raises(OptionsError, match="aiooncall_guard"): await client.pages.create("Disk full", target=TEAM)
"""
