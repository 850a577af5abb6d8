"""From classes to JSON: the hooks that cattrs is given."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import attrs
from cattrs.gen import make_dict_unstructure_fn, override

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.unset import UNSET
from aiooncall.codec.fields import BARE, UNIT, WIRE, has_extra, is_member, tag_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter

    Unstructure = Callable[[Any], Any]


def add_writing(converter: Converter) -> None:
    """Teach `converter` to write models."""
    converter.register_unstructure_hook(datetime, format_datetime)
    converter.register_unstructure_hook(time, time.isoformat)
    converter.register_unstructure_hook_factory(attrs.has, _write_class)


def _write_class(kind: type, converter: Converter) -> Unstructure:
    overrides = {field.name: _override(field) for field in attrs.fields(kind)}
    plain = cast("Unstructure", make_dict_unstructure_fn(kind, converter, **overrides))
    tag, keeps_extra = tag_of(kind), has_extra(kind)

    def unstructure(model: Any) -> dict[str, Any]:  # noqa: ANN401 (any model)
        kept: dict[str, Any] = model.extra if keeps_extra else {}
        return {**kept, **({"type": tag} if tag else {}), **plain(model)}

    return unstructure


def _override(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 (cattrs' own class)
    if not is_member(field):
        return override(omit=True)
    return override(
        rename=field.metadata.get(WIRE),
        omit_if_default=field.default is UNSET,
        unstruct_hook=_special_writer(field),
    )


def _special_writer(field: attrs.Attribute[Any]) -> Unstructure | None:
    if UNIT in field.metadata:
        return partial(_write_duration, field.metadata[UNIT])
    return _write_bare if BARE in field.metadata else None


def _write_bare(moment: datetime | None) -> str | None:
    """Return an instant in UTC, without saying so; a time without a zone as it is."""
    if moment is None:
        return None
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).replace(tzinfo=None).isoformat()


def _write_duration(unit: int, seconds: float | None) -> float | None:
    if seconds is None:
        return None
    units, rest = divmod(seconds, unit)
    return seconds / unit if rest else int(units)
