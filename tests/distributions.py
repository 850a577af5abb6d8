"""Whether an sdist and a wheel are what they have to be: whole, without anything else, and the same at each build.

`python -m tests.distributions dist again` looks at two builds of the sources here, prints what is wrong, and exits with
1 if anything is.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatch_build import TARGET
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Files = dict[str, bytes]
"""What an archive has, by name."""
PACKAGE: Final = "aiooncall"
INFO: Final = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
"""What a wheel has beside the package, in a folder of its own."""
FIELDS: Final = (
    "Summary",
    "Author",
    "Keywords",
    "License-Expression",
    "License-File",
    "Requires-Python",
    "Project-URL",
)


def sources() -> set[str]:
    """Return the names of the files here that are not ignored."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return {name for name in listed if (ROOT / name).is_file()}


def read_sdist(path: Path) -> Files:
    """Return what an sdist has, without the folder that is named for the version."""
    with tarfile.open(path) as archive:
        opened = {member.name: archive.extractfile(member) for member in archive if not member.isdir()}
        return {name.partition("/")[2]: file.read() for name, file in opened.items() if file is not None}


def read_wheel(path: Path) -> Files:
    """Return what a wheel has."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unequal(what: str, found: Iterable[str], expected: set[str]) -> Iterator[str]:
    """Yield the names that were found and not expected, or the other way round."""
    names = set(found)
    yield from (f"{what} lacks {name}" for name in sorted(expected - names))
    yield from (f"{what} has {name}, which does not belong there" for name in sorted(names - expected))


def wheel_faults(wheel: Files, names: set[str], version: str) -> Iterator[str]:
    """Yield what a wheel lacks, and what it has too much.

    Args:
        wheel: what it has.
        names: the files of the project.
        version: the version of the project.
    """
    info = {f"{PACKAGE}-{version}.dist-info/{name}" for name in INFO}
    yield from unequal("the wheel", wheel, info | {name for name in names if name.startswith(f"{PACKAGE}/")})


def sdist_faults(sdist: Files, names: set[str]) -> Iterator[str]:
    """Yield what an sdist lacks of what a clone has, the tests among it, and what it has too much."""
    yield from unequal("the sdist", sdist, {"PKG-INFO", *names})


def metadata_faults(text: bytes, project: Mapping[str, Any]) -> Iterator[str]:
    """Yield what metadata lack, and the links of the description that an index cannot follow.

    Args:
        text: the metadata, as they are in a distribution.
        project: the table `project` of pyproject.toml.
    """
    said = BytesParser().parsebytes(text)
    yield from (f"the metadata have no {field}" for field in FIELDS if not said[field])
    for field, key in (("Classifier", "classifiers"), ("Provides-Extra", "optional-dependencies")):
        yield from unequal(f"{field} of the metadata", said.get_all(field, ()), set(project[key]))
    if any(url.startswith("Source, ") for url in said.get_all("Project-URL", ())):
        targets = {target for _, target in TARGET.findall(str(said.get_payload()))}
        yield from (f"the description leads to {target}" for target in sorted(targets) if is_file(target))


def is_file(target: str) -> bool:
    """Return whether a link leads to a file of the project."""
    path = target.partition("#")[0]
    return bool(path) and (ROOT / path).exists()


def differing(builds: Mapping[str, bytes], again: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the files that two builds do not have alike, byte by byte."""
    names = sorted(builds.keys() | again.keys())
    yield from (f"{name} is another one at each build" for name in names if builds.get(name) != again.get(name))


def read_folder(folder: Path) -> Files:
    """Return the files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def faults(folder: Path, again: Path) -> Iterator[str]:
    """Yield what is wrong with the distributions in a folder, of which another build is in `again`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version, names = project["version"], sources()
    wheel = read_wheel(folder / f"{PACKAGE}-{version}-py3-none-any.whl")
    sdist = read_sdist(folder / f"{PACKAGE}-{version}.tar.gz")
    yield from differing(read_folder(folder), read_folder(again))
    yield from wheel_faults(wheel, names, version)
    yield from sdist_faults(sdist, names)
    yield from metadata_faults(wheel[f"{PACKAGE}-{version}.dist-info/METADATA"], project)
    if sdist["PKG-INFO"] != wheel[f"{PACKAGE}-{version}.dist-info/METADATA"]:
        yield "the sdist and the wheel have different metadata"


def main(folder: str, again: str) -> None:
    """Print what is wrong with two builds."""
    if found := list(faults(Path(folder), Path(again))):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
