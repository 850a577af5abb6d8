"""The files around the code say the same: the workflow, the nox sessions, the README and the list of Pythons."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from typing import Final

from tests.support.examples import ROOT

WORKFLOW: Final = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMAND: Final = re.compile(r"^```sh\n(python3 -m venv .*)\n```$", re.MULTILINE)


def matrix(name: str) -> list[str]:
    """Return the values of a matrix of the workflow."""
    (values,) = re.findall(rf"^ +{name}: \[(.*)\]$", WORKFLOW, re.MULTILINE)
    return [value.strip(' "') for value in values.split(",")]


def default_sessions() -> list[str]:
    """Return the sessions that plain `nox` runs."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    sessions: list[str] = ast.literal_eval(assigned["nox.options.sessions"])
    return sessions


def test_workflow_tests_each_supported_python() -> None:
    """The workflow tests on exactly the Pythons that the package's classifiers name."""
    said = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line) for line in PROJECT["classifiers"]]
    assert matrix("python") == [found[1] for found in said if found]
    assert PROJECT["requires-python"] == f">={matrix('python')[0]}"


def test_workflow_runs_each_session() -> None:
    """The workflow runs every session of plain `nox`."""
    assert sorted([*matrix("session"), "tests"]) == sorted(default_sessions())


def test_readme_commands_are_run() -> None:
    """The README's two commands are run by the workflow as they stand there, the second one by `.ci/run` too."""
    see, check = COMMAND.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert f"run: {see}\n" in WORKFLOW
    assert f"run: {check}\n" in WORKFLOW
    assert f"  {check}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_tests_are_not_run_twice_on_one_python() -> None:
    """`.ci/run` tells nox the Python on which it has tested with coverage, and the noxfile asks for it by that name."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (name,) = re.findall(r'PYTEST_ADDOPTS="--cov .*" readme && (\w+)="\$\(version\)" everything', script)
    assert f'os.environ.get("{name}")' in (ROOT / "noxfile.py").read_text(encoding="utf-8")


def test_workflow_steps_are_pinned() -> None:
    """Each action of the workflow is one commit, with its version beside it."""
    pinned = re.findall(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", WORKFLOW, re.MULTILINE)
    assert len(pinned) == WORKFLOW.count("uses:")


def test_workflow_may_only_read() -> None:
    """The workflow is given no permission but to read the sources, and leaves no token beside them."""
    assert "\npermissions: {}\n" in WORKFLOW
    assert ": write" not in WORKFLOW
    assert len(re.findall(r"permissions:\n {6}contents: read\n", WORKFLOW)) == WORKFLOW.count("runs-on:")
    assert WORKFLOW.count("persist-credentials: false") == WORKFLOW.count("actions/checkout@")


def test_script_from_elsewhere_is_the_one_that_is_named() -> None:
    """The script that draws Mermaid is, byte for byte, the one that CONTRIBUTING.md names; its licence is beside it."""
    (name, digest) = re.findall(
        r"`(docs/_static/.+\.js)` is made elsewhere[^#]+`([0-9a-f]{64})`",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    )[0]
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest
    assert (ROOT / name).with_name("LICENSE").read_text(encoding="utf-8").startswith("The MIT License")
