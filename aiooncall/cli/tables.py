"""Lists for people: age instead of instants, coloured states, and the room for the titles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from aiooncall._text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from aiooncall.bulk.models import Item

STYLES: Final = {
    "triggered": "red",
    "firing": "red",
    "acknowledged": "yellow",
    "silenced": "blue",
    "resolved": "green",
    "high": "bold",
}
"""Colours of states and urgencies; a word that is not here has none."""
LEAST_TITLE: Final = 30
"""Columns of a terminal that titles need: with fewer the ids go to lines of their own."""
WIDEST_TEAM: Final = 24
GAP: Final = 2
UNITS: Final = ((365 * 86_400, "y"), (86_400, "d"), (3600, "h"), (60, "m"))


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago something was, in one unit: `45s`, `3m`, `7h`, `12d`, `2y`; what is to come is `0s`."""
    seconds = max(0, int((now - moment).total_seconds()))
    length, unit = next(((length, unit) for length, unit in UNITS if seconds >= length), (1, "s"))
    return f"{seconds // length}{unit}"


@attrs.frozen
class Row:
    """The cells of an item; empty where nothing is known."""

    id: str
    state: str
    age: str
    urgency: str
    team: str
    title: str


def row_of(item: Item, now: datetime) -> Row:
    """Return the cells of an item."""
    since = "" if item.created_at is None else age(item.created_at.astimezone(UTC), now)
    texts = (item.state, since, item.urgency, item.team, item.title)
    return Row(item.id, *(" ".join(one_line(text or "").split()) for text in texts))


def columns(rows: Sequence[Row], width: int) -> list[str]:
    """Return which columns fit beside titles that can be read; without the id if it does not.

    Urgency and team are left out where nothing is known of them, and where titles would have too little room.
    """
    shown = ["id", "state", "age", "title"]
    wanted = min(LEAST_TITLE, max(width_of(rows, "title"), 1))
    if _left(rows, shown, width) < wanted:
        return [name for name in shown if name != "id"]
    for name in ("urgency", "team"):
        more = [*shown[:-1], name, "title"]
        if any(getattr(row, name) for row in rows) and _left(rows, more, width) >= wanted:
            shown = more
    return shown


def item_list(items: Sequence[Item], width: int, now: datetime) -> RenderableType:
    """Return the list of items for a terminal.

    Args:
        items: what is listed.
        width: of the terminal, in columns.
        now: what ages count from.
    """
    rows = [row_of(item, now) for item in items]
    shown = columns(rows, width)
    return _table(rows, shown, width) if "id" in shown else _two_lines(rows, width)


def width_of(rows: Sequence[Row], name: str) -> int:
    """Return how wide a column is, its heading included."""
    widest = max(cell_len(text) for text in (name, *(getattr(row, name) for row in rows)))
    return min(widest, WIDEST_TEAM) if name == "team" else widest


def _left(rows: Sequence[Row], shown: list[str], width: int) -> int:
    """Return what is left for the titles."""
    return width - sum(width_of(rows, name) + GAP for name in shown if name != "title")


def _table(rows: Sequence[Row], shown: list[str], width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for name in shown:
        room = max(1, _left(rows, shown, width)) if name == "title" else width_of(rows, name)
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", max_width=room, justify="right" if name == "age" else "left"
        )
    for row in rows:
        table.add_row(*(_styled(getattr(row, name)) for name in shown))
    return table


def _two_lines(rows: Sequence[Row], width: int) -> Group:
    """Return state, age and title in one line of each item, and its id in the next one."""
    state, since = width_of(rows, "state"), width_of(rows, "age")
    lines: list[Text] = []
    for row in rows:
        head = Text(overflow="ellipsis", no_wrap=True)
        head.append_text(_styled(row.state.ljust(state)))
        head.append(f"{'':{GAP}}{row.age:>{since}}{'':{GAP}}{row.title}")
        head.truncate(width, overflow="ellipsis")
        lines += [head, Text(f"{'':{GAP}}{row.id}", style="dim")]
    return Group(*lines)


def _styled(text: str) -> Text:
    return Text(text, style=STYLES.get(text.strip(), ""))
