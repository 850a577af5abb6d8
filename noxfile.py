"""Everything that is checked before a change goes in: plain `nox` runs all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nox

if TYPE_CHECKING:
    from collections.abc import Iterator

PYPROJECT = nox.project.load_toml("pyproject.toml")
CHAOTIC = ("tests/distributed/test_chaos.py", "tests/distributed/test_taskiq_workers.py")
MEASURE = ("--cov", "--cov-report=", "--cov-fail-under=0")
UNHURRIED = ("-o", "faulthandler_timeout=0")
"""Lets a test take its time."""
BIN = "Scripts" if sys.platform == "win32" else "bin"

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"  # uv, where it is installed, takes seconds for what takes a minute
nox.options.error_on_external_run = True
nox.options.reuse_venv = "yes"
# The tests come last, so that their summary is what a log ends with; only the coverage follows.
nox.options.sessions = ["lint", "typing", "docs", "build", "demo", "bench_quick", "rules", "valkey", "tests"]


def ask(*command: str) -> str:
    """Return what `command` prints; nothing if it fails or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30)  # noqa: S603 (our own)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def folders() -> Iterator[Path]:
    """Yield where an interpreter may be: beside the running one, on the path, among pyenv's versions."""
    yield Path(sys.executable).parent
    yield from map(Path, os.get_exec_path())
    if root := os.environ.get("PYENV_ROOT") or ask("pyenv", "root"):
        yield from sorted(Path(root, "versions").glob("*/bin"))


def find_python(version: str) -> Path | None:
    """Return a `pythonX.Y` that really runs as such: a pyenv shim can be on the path and fail all the same."""
    question = "import ssl, sys, venv; print('%d.%d' % sys.version_info[:2])"
    for folder in dict.fromkeys(folders()):
        found = shutil.which(f"python{version}", path=str(folder))
        if found and ask(found, "-c", question) == version:
            return Path(found)
    return None


def present(versions: list[str]) -> list[str]:
    """Return those of `versions` that are here, and make nox find the same interpreters by name."""
    here: list[str] = []
    for version in versions:
        python = find_python(version)
        if python is None:
            continue
        here.append(version)
        if shutil.which(python.name) != str(python):
            os.environ["PATH"] = os.pathsep.join((str(python.parent), os.environ["PATH"]))
    return here


SUPPORTED = nox.project.python_versions(PYPROJECT)
PRESENT = present(SUPPORTED)
COVERED = os.environ.get("COVERED_PYTHON")
"""The Python on which the tests have just passed, with their coverage measured; `.ci/run` says so."""


def group(*names: str) -> tuple[str, ...]:
    """Return the requirements of dependency groups."""
    return nox.project.dependency_groups(PYPROJECT, *names)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types with mypy and pyright, how many names have one, and the types of the documentation's examples."""
    session.install("-e", ".[cli,fast]", *group("typing", "bench"))
    session.run("mypy")
    session.run("pyright")
    session.run("python", "-m", "tests.verified_types")
    session.run("python", "-m", "tests.typed_examples")
    session.run("pytest", "-q", "-n0", "tests/test_typed_examples.py")


@nox.session(python=PRESENT or None)
def tests(session: nox.Session) -> None:
    """Run the tests on every supported Python that is here; arguments go to pytest.

    What they cover is measured on the oldest one only, as it takes half as long again. In `.ci/run` those between the
    oldest and the newest run the fast tests only.
    """
    if COVERED and session.python == COVERED:
        session.notify("coverage")
        session.skip("they have passed on this Python, and their coverage is measured")
    session.install("-e", ".[cli,fast]", *group("tests"))
    measured = not COVERED and not session.posargs and session.python in {None, *PRESENT[:1]}
    between = COVERED and session.python != PRESENT[-1]
    chosen = ("-m", "not slow") if between else ()
    session.run("pytest", *(MEASURE if measured else (*chosen, *session.posargs)))
    if measured:
        session.notify("coverage")


