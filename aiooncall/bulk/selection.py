"""The selection of a job: items from files, from standard input, and from iterables of ids, pages or alert groups.

In a file, blank lines, a byte-order mark, Windows line ends and white space around an id are ignored. A line that is
no id raises an error with its number.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable, Mapping
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
    """Read items from a file of ids or of JSON lines, one line at a time.

    A JSON line is a text, or an object with an `id` and, if known, `title`, `team`, `urgency`, `state`, `created_at`.

    Args:
        source: a path, or a binary file such as `sys.stdin.buffer`.

    Raises:
        OptionsError: a line is no id, or the file cannot be read.
    """
    try:
        if isinstance(source, (str, Path)):
            with Path(source).open("rb") as file:
                yield from _items(file, str(source))
        else:
            yield from _items(source, getattr(source, "name", "input"))
    except OSError as problem:
        raise OptionsError("source", str(source), f"a file that can be read ({problem.strerror})") from None


def source_in_words(selection: object) -> str:
    """Return where the items of a selection come from, as far as that can be seen."""
    if isinstance(selection, AsyncIterable):
        return "a list of the server's"
    return "a collection of ids" if isinstance(selection, Collection) else "a sequence of ids"


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
        OptionsError: it has something else in it, or an id that no provider has.
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


def item_of(source: Page | AlertGroup) -> Item:
    """Return the item of a page or of an alert group."""
    return _item_of_page(source) if isinstance(source, Page) else _item_of_group(source)


def _item_of_page(page: Page) -> Item:
    team = page.target
    return Item(
        id=page.id,
        title=page.title,
        team=(team.label if isinstance(team, Team) else team.id) if team else None,
        urgency=str(page.urgency) if page.urgency else None,
        state=str(page.status),
        created_at=page.created_at,
    )


def _item_of_group(group: AlertGroup) -> Item:
    return Item(
        id=group.id,
        title=group.title or None,
        team=group.team_id or None,
        state=str(group.state),
        created_at=group.created_at or None,
    )
