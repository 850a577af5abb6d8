"""The queries of a journal; they change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall.bulk.database import damage_errors, journal_errors
from aiooncall.bulk.models import Counts
from aiooncall.bulk.outcomes import positions_json
from aiooncall.bulk.schema import ITEM, facts_of, item_from_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aiooncall.bulk.models import Item


class Queries:
    """The part of a journal that reads.

    Args:
        path: the file of the journal.
        connection: an open connection to it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    def facts(self) -> dict[str, str]:
        """Return the facts of the job, by name."""
        with damage_errors(self.path):
            return facts_of(self._db.execute("SELECT name, value, sum FROM job"))

    def unfinished(self, after: int, most: int) -> list[tuple[int, str, int]]:
        """Return the next open items: position, id, and whether an earlier run may have sent it."""
        where = "finished_at IS NULL AND status = 'open'"  # the first condition is that of the index
        columns = "position, id, may_have_left"
        question = f"SELECT {columns} FROM planned WHERE {where} AND position > ? ORDER BY position LIMIT ?"  # noqa: S608 (constants)
        return self.rows(question, after, most)

    def unfinished_at(self, positions: Iterable[int]) -> list[tuple[int, str, int]]:
        """Return those of some items that are open, in the same way as `unfinished`."""
        where = "finished_at IS NULL AND position IN (SELECT value FROM json_each(?))"
        question = f"SELECT position, id, may_have_left FROM planned WHERE {where} ORDER BY position"  # noqa: S608 (constants)
        return self.rows(question, positions_json(positions))

    def ids(self, size: int) -> Iterator[list[str]]:
        """Yield all ids in order, in lists of `size`."""
        for rows in self._steps("id", "1", size):
            yield [row[0] for row in rows]

    def counts(self) -> Counts:
        """Return the count of items in each status."""
        with damage_errors(self.path):
            return Counts(**dict(self.rows("SELECT status, count(*) FROM items GROUP BY status")))

    def items(self, where: str, most: int, *values: object) -> list[Item]:
        """Return items in order; `where` is SQL of this package, with a ? for each of `values`."""
        rows = self.rows(f"SELECT {ITEM} FROM items WHERE {where} ORDER BY position LIMIT ?", *values, most)  # noqa: S608 (constants)
        with damage_errors(self.path):
            return [item_from_row(row) for row in rows]

    def chunks(self, where: str, size: int) -> Iterator[list[Item]]:
        """Yield items in order, in lists of `size`. Each comes once, even if it changes meanwhile."""
        for rows in self._steps(ITEM, where, size):
            with damage_errors(self.path):
                items = [item_from_row(row[:-1]) for row in rows]
            yield items

    def _steps(self, columns: str, where: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        last = 0
        question = f"SELECT {columns}, position FROM items WHERE ({where}) AND position > ? ORDER BY position LIMIT ?"  # noqa: S608 (constants)
        while rows := self.rows(question, last, size):
            last = rows[-1][-1]
            yield rows

    def tally(self, column: str, where: str = "1") -> dict[str, int]:
        """Return the count of items for each value; `column` and `where` are SQL of this package."""
        question = f"SELECT coalesce({column}, 'unknown'), count(*) FROM items WHERE {where} GROUP BY 1 ORDER BY 2 DESC"  # noqa: S608 (constants)
        return dict(self.rows(question))

    def timeline(self) -> list[tuple[Any, ...]]:
        """Return the rows of the timeline in order; `Journal.write` says what is in them."""
        return self.rows("SELECT * FROM timeline ORDER BY second")

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, with a ? for each of `values`."""
        with journal_errors(self.path):
            return self._db.execute(question, values).fetchall()
