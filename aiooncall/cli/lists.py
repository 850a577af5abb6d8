"""Lists of rows for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from aiooncall.cli.consoles import make_console
from aiooncall.cli.printing import limited, print_json, printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence


async def print_list(found: AsyncIterator[dict[str, Any]], most: int, *, columns: Sequence[str], as_json: bool) -> None:
    """Print rows as JSON while they come, or as a table; say so if there are more than `most`.

    Args:
        found: the rows, by the names of their columns.
        most: how many to print at most.
        columns: those that people are shown.
        as_json: whether to print JSON.
    """
    rows: list[list[str]] = []
    async for row in limited(found, most):
        if as_json:
            print_json(row)
        else:
            rows.append([row.get(name, "") for name in columns])
    if not as_json:
        print_rows(columns, rows)


def print_rows(columns: Sequence[str], given: Iterable[Sequence[str]]) -> None:
    """Print a table; elsewhere than on a terminal its columns are parted by tabs, without a heading."""
    rows = [[" ".join(printable(value).split()) for value in row] for row in given]
    if not rows:
        typer.echo("nothing found", err=True)
    elif not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(row))
    else:
        table = Table(*columns, box=None, pad_edge=False)
        for column in table.columns:
            column.no_wrap, column.overflow = column.header == "id", "fold"
        for row in rows:
            table.add_row(*row)
        make_console().print(table)
