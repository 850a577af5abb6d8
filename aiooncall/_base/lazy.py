"""Packages that import a public name when it is first asked for.

Such a package lists its names once, as imports for type checkers, editors and what bundles applications:

    if TYPE_CHECKING:
        from aiooncall.errors import ApiError as ApiError
    else:
        __all__, __getattr__, __dir__ = attach(__name__)
"""

from __future__ import annotations

import builtins
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType


class _Noted:
    """A module that is not imported: it has every name, and each of them remembers whose it is."""

    def __init__(self, module: str, *_: object) -> None:
        self.module = module

    def __getattr__(self, _name: str) -> _Noted:
        return self


def attach(package: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__all__`, `__getattr__` and `__dir__` of the package that calls this, from the imports in it.

    Args:
        package: the package's name.
    """
    places = _imports(sys._getframe(1).f_code)  # noqa: SLF001 (the code is there wherever it was loaded from)
    public = sorted(name for name in places if not name.startswith("_"))

    def bring(name: str) -> Any:  # noqa: ANN401 (whatever it is)
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        found = getattr(import_module(places[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        return sorted({*places, *(name for name in vars(sys.modules[package]) if name.startswith("__"))})

    return public, bring, names


def _imports(code: CodeType) -> dict[str, str]:
    """Return the names that a module imports for type checkers, with the modules that have them; nothing is imported.

    The code runs once more, with an `import` that only takes notes. There `TYPE_CHECKING` is a note too, and so true.
    What pytest imports into modules whose asserts it rewrites, those of plugins, has names that nobody can write.
    """
    namespace: dict[str, Any] = {"__builtins__": {**vars(builtins), "__import__": _Noted}}
    exec(code, namespace)  # noqa: S102 (our own module)
    imported = {name: found for name, found in namespace.items() if isinstance(found, _Noted)}
    noted = {name: found.module for name, found in imported.items() if name.isidentifier()}
    del noted["TYPE_CHECKING"]
    return noted
