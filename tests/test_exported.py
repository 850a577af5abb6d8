"""What `from aiooncall import …` offers: a change here is a change of the public interface."""

from __future__ import annotations

import compileall
import inspect
import pydoc
import rlcompleter
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import aiooncall
from aiooncall import bulk, datadog, distributed, grafana, instrumentation, simulator
from aiooncall._base.version import UNKNOWN, read_version

if TYPE_CHECKING:
    from types import ModuleType

EXPORTED = [
    "UNSET",
    "AlertGroup",
    "AlertGroupState",
    "AmbiguousOutcome",
    "ApiError",
    "AttemptFinished",
    "AttemptStarted",
    "AttemptTimeout",
    "BadRequest",
    "BudgetHeld",
    "BudgetLearned",
    "BudgetSnapshot",
    "CallCancelled",
    "CallFinished",
    "CallRate",
    "CallStarted",
    "Change",
    "ClientClosed",
    "ClientOptions",
    "Clock",
    "CodecError",
    "Conflict",
    "ConnectError",
    "ConnectionDropped",
    "CreatedPage",
    "DatadogOnCall",
    "DeadlineExceeded",
    "DeleteMode",
    "Delivery",
    "Diff",
    "Event",
    "FailureKind",
    "FanOut",
    "Forbidden",
    "GrafanaOnCall",
    "GraphTooLarge",
    "HeldBy",
    "Hold",
    "Hook",
    "Ids",
    "ItemOutcome",
    "JobPaused",
    "JobResumed",
    "JournalError",
    "LinkError",
    "LossyWrite",
    "NotFound",
    "NothingSelected",
    "OnCall",
    "OnCallError",
    "OptionsError",
    "Page",
    "PageSort",
    "PageStatus",
    "PagedGroup",
    "PagedUser",
    "PlanRefused",
    "PoolOptions",
    "PreciseTime",
    "RateLimit",
    "RateLimited",
    "Report",
    "Resource",
    "ResourceRef",
    "Responder",
    "ResponseTooLarge",
    "ResultLimitReached",
    "RetryPolicy",
    "RetryScheduled",
    "Seconds",
    "ServerError",
    "SessionPool",
    "ShiftMismatch",
    "Target",
    "TeamHandle",
    "TeamId",
    "Throttled",
    "TransportError",
    "Unauthorized",
    "UnknownResource",
    "UnsetType",
    "Urgency",
    "UserId",
    "WriteNotKept",
    "diff",
    "evolve",
    "log_events",
]


LENT = {"evolve"}
"""Names that are another library's, which users need together with ours."""


PUBLIC = [aiooncall, bulk, datadog, distributed, grafana, instrumentation, simulator]
"""The packages whose names are public."""


def public(package: ModuleType) -> list[str]:
    """Return the `__all__` of a package; where it is made at run time, type checkers do not know it."""
    names: list[str] = vars(package)["__all__"]
    return names


def test_exactly_this_is_public() -> None:
    """The public names are the ones listed here, each once."""
    assert public(aiooncall) == sorted(EXPORTED)
    assert len(set(EXPORTED)) == len(EXPORTED)


@pytest.mark.parametrize("name", EXPORTED)
def test_name_can_be_imported(name: str) -> None:
    """Each public name is there, and a class or function among them is our own and says what it is for."""
    exported = getattr(aiooncall, name)
    if inspect.isclass(exported) or inspect.isfunction(exported):
        assert exported.__module__.startswith("aiooncall.") or name in LENT
        assert exported.__name__ == name
        assert inspect.getdoc(exported)


def test_datadog_has_its_models() -> None:
    """What Datadog's answers and requests consist of can be imported from its package, and says what it is for."""
    classes = [getattr(datadog, name) for name in public(datadog) if inspect.isclass(getattr(datadog, name))]
    assert len(classes) > 40
    assert [kind.__name__ for kind in classes if not inspect.getdoc(kind)] == []
    assert {"EscalationPolicy", "Schedule", "RoutingRules", "NotificationRule", "PolicyInclude"} <= set(public(datadog))


def test_star_import_brings_these_names() -> None:
    """A star import brings the public names and nothing else."""
    names: dict[str, object] = {}
    exec("from aiooncall import *", names)
    assert names.keys() - {"__builtins__"} == set(EXPORTED)


def test_import_brings_no_tools() -> None:
    """Importing the package loads no service, command line, simulator or tool of the tests, nor their libraries."""
    code = "import sys; from aiooncall import DatadogOnCall, GrafanaOnCall; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"aiooncall", "aiooncall.client"} <= set(loaded)
    heavy = {
        "aiooncall.simulator",
        "aiooncall.cli",
        "aiooncall.datadog.resources",
        "aiooncall.grafana.resources",
        "typer",
        "rich",
        "pytest",
        "hypothesis",
        "aiohttp.web",
        "sqlite3",
        "aiolimiter",
        "redis",
        "prometheus_client",
    }
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_names_are_found(package: ModuleType) -> None:
    """`dir`, `help` and the completion of a Python prompt know every public name, loaded or not."""
    assert set(public(package)) <= set(dir(package))
    described = pydoc.plain(pydoc.render_doc(package))
    prompt = rlcompleter.Completer({"package": package})
    for name in public(package):
        assert name in described
        assert str(prompt.complete(f"package.{name}", 0)).startswith(f"package.{name}")


@pytest.mark.parametrize("package", [aiooncall, datadog, grafana], ids=lambda package: package.__name__)
def test_only_public_names_are_found(package: ModuleType) -> None:
    """What is internal, such as a module that was loaded, is not offered; a name that is not there is an error."""
    assert {name for name in dir(package) if not name.startswith("__")} == set(public(package))
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'Pager'"):
        _ = package.Pager


def test_version() -> None:
    """The version is that of the installed distribution; without one it says that it is unknown."""
    assert aiooncall.__version__ == version("aiooncall") != UNKNOWN
    assert read_version("no-such-distribution") == UNKNOWN
    assert "__version__" in dir(aiooncall)


def test_import_alone_loads_nothing() -> None:
    """`import aiooncall` loads neither a client nor a library: each name comes when it is asked for."""
    code = "import sys, aiooncall; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert {"aiooncall", "aiooncall._base.lazy"} <= loaded
    assert {"aiohttp", "attrs", "aiooncall.errors", "importlib.metadata"}.isdisjoint(loaded)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_works_from_a_zip_file(tmp_path: Path, compiled: bool) -> None:
    """An archive of the package works, without its sources and stubs as well: that is how applications are bundled."""
    copy = tmp_path / "app" / "aiooncall"
    shutil.copytree(Path(aiooncall.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    if compiled:
        assert compileall.compile_dir(copy, quiet=1, legacy=True)
        for source in copy.rglob("*.py"):
            source.unlink()
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", copy.parent)
    code = f"import sys; sys.path.insert(0, {archive!r}); import aiooncall; from aiooncall.grafana import Route; "
    code += "print(aiooncall.__file__, aiooncall.DatadogOnCall.__name__, Route.__name__, aiooncall.__version__)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.split()
    assert done[0].startswith(archive)
    assert done[1:] == ["DatadogOnCall", "Route", aiooncall.__version__]
