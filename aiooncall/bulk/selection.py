"""Where the ids of a job come from: files, standard input, and whatever can be iterated over.

Rules for texts: blank lines, a byte-order mark, Windows line ends and white space around an id count for nothing. A
line that is no id ends the reading with an error that has its number.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import orjson

from aiooncall._base.datetimes import parse_datetime
from aiooncall._base.json import as_object
from aiooncall.bulk.models import Item
from aiooncall.datadog.models.page import Page
from aiooncall.datadog.models.people import Team
from aiooncall.errors import OptionsError
from aiooncall.grafana.models.alert_group import AlertGroup
from aiooncall.transport.endpoint import path_segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Selectable = str | Item | Page | AlertGroup
Selection = Iterable[Selectable] | AsyncIterable[Selectable]
_TEXTS = ("title", "team", "urgency", "state")


def read_ids(source: str | Path | IO[bytes]) -> Iterator[Item]:
    """Yield the items in a file of ids, or of JSON lines; line by line, however many there are.

    A line of JSON is a text, or an object with an `id` and maybe `title`, `team`, `urgency`, `state`, `created_at`.

    Args:
        source: a path, or a binary file such as `sys.stdin.buffer`.

    Raises:
        OptionsError: a line is no id; or the file cannot be read.
    """
    try:
        if isinstance(source, (str, Path)):
            with Path(source).open("rb") as file:
                yield from _items(file, str(source))
        else:
            yield from _items(source, getattr(source, "name", "input"))
    except OSError as problem:
        raise OptionsError("source", str(source), f"a file that can be read ({problem.strerror})") from None


def _items(lines: Iterable[bytes], name: str) -> Iterator[Item]:
    for number, raw in enumerate(lines, 1):
        place = f"{name}, line {number}"
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise OptionsError(place, raw, "text in UTF-8") from None
        if line:
            yield _parsed(place, line) if line[0] in '{"' else _checked(place, Item(id=line))


def _parsed(place: str, line: str) -> Item:
    wanted = "an id, or a JSON object with a text as its id"
    try:
        value: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise OptionsError(place, line, wanted) from None
    fields = {"id": value} if isinstance(value, str) else as_object(value) or {}
    if not isinstance(fields.get("id"), str):
        raise OptionsError(place, line, wanted)
    known = {name: fields[name] for name in _TEXTS if isinstance(fields.get(name), str)}
    return _checked(place, Item(id=fields["id"], created_at=_moment(place, fields.get("created_at")), **known))


def _moment(place: str, value: object) -> Any:  # noqa: ANN401 (a datetime or None)
    if value is None:
        return None
    try:
        return parse_datetime(value)
    except (TypeError, ValueError):
        raise OptionsError(place, value, "a created_at such as 2031-04-12T07:30:00Z") from None


def _checked(place: str, item: Item) -> Item:
    path_segment(place, item.id)
    return item


async def items_in(selection: Selection) -> AsyncIterator[Item]:
    """Yield the items of a selection.

    Raises:
        OptionsError: there is something else in it, or an id that cannot be one.
    """
    if isinstance(selection, AsyncIterable):
        async for one in selection:
            yield _item(one)
        return
    if isinstance(selection, (str, bytes, Mapping)) or not isinstance(selection, Iterable):
        raise OptionsError(
            "selection", cast("object", selection), "an iterable or async iterable of ids, pages or alert groups"
        )
    for one in selection:
        yield _item(one)


def _item(one: object) -> Item:
    match one:
        case Item():
            return _checked("id", one)
        case str():
            return _checked("id", Item(id=one))
        case Page() | AlertGroup():
            return item_of(one)
        case _:
            raise OptionsError("selection", one, "ids, pages or alert groups")


def item_of(found: Page | AlertGroup) -> Item:
    """Return what a job keeps of a page or an alert group."""
    if isinstance(found, AlertGroup):
        return Item(
            id=found.id,
            title=found.title or None,
            team=found.team_id or None,
            state=str(found.state),
            created_at=found.created_at or None,
        )
    team = found.target
    return Item(
        id=found.id,
        title=found.title,
        team=(team.label if isinstance(team, Team) else team.id) if team else None,
        urgency=str(found.urgency) if found.urgency else None,
        state=str(found.status),
        created_at=found.created_at,
    )
