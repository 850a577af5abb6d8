"""What keeps sources from being released is told, and the workflow of releases may do no more than it has to."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml

from tests.release import main, missing
from tests.support.changelog import UNRELEASED, Release
from tests.support.examples import ROOT

TEXT: Final = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
WORKFLOW: Final[dict[Any, Any]] = yaml.safe_load(TEXT)
JOBS: Final[dict[str, dict[str, Any]]] = WORKFLOW["jobs"]
READY: Final = Release((0, 2, 0), "2027-02-28", {"Fixed": ["One."]})


def steps() -> list[dict[str, Any]]:
    """Return the steps of all jobs."""
    return [step for job in JOBS.values() for step in job["steps"]]


@pytest.mark.parametrize(
    ("tag", "version", "newest", "said"),
    [
        ("v0.2.0", "0.2.0", READY, []),
        ("0.2.0", "0.2.0", READY, ["the tag is 0.2.0"]),
        ("v0.2.1", "0.2.0", READY, ["the tag is v0.2.1"]),
        ("v0.3.0", "0.3.0", READY, ["the first version of CHANGELOG.md is 0.2.0"]),
        ("v0.2.0", "0.2.0", READY._replace(released=UNRELEASED), ["CHANGELOG.md has no date for 0.2.0"]),
    ],
)
def test_what_is_missing(tag: str, version: str, newest: Release, said: list[str]) -> None:
    """A release needs the tag of its version, and a section with a date in the changelog."""
    found = list(missing(tag, version, newest, "https://git.example/on-call/aiooncall"))
    assert [text.partition(",")[0].partition(";")[0].partition(":")[0] for text in found] == said


def test_links_need_an_address() -> None:
    """A release needs the address of its sources, as the links of its README would lead nowhere without."""
    assert [text.partition(" ")[0] for text in missing("v0.2.0", "0.2.0", READY, "")] == ["SOURCES_URL"]


def test_wrong_tag_ends_the_build() -> None:
    """The check of the sources here fails for the tag of another version, and says what was expected."""
    with pytest.raises(SystemExit, match=r"the tag is v9\.9\.9.*expected v"):
        main("v9.9.9")


def test_workflow_starts_with_a_tag_alone() -> None:
    """Nothing but a pushed tag makes a release."""
    assert WORKFLOW[True] == {"push": {"tags": ["v[0-9]*"]}}  # `on` is a boolean of YAML 1.1


def test_workflow_permissions() -> None:
    """The job that runs code of the project may only read; no job that may sign or publish has or runs the sources."""
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "attest": {"attestations": "write", "id-token": "write"},
        "publish": {"id-token": "write"},
    }
    for name in ("attest", "publish"):
        assert [step for step in JOBS[name]["steps"] if "run" in step or "checkout" in step["uses"]] == []


def test_workflow_publishes_on_request_alone() -> None:
    """Nothing is published before somebody sets a variable, and then only after whom the environment asks."""
    assert JOBS["publish"]["if"] == "vars.PUBLISH == 'true'"
    assert JOBS["publish"]["environment"] == "release"
    assert [name for name, job in JOBS.items() if "publish" in str(job["steps"])] == ["publish"]


def test_workflow_builds_by_the_session() -> None:
    """A release is built and checked by the session that checks each change, and what it leaves is what is signed."""
    (built,) = [step for step in JOBS["build"]["steps"] if step.get("run", "").startswith("nox")]
    assert built["run"] == 'nox -s build -- "$TAG"'
    assert set(built["env"]) == {"TAG", "SOURCES_URL"}
    places = [step["with"]["path"] for step in steps() if "artifact" in step.get("uses", "")]
    assert places == ["dist/"] * len(JOBS)


def test_workflow_steps_are_pinned() -> None:
    """Each action is one commit, with its version beside it; no text of an event gets into a shell; no token stays."""
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(re.findall(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", TEXT, re.MULTILINE)) == len(used)
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []
    checkouts = [step for step in steps() if "actions/checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
