"""The signatures of everything public, a line each: names, parameters, defaults, members of enums."""

from __future__ import annotations

import enum
import inspect
import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.client.services import ServiceOf
from aiooncall.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES: Final = (
    "aiooncall",
    "aiooncall.events",
    "aiooncall.datadog",
    "aiooncall.grafana",
    "aiooncall.audit",
    "aiooncall.bulk",
    "aiooncall.coverage",
    "aiooncall.distributed",
    "aiooncall.instrumentation",
    "aiooncall.simulator",
)
ADDRESS: Final = re.compile(r" (object )?at 0x[0-9a-f]+")


def public_names(module: str) -> list[str]:
    """Return what a module offers: its `__all__`, else the public names that it defines."""
    found = import_module(module)
    if listed := getattr(found, "__all__", None):
        return sorted(listed)
    own = (name for name, thing in vars(found).items() if getattr(thing, "__module__", None) == module)
    return sorted(name for name in own if not name.startswith("_"))


def default_of(value: object) -> str:
    """Return how a default is written, the same in every process; `...` for one that is made anew."""
    text = repr(value)
    if isinstance(value, enum.Enum) and text.startswith("<"):
        return f"{type(value).__name__}.{value.name}"
    return "..." if text == "NOTHING" else ADDRESS.sub("", text)


def written(annotation: object) -> str:
    """Return an annotation as the source has it."""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def parameter(found: inspect.Parameter) -> str:
    """Return a parameter as it is written in a signature."""
    stars = "*" if found.kind is found.VAR_POSITIONAL else "**" if found.kind is found.VAR_KEYWORD else ""
    kind = "" if found.annotation is found.empty else f": {written(found.annotation)}"
    default = "" if found.default is found.empty else f" = {default_of(found.default)}"
    return f"{stars}{found.name}{kind}{default}"


def parameters(function: Any) -> str:
    """Return the parameters of a function or class, in parentheses; `*` and `/` stand where they do in the source."""
    parts: list[str] = []
    kinds = [*inspect.signature(function).parameters.values()]
    for before, found in zip([None, *kinds], kinds, strict=False):
        previous = before and before.kind
        if previous is found.POSITIONAL_ONLY and found.kind is not found.POSITIONAL_ONLY:
            parts.append("/")
        if found.kind is found.KEYWORD_ONLY and previous not in {found.KEYWORD_ONLY, found.VAR_POSITIONAL}:
            parts.append("*")
        if found.name not in {"self", "cls"}:
            parts.append(parameter(found))
    return f"({', '.join(parts)})"


def returned(function: Any) -> str:
    """Return what a function says that it returns."""
    annotation = inspect.signature(function).return_annotation
    return "" if annotation is inspect.Signature.empty else f" -> {written(annotation)}"


def owner(kind: type, name: str) -> type:
    """Return the class that defines a member of `kind`."""
    return next(base for base in kind.__mro__ if name in vars(base))


def is_ours(thing: object) -> bool:
    """Whether something is defined in the package."""
    # attrs gives `evolve` to classes as a method, and `__module__` and all with it, so a function's globals are asked.
    home = getattr(thing, "__globals__", {}).get("__name__") or getattr(thing, "__module__", "")
    return str(home).startswith("aiooncall")


def member(place: str, found: object) -> str | None:
    """Return the line of a method or property; None for what is in the signature of the class."""
    if isinstance(found, property):
        return f"{place}{returned(found.fget)}".replace(" -> ", ": ")
    if isinstance(found, cached_property):
        return f"{place}{returned(found.func)}".replace(" -> ", ": ")
    function = found.__func__ if isinstance(found, classmethod | staticmethod) else found
    if not inspect.isfunction(function):
        return None
    waits = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{waits}{place}{parameters(function)}{returned(function)}"


def of_members(place: str, kind: type) -> Iterator[str]:
    """Yield a line for each public method and property of a class, inherited ones of the package included."""
    for name in sorted(name for name in dir(kind) if not name.startswith("_")):
        if is_ours(owner(kind, name)) and (line := member(f"{place}.{name}", inspect.getattr_static(kind, name))):
            yield line
    for field in getattr(kind, "__attrs_attrs__", ()):
        if not field.init and not field.name.startswith("_"):
            yield f"{place}.{field.name}: {field.type}"


def of_class(place: str, kind: type) -> Iterator[str]:
    """Yield the lines of a class: how it is made, and its members."""
    if issubclass(kind, enum.Enum):
        yield f"{place}: {', '.join(f'{one.name} = {one.value!r}' for one in kind)}"
    elif is_ours(owner(kind, "__init__")) and not getattr(kind, "_is_protocol", False):
        yield f"{place}{parameters(kind)}"
    else:
        yield place
    yield from of_members(place, kind)


def of_services(place: str, holder: object) -> Iterator[str]:
    """Yield the lines of the services that a client, or another service, holds."""
    for name in sorted(name for name in dir(type(holder)) if not name.startswith("_")):
        if isinstance(inspect.getattr_static(type(holder), name), ServiceOf | cached_property):
            service = getattr(holder, name)
            yield from of_members(f"{place}.{name}", type(service))
            yield from of_services(f"{place}.{name}", service)


def of_module(module: str, seen: dict[type, str]) -> Iterator[str]:
    """Yield the lines of a module's public names. An alias is only named, as Pythons write it in different ways."""
    for name in public_names(module):
        place, thing = f"{module}.{name}", getattr(import_module(module), name)
        if inspect.isclass(thing) and is_ours(thing):
            first = seen.setdefault(thing, place)
            yield from of_class(place, thing) if first == place else [f"{place} is {first}"]
        elif inspect.isfunction(thing) and is_ours(thing):
            yield str(member(place, thing))
        else:
            yield place


def signatures() -> str:
    """Return the signatures of everything public."""
    seen: dict[type, str] = {}
    lines = [line for module in MODULES for line in of_module(module, seen)]
    lines += of_services("aiooncall.DatadogOnCall", DatadogOnCall("api-key", "app-key"))
    lines += of_services("aiooncall.GrafanaOnCall", GrafanaOnCall("https://oncall.example.com", "token"))
    lines += of_members("aiooncall.simulator.Simulator.grafana", type(Simulator().grafana))
    return "".join(f"{line}\n" for line in lines)
