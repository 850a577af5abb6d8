"""Packages whose names are imported when they are first asked for; the stub of a package says from where."""

from __future__ import annotations

import ast
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def attach(package: str, file: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that brings what the stub beside it imports.

    Args:
        package: the package's name.
        file: the package's `__init__.py`; its stub is `__init__.pyi`.
    """

    @cache
    def stub() -> tuple[dict[str, str], list[str]]:
        tree = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        places = {alias.name: str(node.module) for node in imports for alias in node.names}
        (public,) = [node.value for node in tree.body if isinstance(node, ast.Assign)]
        return places, ast.literal_eval(public)

    def bring(name: str) -> Any:  # noqa: ANN401 (whatever it is)
        places, public = stub()
        if name == "__all__":
            return public
        if name not in public:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(places[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return bring
