"""CHANGELOG.md keeps to the form of https://keepachangelog.com/en/1.1.0/, so that programs can read it as well."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import Final, NamedTuple

import pytest

from tests.support.examples import ROOT

TEXT: Final = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS: Final = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
UNRELEASED: Final = "unreleased"
RELEASE: Final = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d|unreleased)")


class Release(NamedTuple):
    """A version, when it was released, and its entries by kind."""

    version: tuple[int, int, int]
    released: str
    entries: dict[str, list[str]]


def parse_section(text: str) -> tuple[str, list[str]]:
    """Return the kind of a section and its entries, each on one line."""
    kind, _, body = text.partition("\n")
    assert kind in KINDS, f"{kind!r} is none of {', '.join(sorted(KINDS))}"
    _, *entries = re.split(r"^- ", body, flags=re.MULTILINE)
    assert entries, f"{kind} is empty"
    for entry in entries:
        loose = [line for line in entry.rstrip().splitlines()[1:] if not line.startswith("  ")]
        assert not loose, f"neither an entry nor part of one: {loose[0]!r}"
    return kind, [" ".join(entry.split()) for entry in entries]


def parse_release(text: str) -> Release:
    """Return what a second-level heading and all below it say."""
    heading, _, body = text.partition("\n")
    found = RELEASE.fullmatch(heading)
    assert found, f"not a version and its date: {heading!r}"
    _, *sections = re.split(r"^### ", body, flags=re.MULTILINE)
    parsed = [parse_section(section) for section in sections]
    assert len(dict(parsed)) == len(parsed), f"{heading} has two sections of one kind"
    if found[4] != UNRELEASED:
        date.fromisoformat(found[4])
    return Release((int(found[1]), int(found[2]), int(found[3])), found[4], dict(parsed))


def parse(text: str) -> list[Release]:
    """Return the releases of a changelog, the newest first."""
    assert text.startswith("# Changelog\n")
    _, *releases = re.split(r"^## ", text, flags=re.MULTILINE)
    return [parse_release(release) for release in releases]


def test_releases_are_in_order() -> None:
    """The newest version comes first, has the number of the package, and is the only one that may be unreleased."""
    releases = parse(TEXT)
    versions = [release.version for release in releases]
    assert versions == sorted(set(versions), reverse=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ".".join(map(str, versions[0])) == project["version"]
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
