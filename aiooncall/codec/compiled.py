"""Readers of objects, compiled: one function for each class, which looks at plain values without a call for each.

They expect what is usual. Whatever is not goes to the reader that knows all rules and says what is wrong.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Union, cast

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.codec.fields import REQUIRED, choices, has_extra, is_member, member_names, wire_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Structure = Callable[[Any, Any], Any]
    HookOf = Callable[[attrs.Attribute[Any], Any], Structure]

_PLAIN: Final = (str, int, bool)
_LEAVE: Final = "return otherwise(found, _)"
_COUNT: Final = "absent += 1"


def compile_reader(kind: type, hook_of: HookOf, otherwise: Structure) -> Structure:
    """Return what reads an object as an instance of `kind`.

    Args:
        kind: an attrs class whose annotations are resolved.
        hook_of: returns what reads a field as a type.
        otherwise: reads what is not as usual, or raises.
    """
    members = [field for field in attrs.fields(kind) if is_member(field)]
    known, given = member_names(kind), [f"{field.alias}=_{field.name}" for field in members]
    if has_extra(kind):
        beyond = "{key: item for key, item in found.items() if key not in known}"
        given.append(f"extra={{}} if len(found) + absent == {len(known)} else {beyond}")
    names: dict[str, Any] = {"kind": kind, "UNSET": UNSET, "known": known, "otherwise": otherwise}
    lines = (
        "def read(found, _):",
        f"if found.__class__ is not dict: {_LEAVE}",
        "get, absent = found.get, 0",
        *(line for field in members for line in _lines(field, hook_of, names)),
        *(f"if {name!r} not in found: {_COUNT}" for name in known - {wire_name(field) for field in members}),
        "made = kind.__new__(kind)",
        f"kind.__init__(made, {', '.join(given)})",
        "return made",
    )
    exec("\n    ".join(lines), names)  # noqa: S102 (the text is made of the names in this package's own classes)
    return cast("Structure", names["read"])


def _lines(field: attrs.Attribute[Any], hook_of: HookOf, names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that read one field, and add to `names` what they need."""
    value, allowed = f"_{field.name}", choices(field.type) or (field.type,)
    rest = [choice for choice in allowed if choice is not NoneType]
    kind: Any = rest[0] if len(rest) == 1 else Union[allowed]  # noqa: UP007 (of a tuple of types)
    may_be_absent = field.default is UNSET and not field.metadata.get(REQUIRED, False)
    but_null = f" and {value} is not None" if len(rest) < len(allowed) else ""
    yield f"{value} = get({wire_name(field)!r}, UNSET)"
    yield f"if {value} is UNSET: {_COUNT if may_be_absent else _LEAVE}"
    if kind in _PLAIN:
        yield f"elif {value}.__class__ is not {kind.__name__}{but_null}: {_LEAVE}"
    elif kind is not Any:
        names |= {f"read{value}": hook_of(field, kind), f"kind{value}": kind}
        yield f"elif True{but_null}: {value} = read{value}({value}, kind{value})"
