"""The check of distributions finds what is wrong with them, and metadata have what an index shows."""

from __future__ import annotations

import io
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from typing import TYPE_CHECKING, Final

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.metadata.spec import construct_metadata_file_2_4
from hatchling.plugin.manager import PluginManager

from hatch_build import TARGET, resolve_links
from tests.distributions import (
    INFO,
    differing,
    metadata_faults,
    read_folder,
    read_sdist,
    read_wheel,
    sdist_faults,
    wheel_faults,
)
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES: Final = "https://git.example/on-call/aiooncall"
NAMES: Final = {"aiooncall/__init__.py", "aiooncall/py.typed", "aiooncall/window.lua", "tests/test_all.py", "LICENSE"}


def metadata(monkeypatch: pytest.MonkeyPatch, sources: str = "") -> bytes:
    """Return the metadata of the project, as the backend builds them."""
    monkeypatch.setenv("SOURCES_URL", sources)
    return construct_metadata_file_2_4(ProjectMetadata(str(ROOT), PluginManager())).encode()


def parsed(text: bytes) -> Message[str, str]:
    """Return the fields of metadata."""
    return BytesParser().parsebytes(text)


def good_wheel() -> dict[str, bytes]:
    """Return a wheel of `NAMES`."""
    info = {f"aiooncall-1.0.dist-info/{name}" for name in INFO}
    return dict.fromkeys(info | {name for name in NAMES if name.startswith("aiooncall/")}, b"")


def test_good_distributions_have_no_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel with the package alone, an sdist with all that a clone has, and the metadata of the project are right."""
    assert list(wheel_faults(good_wheel(), NAMES, "1.0")) == []
    assert list(sdist_faults(dict.fromkeys({"PKG-INFO", *NAMES}, b""), NAMES)) == []
    for sources in ("", SOURCES):
        assert list(metadata_faults(metadata(monkeypatch, sources), PROJECT)) == []


@pytest.mark.parametrize("name", ["aiooncall/py.typed", "aiooncall/window.lua", "aiooncall-1.0.dist-info/METADATA"])
def test_missing_file_of_a_wheel(name: str) -> None:
    """A file of the package or of its metadata that a wheel lacks is told."""
    wheel = good_wheel()
    del wheel[name]
    assert list(wheel_faults(wheel, NAMES, "1.0")) == [f"the wheel lacks {name}"]


@pytest.mark.parametrize("name", ["tests/test_all.py", "aiooncall/left_over.py", "aiooncall/a.pyc", "night.db"])
def test_foreign_file_of_a_wheel(name: str) -> None:
    """Tests, compiled files and whatever lies about are told when they are in a wheel."""
    faults = list(wheel_faults({**good_wheel(), name: b""}, NAMES, "1.0"))
    assert faults == [f"the wheel has {name}, which does not belong there"]


def test_faults_of_an_sdist() -> None:
    """A test that an sdist lacks is told, and what does not belong to the project."""
    sdist = dict.fromkeys({"PKG-INFO", "night.db", *NAMES} - {"tests/test_all.py"}, b"")
    assert list(sdist_faults(sdist, NAMES)) == [
        "the sdist lacks tests/test_all.py",
        "the sdist has night.db, which does not belong there",
    ]


def test_faults_of_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field, a classifier or an extra that metadata lack is told, and a link that an index cannot follow."""
    text = metadata(monkeypatch, SOURCES)
    assert list(metadata_faults(text.replace(b"Summary:", b"Other:"), PROJECT)) == ["the metadata have no Summary"]
    changed = text.replace(b"Provides-Extra: cli", b"Provides-Extra: clI")
    assert len(list(metadata_faults(changed, PROJECT))) == 2
    relative = text + b"\n[more](docs/bulk.md#undo), [less](docs/none.md)\n"
    assert list(metadata_faults(relative, PROJECT)) == ["the description leads to docs/bulk.md#undo"]


def test_other_bytes_are_told() -> None:
    """A file that two builds have differently, or that only one has, is told."""
    assert list(differing({"a": b"1", "b": b"2"}, {"a": b"1", "b": b"2"})) == []
    assert len(list(differing({"a": b"1", "b": b"2"}, {"a": b"2", "c": b""}))) == 3


def test_archives_are_read(tmp_path: Path) -> None:
    """The names in an sdist are read without its folder, those in a wheel as they are, with what is in the files."""
    wheel, sdist = tmp_path / "a.whl", tmp_path / "a.tar.gz"
    with zipfile.ZipFile(wheel, "w") as written:
        written.writestr("aiooncall/py.typed", "x")
    with tarfile.open(sdist, "w:gz") as packed:
        member = tarfile.TarInfo("aiooncall-1.0/tests/__init__.py")
        member.size = 1
        packed.addfile(member, io.BytesIO(b"y"))
    assert read_wheel(wheel) == {"aiooncall/py.typed": b"x"}
    assert read_sdist(sdist) == {"tests/__init__.py": b"y"}
    assert read_folder(tmp_path).keys() == {"a.whl", "a.tar.gz"}


def test_links_lead_to_the_files_of_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of the sources all links of the README to files lead there, and the README says the same."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = parsed(metadata(monkeypatch, f"{SOURCES}/"))
    text = str(said.get_payload())
    targets = [target for _, target in TARGET.findall(readme) if not target.startswith(("http", "#"))]
    assert targets
    assert all((ROOT / target.partition("#")[0]).exists() for target in targets)
    assert text.count(f"{SOURCES}/blob/v{PROJECT['version']}/") + text.count(f"{SOURCES}/raw/") == len(targets)
    assert (
        text.replace(f"{SOURCES}/blob/v{PROJECT['version']}/", "")
        .replace(f"{SOURCES}/raw/v{PROJECT['version']}/", "")
        .strip()
        == readme.strip()
    )


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of the sources metadata have those of the project; without it they have the vendors' alone."""
    labels = [url.partition(",")[0] for url in parsed(metadata(monkeypatch, SOURCES)).get_all("Project-URL", [])]
    vendors = [url.partition(",")[0] for url in parsed(metadata(monkeypatch)).get_all("Project-URL", [])]
    assert labels == ["Source", "Documentation", "Changelog", "Issues", *vendors]
    assert [label for label in vendors if "API" not in label] == []


FILES: Final = f"{SOURCES}/{{}}/v1.0"


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("[a](LICENSE)", f"[a]({SOURCES}/blob/v1.0/LICENSE)"),
        ("[a](docs/bulk.md#undo)", f"[a]({SOURCES}/blob/v1.0/docs/bulk.md#undo)"),
        ("![a](docs/call.svg)", f"![a]({SOURCES}/raw/v1.0/docs/call.svg)"),
        ("[![a](docs/call.svg)](LICENSE)", f"[![a]({SOURCES}/raw/v1.0/docs/call.svg)]({SOURCES}/blob/v1.0/LICENSE)"),
        ('<img src="docs/call.svg">', f'<img src="{SOURCES}/raw/v1.0/docs/call.svg">'),
        ("[a](https://example.com)", None),
        ("[a](#licence)", None),
        ("rows[0](LICENSE_OF_NOBODY)", None),
    ],
)
def test_resolved_links(text: str, resolved: str | None) -> None:
    """Links to files lead to their page, pictures to the file itself; all else stays as it is."""
    assert resolve_links(text, ROOT, FILES) == (text if resolved is None else resolved)
