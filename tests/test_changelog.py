"""CHANGELOG.md keeps to the form of https://keepachangelog.com/en/1.1.0/, so that programs can read it as well."""

from __future__ import annotations

import tomllib
from typing import Final

import pytest

from tests.support.changelog import UNRELEASED, Release, parse
from tests.support.examples import ROOT

TEXT: Final = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_releases_are_in_order() -> None:
    """The newest version comes first, has the number of the package, and is the only one that may be unreleased."""
    releases = parse(TEXT)
    versions = [release.version for release in releases]
    assert versions == sorted(set(versions), reverse=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert releases[0].number == project["version"]
    assert UNRELEASED not in {release.released for release in releases[1:]}


def test_entries_are_sentences() -> None:
    """Each entry ends with a full stop, and none stands there twice in a version."""
    for release in parse(TEXT):
        entries = [entry for kind in release.entries.values() for entry in kind]
        assert [entry for entry in entries if not entry.endswith(".")] == []
        assert sorted(set(entries)) == sorted(entries)


GOOD: Final = "# Changelog\n\n## [0.2.0] - 2027-02-28\n\n### Fixed\n\n- One.\n- Two,\n  three.\n"


def test_good_one_is_read() -> None:
    """Versions, dates, kinds and entries over several lines are read."""
    assert parse(GOOD) == [Release((0, 2, 0), "2027-02-28", {"Fixed": ["One.", "Two, three."]})]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("# Changelog", "# Changes"),
        ("2027-02-28", "2027-02-30"),
        ("2027-02-28", "soon"),
        ("[0.2.0]", "0.2"),
        ("### Fixed", "### Mended"),
        ("- One.\n- Two,\n  three.\n", ""),
        ("  three.", "three."),
        ("- Two,", "### Fixed\n\n- Two,"),
    ],
)
def test_wrong_one_is_refused(right: str, wrong: str) -> None:
    """What is not in the form is refused: another heading, date, kind or line."""
    with pytest.raises((AssertionError, ValueError)):
        parse(GOOD.replace(right, wrong))
