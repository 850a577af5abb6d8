"""What `from aiooncall import …` offers: a change here is a change of the public interface."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import aiooncall

EXPORTED = [
    "AmbiguousOutcome",
    "ApiError",
    "AttemptFinished",
    "AttemptTimeout",
    "BadRequest",
    "BudgetLearned",
    "BudgetSnapshot",
    "CallRate",
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
    "Event",
    "FanOut",
    "Forbidden",
    "Hook",
    "Ids",
    "ItemOutcome",
    "LinkError",
    "NotFound",
    "OnCallError",
    "OptionsError",
    "Page",
    "PageSort",
    "PageStatus",
    "PoolOptions",
    "RateLimit",
    "RateLimited",
    "Report",
    "ResourceRef",
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
    "Urgency",
    "UserId",
    "log_events",
]


def test_exactly_this_is_public() -> None:
    """The public names are the ones listed here, in order and each once."""
    assert aiooncall.__all__ == EXPORTED
    assert sorted(EXPORTED) == EXPORTED
    assert len(set(EXPORTED)) == len(EXPORTED)


@pytest.mark.parametrize("name", EXPORTED)
def test_name_can_be_imported(name: str) -> None:
    """Each public name is there, and a class or function among them is our own and says what it is for."""
    exported = getattr(aiooncall, name)
    if inspect.isclass(exported) or inspect.isfunction(exported):
        assert exported.__module__.startswith("aiooncall.")
        assert exported.__name__ == name
        assert inspect.getdoc(exported)


def test_star_import_brings_these_names() -> None:
    """A star import brings the public names and nothing else."""
    names: dict[str, object] = {}
    exec("from aiooncall import *", names)
    assert sorted(names.keys() - {"__builtins__"}) == EXPORTED


def test_import_brings_no_tools() -> None:
    """Importing the package loads neither the command line, the simulator, the tests' tools nor their libraries."""
    code = "import sys, aiooncall; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"aiooncall", "aiooncall.client"} <= set(loaded)
    heavy = {"aiooncall.simulator", "aiooncall.cli", "typer", "rich", "pytest", "hypothesis", "aiohttp.web", "sqlite3"}
    assert heavy.isdisjoint(loaded)