@nox.session
def quick(session: nox.Session) -> None:
    """Check style and types, and run the fast tests: what to run between two edits."""
    session.install("-e", ".[cli,fast]", *group("lint", "tests", "typing", "bench"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("pytest", "-q", "-m", "not slow", *session.posargs, env={"HYPOTHESIS_PROFILE": "quick"})


@nox.session
def soak(session: nox.Session) -> None:
    """Look for trouble that is rare: hundreds of storms, the long forms of tests, and new examples for properties."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    env = {"SOAK_SEEDS": "300", "HYPOTHESIS_PROFILE": "explore"}
    session.run("pytest", *UNHURRIED, *(session.posargs or ["tests"]), env=env)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Give every call a hundred thousand spoilt answers a half: no error that is not ours, nothing sent twice."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    session.run("pytest", *UNHURRIED, "tests/test_fuzz.py", *session.posargs, env={"FUZZ": "100000"})


@nox.session
def chaos(session: nox.Session) -> None:
    """Run jobs over workers on two brokers, and kill workers, coordinator, broker and Redis: ninety-six times."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    env = {"CHAOS": "2", "AIOONCALL_REQUIRE_SERVERS": "1"}
    session.run("pytest", *UNHURRIED, "-n2", *(session.posargs or CHAOTIC), env=env)


@nox.session
def valkey(session: nox.Session) -> None:
    """Run the tests of several processes over Valkey, in the place of Redis; arguments go to pytest."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    session.run("pytest", *(session.posargs or ["tests/distributed"]), env={"AIOONCALL_REDIS_SERVER": "valkey-server"})


@nox.session
def rules(session: nox.Session) -> None:
    """Switch each rule of the limits off in turn, on a copy: some test has to mind."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    session.run("python", "-m", "tests.rules", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change one thing in the source, and see whether some test minds; hundreds of times, so that it takes hours."""
    session.install("-e", ".[cli,fast]", *group("tests"))
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Check that what the tests covered is enough."""
    session.install("coverage[toml]")
    session.run("coverage", "report")
    missing = sorted(set(SUPPORTED) - set(PRESENT))
    if missing:
        session.log(f"not tested, because it is not installed: Python {', '.join(missing)}")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, and look at it in Chromium; a broken reference fails."""
    session.install("-e", ".[rabbitmq,nats,opentelemetry,prometheus]", *group("docs", "tests"))
    built = Path("docs", "_build")
    shutil.rmtree(built, ignore_errors=True)
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-q", "-d", f"{built}/doctrees", "docs", f"{built}/html")
    session.run("pytest", "-q", "-n0", "tests/docs", env={"AIOONCALL_BUILT_DOCS": f"{built}/html"})


@nox.session
def links(session: nox.Session) -> None:
    """Ask every other site that the documentation links to whether the page is there; this needs the network."""
    session.install("-e", ".[rabbitmq,nats,opentelemetry,prometheus]", *group("docs"))
    session.run("sphinx-build", "-b", "linkcheck", "-q", "docs", "docs/_build/links")


@nox.session
def demo(session: nox.Session) -> None:
    """Run the demo: a storm on the unreliable simulator."""
    session.install("-e", ".[cli]")
    session.run("python", "-m", "aiooncall", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks; arguments are passed on."""
    run_benchmarks(session, *session.posargs)


@nox.session
def bench_quick(session: nox.Session) -> None:
    """Run a short version of the benchmarks, to see that they work."""
    run_benchmarks(session, "--quick")


def run_benchmarks(session: nox.Session, *arguments: str) -> None:
    """Install what the benchmarks need, the tests' peers included, and run them."""
    session.install("-e", ".", *group("bench", "tests"))
    session.run("python", "-m", "benchmarks", *arguments)


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel into `dist` as a release does, check them, and use the wheel away from the sources.

    A tag as argument tells that it is a release: the version and the changelog have to be those of the tag.
    """
    session.install(*group("build"))
    if session.posargs:
        session.run("python", "-m", "tests.release", *session.posargs)
    build_twice(session)
    use_wheel(session, *Path("dist").resolve().glob("*.whl"))


def build_twice(session: nox.Session) -> None:
    """Build sdist and wheel twice, the second wheel from the sources and not from the sdist; compare and check them."""
    again = Path(session.create_tmp(), "again")
    for folder in (Path("dist"), again):
        shutil.rmtree(folder, ignore_errors=True)
    # https://reproducible-builds.org/docs/source-date-epoch/: the time that all files of an archive have.
    env = {"SOURCE_DATE_EPOCH": committed} if (committed := ask("git", "log", "-1", "--format=%ct")) else {}
    session.run("python", "-m", "build", "--outdir", "dist", env=env)
    session.run("python", "-m", "build", "--sdist", "--wheel", "--outdir", str(again), env=env)
    session.run("python", "-m", "tests.distributions", "dist", str(again))
    session.run("twine", "check", "--strict", *map(str, sorted(Path("dist").iterdir())))


def use_wheel(session: nox.Session, wheel: Path) -> None:
    """Install a wheel in a fresh environment, and use it away from the sources."""
    folder = Path(session.create_tmp()).resolve()
    scripts = folder / "venv" / BIN
    session.run("python", "-m", "venv", "--clear", str(folder / "venv"))
    session.chdir(folder)
    session.run(str(scripts / "python"), "-m", "pip", "install", "-q", f"{wheel}[cli]", external=True)
    check = "import aiooncall, aiooncall.simulator; print(aiooncall.__file__, aiooncall.DatadogOnCall.__name__)"
    session.run(str(scripts / "python"), "-c", check, external=True)
    session.run(str(scripts / "aiooncall"), "--version", external=True)
