"""What `from aiooncall import …` offers: a change here is a change of the public interface."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import aiooncall
from aiooncall import datadog

EXPORTED = [
    "UNSET",
    "AlertGroup",
    "AlertGroupState",
    "AmbiguousOutcome",
    "ApiError",
    "AttemptFinished",
    "AttemptTimeout",
    "BadRequest",
    "BudgetHeld",
    "BudgetLearned",
    "BudgetSnapshot",
    "CallCancelled",
    "CallRate",
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


def test_exactly_this_is_public() -> None:
    """The public names are the ones listed here, each once."""
    assert aiooncall.__all__ == EXPORTED
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
    classes = [getattr(datadog, name) for name in datadog.__all__ if inspect.isclass(getattr(datadog, name))]
    assert len(classes) > 40
    assert [kind.__name__ for kind in classes if not inspect.getdoc(kind)] == []
    assert {"EscalationPolicy", "Schedule", "RoutingRules", "NotificationRule", "PolicyInclude"} <= set(datadog.__all__)


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
    }
    assert heavy.isdisjoint(loaded)
