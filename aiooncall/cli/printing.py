"""Printing: JSON for programs, tables and words for people."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
import typer

from aiooncall._text import one_line
from aiooncall.bulk.schema import item_row
from aiooncall.cli.consoles import make_console
from aiooncall.cli.facts import facts_of
from aiooncall.cli.records import plain
from aiooncall.cli.tables import item_list

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from aiooncall.bulk.models import Item
    from aiooncall.datadog.models.page import CreatedPage
    from aiooncall.grafana.models.paging import PagedGroup
    from aiooncall.on_call import OnCall, Responder

T = TypeVar("T")
COLUMNS = ("id", "state", "urgency", "team", "created_at", "title")


def print_json(value: object) -> None:
    """Print a model, or plain data, as one line of JSON."""
    typer.echo(orjson.dumps(plain(value), default=str).decode())


def say_paged(paged: CreatedPage | PagedGroup) -> None:
    """Say whom a page became, and how sure that is."""
    found = " (found again)" if paged.reconciled else ""
    twice = " (sent again after a doubt: it may be there twice)" if paged.maybe_twice else ""
    verb = "paged" if getattr(paged, "created", True) else "already open, nobody was paged"
    say(f"{verb}: {paged.id}{found}{twice}")


def item_json(item: Item) -> dict[str, Any]:
    """Return an item as `bulk plan --from` reads it."""
    names = ("id", "title", "team", "urgency", "state", "created_at")
    return {name: value for name, value in zip(names, item_row(item), strict=True) if value is not None}


async def limited(found: AsyncIterator[T], most: int) -> AsyncIterator[T]:
    """Yield what is found; end after `most`, and say so on standard error if there is more."""
    shown = 0
    async for one in found:
        if shown == most:
            typer.echo(f"there are more than these {most}: --limit", err=True)
            return
        shown += 1
        yield one


async def print_items(items: AsyncIterator[Item], most: int, *, as_json: bool) -> None:
    """Print items as JSON while they come, or as a list, whose columns are parted by tabs where no terminal is."""
    listed: list[Item] = []
    async for item in limited(items, most):
        if as_json:
            print_json(item_json(item))
        else:
            listed.append(item)
    if not as_json:
        _print_list(listed)


def _print_list(items: list[Item]) -> None:
    if not items:
        typer.echo("nothing found", err=True)
    elif not sys.stdout.isatty():
        for item in items:
            found = item_json(item)
            typer.echo("\t".join(_cell(found.get(name, "")) for name in COLUMNS))
    else:
        console = make_console()
        console.print(item_list(items, console.width, datetime.now(UTC)))


def print_thing(thing: object, *, as_json: bool) -> None:
    """Print all that is known of a resource or a model."""
    if as_json:
        print_json(thing)
    else:
        print_facts(facts_of(thing, datetime.now(UTC)))


def print_facts(facts: Mapping[str, object], *, title: str | None = None) -> None:
    """Print names and values."""
    if title is not None:
        say(title)
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        first, *more = printable(str(value)).split("\n")
        say(f"  {name:<{width}}  {first}")
        for line in more:
            say(f"  {'':<{width}}  {line}")


def print_on_call(found: OnCall, *, as_json: bool) -> None:
    """Print who is on call."""
    if as_json:
        print_json(found)
        return
    rows = {"now": found.current, "before": found.previous, "next": found.next}
    steps = {f"step {number}": people for number, people in enumerate(found.escalations, 2)}
    facts = {name: ", ".join(map(_person, people)) or "nobody" for name, people in {**rows, **steps}.items()}
    print_facts(
        {"now": f"nobody: the team has no {found.lacks}"} if found.lacks else facts,
        title=f"{found.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )


def say(text: str) -> None:
    """Print a sentence, or a few lines."""
    make_console().print(printable(text), soft_wrap=True)


def printable(text: str) -> str:
    """Return a text without what would steer a terminal; line ends stay."""
    return "\n".join(map(one_line, text.split("\n")))


def _person(person: Responder) -> str:
    until = f" until {person.end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if person.end is not None else ""
    return f"{one_line(person.label)}{until}"


def _cell(text: str) -> str:
    """Return a text that stays in its column."""
    return " ".join(printable(text).split())


def print_counts(counts: Mapping[str, int], *, title: str, rows: Iterable[str] = ()) -> None:
    """Print how many there are of each."""
    shown = {name: counts[name] for name in rows} if rows else counts
    print_facts({name: f"{number:>8}" for name, number in shown.items()}, title=title)
