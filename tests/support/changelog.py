"""CHANGELOG.md as a program reads it, in the form of https://keepachangelog.com/en/1.1.0/."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

KINDS: Final = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
UNRELEASED: Final = "unreleased"
RELEASE: Final = re.compile(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d|unreleased)")


class Release(NamedTuple):
    """A version, when it was released, and its entries by kind."""

    version: tuple[int, int, int]
    released: str
    entries: dict[str, list[str]]

    @property
    def number(self) -> str:
        """The version, as it is written."""
        return ".".join(map(str, self.version))


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
