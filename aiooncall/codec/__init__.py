"""JSON to attrs classes and back, by cattrs.

Rules that hold for every model:

- Open: a field typed `SomeEnum | str` takes a value it does not know as the plain text it is. A union of classes that
  differ in `type` takes an unknown type as its last member.
- Lossless: what a class does not know is kept in its `extra` and goes back with a write. A field that is `UNSET` is
  not on the wire at all; None is null.
- Strict: a wrong type or a missing field is a `CodecError` with its JSON path, never a silent default.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import cattrs
import orjson

from aiooncall.codec.fields import read_only_names, wire_name
from aiooncall.codec.reading import add_reading, describe
from aiooncall.codec.writing import add_writing
from aiooncall.errors import CodecError, OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "dumps",
    "explain",
    "loads",
    "make_converter",
    "structure",
    "structure_each",
    "structure_hook",
    "unstructure",
    "wire_name",
    "writable",
]

T = TypeVar("T")
DEEPEST: Final = 200
"""How many levels deep a value is searched for what cannot be written."""
_PAIRS_AND_HALVES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a whole surrogate pair, or (as the group) half of one."""


@lru_cache(maxsize=2)
def make_converter(*, detailed: bool) -> cattrs.Converter:
    """Return the converter for the rules above, made once; `detailed` makes it slower and its errors precise."""
    converter = cattrs.Converter(detailed_validation=detailed)
    add_reading(converter)
    add_writing(converter)
    return converter


def structure(value: object, kind: type[T], *, path: str = "$") -> T:
    """Return `value` (plain JSON) as an instance of `kind`.

    Args:
        value: parsed JSON.
        kind: an attrs class.
        path: where `value` stands in its document, for the error.

    Raises:
        CodecError: it does not fit; the error has the JSON path.
    """
    try:
        return make_converter(detailed=False).structure(value, kind)
    except Exception as problem:  # noqa: BLE001 (cattrs lets through whatever a hook raised)
        error = _error(value, kind, path, problem)
    raise error  # here, because in `except` it would carry the other error, which shows the answer


def _error(value: object, kind: type, path: str, problem: Exception) -> CodecError:
    return explain(value, kind, path) or CodecError(str(problem), path=path)


def structure_each(values: Iterable[object], kind: type[T], *, path: str = "$") -> Iterator[T]:
    """Yield `values` as instances of `kind`, each made when it is wanted, so that few are there at a time.

    Args:
        values: parsed JSON.
        kind: an attrs class.
        path: where the array of them stands in its document, for the error.

    Raises:
        CodecError: one does not fit; the error has the JSON path.
    """
    read = structure_hook(kind)
    for position, value in enumerate(values):
        try:
            made = read(value, kind)
        except Exception as problem:  # noqa: BLE001 (cattrs lets through whatever a hook raised)
            error = _error(value, kind, f"{path}[{position}]", problem)
            break
        yield made
    else:
        return
    raise error


def structure_hook(kind: type[T]) -> Callable[[object, type[T]], T]:
    """Return what reads plain JSON as an instance of `kind`, which it is told, too.

    It raises anything; `explain` says what was wrong.
    """
    return make_converter(detailed=False).get_structure_hook(kind)


def explain(value: object, kind: type, path: str) -> CodecError | None:
    """Structure `value` slowly, to learn where it goes wrong; None if it does not."""
    first = ""
    try:
        make_converter(detailed=True).structure(value, kind)
    except Exception as group:  # noqa: BLE001 (cattrs lets through whatever a hook raised)
        first = cattrs.transform_error(group, path=path, format_exception=describe)[0]
    said, _, where = first.rpartition(" @ ")
    return CodecError(said or first, path=where or path) if first else None


def unstructure(model: object) -> Any:  # noqa: ANN401 (any JSON)
    """Return a model as plain JSON, with what it does not know and without what is UNSET."""
    return make_converter(detailed=False).unstructure(model)


def writable(model: object) -> dict[str, Any]:
    """Return what a write of `model` sends: everything that is set, without what the server makes."""
    left_out = read_only_names(type(model))
    return {name: value for name, value in unstructure(model).items() if name not in left_out}


def loads(body: bytes) -> Any:  # noqa: ANN401 (any JSON)
    """Return the JSON in `body`, or raise CodecError."""
    if not body:
        raise CodecError("the answer is empty where JSON was promised")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        said = str(problem)
    return _mended(body, said)


def _mended(body: bytes, problem: str) -> Any:  # noqa: ANN401 (any JSON)
    """Return JSON with broken characters, each of them replaced by the replacement character.

    Otherwise half a surrogate pair, or a byte that is not UTF-8, in one text would cost the whole list around it.
    """
    text = _PAIRS_AND_HALVES.sub(_keep_pair, body.decode("utf-8", "replace"))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        unreadable = CodecError(f"the answer is not JSON: {problem}")
    raise unreadable  # here, because in `except` it would carry the other error, which has the whole answer


def _keep_pair(found: re.Match[str]) -> str:
    """Return what stands for an escape: a backslash and a whole pair are kept, half a pair is replaced."""
    return found[0] if found[1] is None else "\\ufffd"


def dumps(value: object) -> bytes:
    """Return `value` as JSON.

    Raises:
        OptionsError: something in it cannot travel as JSON, such as half a surrogate pair; it says what, and where.
    """
    try:
        return _written(value)
    except (orjson.JSONEncodeError, ValueError):
        raise _unfit(value, "") from None


def _written(value: object) -> bytes:
    body = orjson.dumps(value)
    if b"null" in body:  # orjson writes null for an infinite number, and for one that is none
        json.dumps(value, allow_nan=False, default=str)
    return body


def _unfit(value: object, place: str, depth: int = 0) -> OptionsError:
    """Return the error for the first part of `value` that is no JSON."""
    named: list[tuple[str, Any]] = []
    parts: Any = value
    if isinstance(value, dict):
        named = [(f"{place}.{name}", inner) for name, inner in parts.items() if _fits(name)]
    elif isinstance(value, list | tuple):
        named = [(f"{place}[{number}]", inner) for number, inner in enumerate(parts)]
    for name, inner in named:
        if depth < DEEPEST and not _fits(inner):
            return _unfit(inner, name, depth + 1)
    field = place.removeprefix(".data").removeprefix(".attributes").removeprefix(".")
    return OptionsError(field or "body", parts, "what JSON can hold: whole characters, numbers of 64 bits, known types")


def _fits(value: object) -> bool:
    try:
        _written(value)
    except (orjson.JSONEncodeError, ValueError):
        return False
    return True
