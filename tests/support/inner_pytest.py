"""Runs of pytest inside a test, in the same process."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import aiooncall

if TYPE_CHECKING:
    import pytest

STRICT = ("-W", "error", "--strict-markers", "--strict-config", "-p", "no:cacheprovider")


@cache
def import_package() -> None:
    """Import all of the package.

    When an inner run ends, pytest forgets the modules that it brought. Imported once more, they would have other
    classes than those that the package still holds.
    """
    for module in walk_packages(aiooncall.__path__, "aiooncall."):
        if not module.name.startswith(("aiooncall.cli", "aiooncall.__main__")):
            import_module(module.name)


def run_suite(pytester: pytest.Pytester, code: str, *options: str) -> pytest.RunResult:
    """Have pytest run a module of tests, with warnings as errors, and return what came of it.

    Args:
        pytester: in whose folder it runs.
        code: of the module.
        options: for the command line.
    """
    import_package()
    has_loops = "no:asyncio" not in options
    pytester.makeini(f"[pytest]\n{'asyncio_default_fixture_loop_scope = function' if has_loops else ''}\n")
    pytester.makepyfile(code)
    return pytester.runpytest_inprocess(*STRICT, *options)
