"""How much of what the package exports has a type that every type checker knows and infers alike.

`python -m tests.verified_types` asks pyright, prints each name that lacks one, and exits with 1 if they are too many.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

from tests.support.examples import ROOT

LEAST: Final = 0.99
"""The share of the exported names that have a known type."""
COMMAND: Final = ("pyright", "--verifytypes", "aiooncall", "--ignoreexternal", "--outputjson")


def share(report: dict[str, Any]) -> float:
    """Return the share of the exported names that have a known type; 0 if the package was not found."""
    counts: dict[str, int] = report["typeCompleteness"]["exportedSymbolCounts"]
    return counts["withKnownType"] / (sum(counts.values()) or 1)


def untyped(report: dict[str, Any]) -> list[str]:
    """Return the exported names that have no known type, each with what pyright says of it."""
    return [
        f"{symbol['name']}: {' '.join(said['message'].split())}"
        for symbol in report["typeCompleteness"]["symbols"]
        if symbol["isExported"] and (symbol["isTypeAmbiguous"] or not symbol["isTypeKnown"])
        for said in symbol["diagnostics"]
    ]


def verify() -> dict[str, Any]:
    """Return pyright's report of the package as it is installed here."""
    command = [sys.executable, "-m", *COMMAND, "--pythonpath", sys.executable]
    report: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout)
    return report


def main() -> None:
    """Print what has no known type, and the share of what has one."""
    report = verify()
    print("\n".join([*untyped(report), f"{share(report):.1%} of the exported names have a known type"]))  # noqa: T201
    sys.exit(share(report) < LEAST)


if __name__ == "__main__":
    main()
