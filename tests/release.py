"""Whether the sources may be released under a tag.

`python -m tests.release v0.1.0` prints what is missing, and exits with 1 if anything is.
"""

from __future__ import annotations

import os
import sys
import tomllib
from typing import TYPE_CHECKING

from tests.support.changelog import UNRELEASED, parse
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.changelog import Release


def missing(tag: str, version: str, newest: Release, sources: str) -> Iterator[str]:
    """Yield what keeps sources from being released.

    Args:
        tag: what the release is called in the repository.
        version: what pyproject.toml says.
        newest: the first release of the changelog.
        sources: the address of the repository.
    """
    if tag != f"v{version}":
        yield f"the tag is {tag}, and pyproject.toml has version {version}: expected v{version}"
    if newest.number != version:
        yield f"the first version of CHANGELOG.md is {newest.number}; expected {version}"
    if newest.released == UNRELEASED:
        yield f"CHANGELOG.md has no date for {newest.number}: it says {UNRELEASED}"
    if not sources:
        yield "SOURCES_URL is not set: the links of the README would lead nowhere"


def main(tag: str) -> None:
    """Print what is missing of the sources here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = parse((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    if found := list(missing(tag, project["version"], newest, os.environ.get("SOURCES_URL", ""))):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
