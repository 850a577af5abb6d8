"""An API that grew since the client was written: what both vendors' answers have in common then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiooncall.simulator.http.json_values import Json


def grown(
    value: object, rename: Callable[[str, str], str], added: Json, opaque: Collection[str] = (), name: str = ""
) -> Any:  # noqa: ANN401 (any JSON)
    """Return JSON with unknown values in place of known ones, and with members that nobody knows in every object.

    Args:
        value: What to change.
        rename: Returns what a text turns into, by the name of the member that holds it and by the text.
        added: The members that each object gets.
        opaque: Names of members that are the users' own, and stay as they are.
        name: The name of the member that `value` is.
    """
    match value:
        case str():
            return rename(name, value)
        case list():
            return [grown(item, rename, added, opaque, name) for item in cast("list[object]", value)]
        case dict():
            members = cast("Json", value).items()
            kept = {key: item if key in opaque else grown(item, rename, added, opaque, key) for key, item in members}
            return {**kept, **added}
        case _:
            return value
