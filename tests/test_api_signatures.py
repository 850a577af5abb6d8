"""The public signatures change only on purpose: `tests/api_signatures.txt` has them, a line each.

`python -m tests.test_api_signatures` writes it anew. What its difference shows belongs in CHANGELOG.md.
"""

from __future__ import annotations

from difflib import unified_diff
from typing import Final

from aiooncall import Urgency, UserId
from tests.support.examples import ROOT
from tests.support.signatures import of_class, parameters, signatures

KEPT: Final = ROOT / "tests" / "api_signatures.txt"
COMMAND: Final = "python -m tests.test_api_signatures"


def test_signatures_are_the_kept_ones() -> None:
    """Each public name, method, parameter, default and member of an enum is as it was written down."""
    kept, now = KEPT.read_text(encoding="utf-8").splitlines(), signatures().splitlines()
    changed = [line for line in unified_diff(kept, now, "kept", "now", lineterm="", n=0) if not line.startswith("@@")]
    assert not changed, "\n".join([f"On purpose? Then run `{COMMAND}` and tell it in CHANGELOG.md.", *changed])


def test_services_are_among_them() -> None:
    """What a client's services offer is written down, and so is what a service in a service offers."""
    lines = KEPT.read_text(encoding="utf-8")
    assert "\nasync aiooncall.DatadogOnCall.pages.acknowledge(page_id: str) -> None\n" in lines
    assert "\naiooncall.GrafanaOnCall.alert_groups.list(" in lines
    assert "\nasync aiooncall.DatadogOnCall.schedules.overrides.delete(" in lines


def test_parameters_are_as_in_the_source() -> None:
    """A signature tells apart what goes by place, by name or both, and shows a default as it is written."""

    def act(self: object, a: int, /, b: str, *more: int, c: Urgency = Urgency.LOW, **rest: str) -> None: ...

    def ask(*, at: str | None = None) -> None: ...

    assert parameters(act) == "(a: int, /, b: str, *more: int, c: Urgency = Urgency.LOW, **rest: str)"
    assert parameters(ask) == "(*, at: str | None = None)"


def test_classes_show_how_they_are_made() -> None:
    """A class shows its arguments, and an enum its members."""
    assert next(of_class("UserId", UserId)) == "UserId" + parameters(UserId)
    (urgencies,) = of_class("Urgency", Urgency)
    assert urgencies == "Urgency: " + ", ".join(f"{one.name} = '{one}'" for one in Urgency)


def test_no_address_is_kept() -> None:
    """No line has the address of an object, which is another one in each process."""
    assert " at 0x" not in KEPT.read_text(encoding="utf-8")


if __name__ == "__main__":
    KEPT.write_text(signatures(), encoding="utf-8")
