"""The check of exported types reads pyright's report as it is meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests import verified_types
from tests.verified_types import LEAST, main, share, untyped


def report(known: int, ambiguous: int = 0, unknown: int = 0) -> dict[str, Any]:
    """Return a report of so many names."""
    counts = {"withKnownType": known, "withAmbiguousType": ambiguous, "withUnknownType": unknown}
    return {"typeCompleteness": {"exportedSymbolCounts": counts, "symbols": []}}


def symbol(name: str, *, known: bool = True, ambiguous: bool = False, exported: bool = True) -> dict[str, Any]:
    """Return what a report has of a name."""
    said = [] if known and not ambiguous else [{"message": 'Type is missing\n  Inferred type is "int"'}]
    flags = {"isExported": exported, "isTypeKnown": known, "isTypeAmbiguous": ambiguous}
    return {"name": name, **flags, "diagnostics": said}


def test_share() -> None:
    """Ambiguous types count as unknown ones do, and a package that was not found has none that are known."""
    assert share(report(97, 2, 1)) == 0.97
    assert share(report(5)) == 1
    assert share(report(0)) == 0


def test_untyped_names_are_told() -> None:
    """What is exported and has no known type is told in one line each, with the reason; nothing else is."""
    made = report(1, 1, 1)
    made["typeCompleteness"]["symbols"] = [
        symbol("aiooncall.Page"),
        symbol("aiooncall.a", ambiguous=True),
        symbol("aiooncall.b", known=False),
        symbol("aiooncall._base.c", known=False, exported=False),
    ]
    why = 'Type is missing Inferred type is "int"'
    assert untyped(made) == [f"aiooncall.a: {why}", f"aiooncall.b: {why}"]


@pytest.mark.parametrize(("known", "code"), [(1000, 0), (990, 0), (989, 1), (0, 1)])
def test_too_few_fail(monkeypatch: pytest.MonkeyPatch, known: int, code: int) -> None:
    """The check fails below its share, and not at it."""
    assert LEAST == 0.99
    monkeypatch.setattr(verified_types, "verify", lambda: report(known, 1000 - known))
    with pytest.raises(SystemExit) as ended:
        main()
    assert int(ended.value.code or 0) == code
