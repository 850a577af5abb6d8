"""What the source itself must look like, read from its syntax trees."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = ROOT / "aiooncall"
RANKS: Final = [
    "_text", "ratelimit", "on_call", "errors", "_base", "events", "options", "limits", "transport", "codec", "jsonapi",
    "difference", "outcomes", "fanout", "client", "drawing", "coverage", "audit", "datadog", "grafana", "bulk",
    "distributed", "instrumentation", "__init__", "simulator", "pytest_plugin", "cli", "__main__",
]  # fmt: skip
"""From the lowest layer to the highest: a layer imports only from lower ones.

The simulator needs no more than the clock, but stands above the package so that no part of the SDK can lean on it.
"""
ON_ITS_OWN: Final = {
    "simulator/": ("simulator/", "_base/clock.py"),
    "simulator/http/": ("simulator/http/", "_base/clock.py"),
    "simulator/datadog/": ("simulator/http/", "simulator/datadog/"),
    "simulator/grafana/": ("simulator/http/", "simulator/grafana/"),
}
"""Folders whose modules may import nothing of the package but these, not even a type."""
TOOLS_FOR: Final = {
    "backoff": ("_base/backoff.py",),
    "aiolimiter": ("limits/client_rate.py",),
    "cattrs": ("codec/",),
    "icalendar": ("coverage/calendars.py",),
    "redis": ("distributed/",),
    "aiohttp": ("transport/", "simulator/", "cli/metrics_server.py"),
    "opentelemetry": ("instrumentation/",),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "dotenv": ("cli/settings.py",),
    "prometheus_client": (
        "instrumentation/prometheus.py",
        "cli/exporting.py",
        "cli/on_call_gauges.py",
        "cli/metrics_server.py",
    ),
    "pytest": ("pytest_plugin/",),
    "pytest_asyncio": ("pytest_plugin/clients.py",),
    "taskiq": ("distributed/", "cli/workers.py"),
    "taskiq_aio_pika": ("distributed/taskiq_workers.py",),
    "taskiq_nats": ("distributed/jetstream.py",),
    "nats": ("distributed/jetstream.py",),
}
"""The only places that may import a library."""
MOST_LINES: Final = 300
MOST_LINES_IN_A_FUNCTION: Final = 50
FILES: Final = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Import(NamedTuple):
    """An import, and where it stands."""

    file: str
    line: int
    module: str
    for_types: bool

    @property
    def place(self) -> str:
        """Return file, line and what is imported."""
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def parse(file: str) -> ast.Module:
    """Return the syntax tree of a module of the package."""
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


def is_for_types(node: ast.AST) -> bool:
    """Return whether `node` is `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(file: str) -> Iterator[Import]:
    """Yield the imports of `file`, wherever in it they stand."""
    for_types = {
        id(inner)
        for node in ast.walk(parse(file))
        if isinstance(node, ast.If) and is_for_types(node)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(parse(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, id(node) in for_types)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            for alias in node.names:
                yield Import(file, node.lineno, module_of(node.module or "", alias.name), id(node) in for_types)
        elif isinstance(node, ast.Call) and (place := place_of_service(node)):
            yield Import(file, node.lineno, f"aiooncall.{layer(file)}.{place}", for_types=False)


def place_of_service(node: ast.Call) -> str:
    """Return the module of the service of a client, which is imported by its name; nothing for any other call."""
    if isinstance(node.func, ast.Name) and node.func.id == "ServiceOf" and isinstance(node.args[0], ast.Constant):
        return str(node.args[0].value).partition(":")[0]
    return ""


def module_of(module: str, name: str) -> str:
    """Return the module that `from module import name` imports: a submodule of that name, or `module`."""
    parts = module.split(".")
    if parts[0] != "aiooncall":
        return module
    inside = PACKAGE.joinpath(*parts[1:], name)
    return f"{module}.{name}" if inside.is_dir() or inside.with_suffix(".py").exists() else module


def file_of(module: str) -> str:
    """Return the file of a module of the package."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found.relative_to(PACKAGE).as_posix()


def layer(file: str) -> str:
    """Return the layer that `file` belongs to."""
    return file.partition("/")[0].removesuffix(".py")


@cache
def all_imports() -> list[Import]:
    """Return the imports of the whole package."""
    return [found for file in FILES for found in imports(file)]


def run_imports() -> list[Import]:
    """Return those that are not for type checkers only."""
    return [found for found in all_imports() if not found.for_types]


def our_imports() -> list[Import]:
    """Return those of modules of the package itself."""
    return [found for found in run_imports() if found.module.partition(".")[0] == "aiooncall"]


def test_every_module_has_a_rank() -> None:
    """Each file belongs to a layer whose rank is known, so that a new layer can't go unchecked."""
    assert {layer(file) for file in FILES} <= set(RANKS)


def test_layers_import_only_from_below() -> None:
    """At run time no layer imports from a higher one, and none but the tools on top imports the package itself."""
    rank = {name: number for number, name in enumerate(RANKS)}
    wrong = [found.place for found in our_imports() if rank[layer(file_of(found.module))] > rank[layer(found.file)]]
    assert wrong == []


@pytest.mark.parametrize("folder", ON_ITS_OWN)
def test_folder_stands_on_its_own(folder: str) -> None:
    """The simulator judges the client, so it shares nothing but the clock with it; nor do its two vendors share."""
    ours = [found for found in all_imports() if found.file.startswith(folder) and found.module.startswith("aiooncall")]
    wrong = [found.place for found in ours if not file_of(found.module).startswith(ON_ITS_OWN[folder])]
    assert ours, f"nothing is in {folder}: take it off the list"
    assert wrong == []


@pytest.mark.parametrize("library", TOOLS_FOR)
def test_library_has_its_place(library: str) -> None:
    """A library is imported at run time only where its use is confined to."""
    users = [found for found in run_imports() if found.module.partition(".")[0] == library]
    wrong = [found.place for found in users if not found.file.startswith(TOOLS_FOR[library])]
    assert users, f"{library} is used nowhere: take it off the list"
    assert wrong == []


def offered(init: str) -> set[str]:
    """Return the names that a package has from its own `__init__`, or by the stub beside it."""
    stub = (PACKAGE / init).with_suffix(".pyi")
    tree = ast.parse((stub if stub.exists() else PACKAGE / init).read_text(encoding="utf-8"))
    brought = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return brought | {node.name for node in public(tree)}


def test_no_module_hides_a_public_name() -> None:
    """No module has the name of something that its package offers: importing the module would put it in its place."""
    packages = [file for file in FILES if file.endswith("__init__.py")]
    hidden = [
        f"{other}: {name}"
        for init in packages
        for name in offered(init)
        for other in FILES
        if other in {str(Path(init).parent / f"{name}.py"), str(Path(init).parent / name / "__init__.py")}
    ]
    assert any(offered(init) for init in packages)
    assert hidden == []


def test_no_import_cycle() -> None:
    """Following imports, those for types too, never leads back to where one came from, inside a layer either."""
    expect_no_cycle([found for found in all_imports() if found.module.partition(".")[0] == "aiooncall"])


def expect_no_cycle(found_imports: list[Import]) -> None:
    """Follow imports from each file, and fail where one leads back."""
    graph: dict[str, set[str]] = {file: set() for file in FILES}
    for found in found_imports:
        graph[found.file].add(file_of(found.module))
    done: set[str] = set()

    def visit(file: str, path: tuple[str, ...]) -> None:
        assert file not in path, f"cycle: {' > '.join((*path[path.index(file) :], file))}"
        if file not in done:
            for other in sorted(graph[file] - {file}):
                visit(other, (*path, file))
            done.add(file)

    for file in FILES:
        visit(file, ())


def test_modules_are_short() -> None:
    """Each module can be read in one sitting."""
    lines = {file: len((PACKAGE / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: number for file, number in lines.items() if number > MOST_LINES} == {}


def length(node: ast.stmt) -> int:
    """Return how many lines a statement takes."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_are_short() -> None:
    """Each function without its docstring fits on a screen."""
    long = [
        f"{file}: {node.name}: {lines}"
        for file in FILES
        for node in ast.walk(parse(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := length(node) - (length(node.body[0]) if ast.get_docstring(node) else 0))
        > MOST_LINES_IN_A_FUNCTION
    ]
    assert long == []


def public(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Yield the public functions, classes and methods of `tree`."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_public_names_say_what_they_are() -> None:
    """Each module and each public function, class and method has a docstring."""
    silent = [
        f"{file}: {getattr(node, 'name', 'the module')}"
        for file in FILES
        for node in (parse(file), *public(parse(file)))
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_test_files_have_names_of_their_own() -> None:
    """No two test modules share a name, so that any of them can be told by it."""
    shared = {"__init__.py", "conftest.py"}
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name not in shared]
    assert sorted(set(names)) == sorted(names)
