"""Lists and single things as people and programs see them: ages, room for titles, all facts, one style of JSON."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from aiooncall.bulk import Item
from aiooncall.cli.facts import facts_of, moment_in_words
from aiooncall.cli.records import plain
from aiooncall.cli.tables import age, columns, item_list, row_of
from aiooncall.datadog import EscalationPolicy, EscalationStep, Page, Team, User
from aiooncall.grafana import AlertGroup, Permalinks
from aiooncall.jsonapi import ResourceRef
from tests.support.command_line import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

NOW: Final = datetime(2031, 4, 12, 7, 30, tzinfo=UTC)
UUID: Final = "e3e70682-c209-4cac-a29f-6fbed82c07cd"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (86_400, "1d"),
        (364 * 86_400, "364d"), (365 * 86_400, "1y"),
    ],
)  # fmt: skip
def test_ages(seconds: float, text: str) -> None:
    """An age is told in its largest whole unit; what is to come has none."""
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


def drawn(items: list[Item], width: int) -> list[str]:
    """Return the lines of a list as a terminal of some width shows them, without colours."""
    console = Console(file=io.StringIO(), width=width, color_system=None, markup=False, emoji=False, highlight=False)
    console.print(item_list(items, width, NOW))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def item(title: str = "Disk full on storage-00001 of the second cluster", **more: Any) -> Item:
    """Return a page."""
    known = {"state": "triggered", "urgency": "high", "team": "Storage", "created_at": NOW - timedelta(minutes=3)}
    return Item(id=UUID, title=title, **{**known, **more})


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, ["state", "age", "title"]),
        (80, ["state", "age", "title"]),
        (100, ["id", "state", "age", "urgency", "title"]),
        (160, ["id", "state", "age", "urgency", "team", "title"]),
    ],
)
def test_columns(width: int, shown: list[str]) -> None:
    """Titles come first: urgency and team need room beside them, and ids go to lines of their own if they must."""
    assert columns([row_of(item(), NOW)], width) == shown


def test_what_nobody_knows_has_no_column() -> None:
    """Alert groups have no urgency, so there is no column for it; their short ids fit beside titles at 60 columns."""
    group = Item(id="IABCDEF123456", title="Disk full on storage-00001", state="firing", created_at=NOW)
    assert columns([row_of(group, NOW)], 60) == ["id", "state", "age", "title"]
    assert "urgency" not in columns([row_of(group, NOW)], 160)


texts = st.text(max_size=80) | st.sampled_from(
    ["漢字" * 30, "a" * 200, "\x1b[31mred", "[/red]", "\u202egnol", "🙂" * 9]
)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5), st.integers(40, 200))
def test_every_width(rows: list[tuple[str, str, str]], width: int) -> None:
    """No line is wider than the terminal, none is folded, every id is there whole, and nothing steers the terminal."""
    items = [
        Item(id=f"{UUID[:-2]}{number:02}", title=title, state="triggered", team=team, urgency=urgency[:8])
        for number, (title, team, urgency) in enumerate(rows)
    ]
    lines = drawn(items, width)
    assert max(map(cell_len, lines)) <= width
    has_ids = "id" in columns([row_of(one, NOW) for one in items], width)
    assert len(lines) == (len(items) + 1 if has_ids else 2 * len(items))
    assert all(any(one.id in line for line in lines) for one in items)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


def test_a_long_title_is_cut() -> None:
    """What a title has no room for is left out, with an ellipsis in its place."""
    (_, line) = drawn([item("x" * 300)], 100)
    assert line.endswith("x…")
    assert len(line) == 100


def page(**more: Any) -> Page:
    """Return a page as it is read."""
    return Page(id=UUID, title="Disk full", status="triggered", created_at=NOW, **more)


def test_facts() -> None:
    """All that is known is told, in words and in a fixed order; what is not known is left out."""
    found = page(
        description="Look\nhere",
        tags=["a:b", "c:d"],
        urgency="high",
        target=Team(id="t-1", name="Storage"),
        author=ResourceRef("users", "u-1"),
        responders=[User(id="u-2", name="Ann"), User(id="u-3")],
        comment_count=0,
    )
    facts = facts_of(found, NOW + timedelta(hours=2))
    assert facts == {
        "id": UUID,
        "title": "Disk full",
        "status": "triggered",
        "urgency": "high",
        "tags": "a:b, c:d",
        "created at": "2031-04-12 07:30:00 UTC (2h ago)",
        "comment count": "0",
        "target": "Storage (t-1)",
        "author": "u-1",
        "responders": "Ann (u-2), u-3",
        "description": "Look\nhere",
    }
    assert list(facts)[:4] == ["id", "title", "status", "urgency"]
    assert list(facts)[-1] == "description"


def test_facts_of_what_is_to_come() -> None:
    """An instant that is still to come has no age; a time without a zone stays what it is."""
    assert moment_in_words(NOW, NOW - timedelta(1)) == "2031-04-12 07:30:00 UTC"
    assert moment_in_words(NOW.replace(tzinfo=None), NOW) == "2031-04-12 07:30:00"


def test_json_is_flat() -> None:
    """A resource is one object; what it refers to is inside as far as it is known, and no resource within itself."""
    policy = EscalationPolicy(id="p-1", name="Checkout", steps=[EscalationStep(id="s-1", targets=[User(id="u-1")])])
    told = plain(policy)
    assert (told["id"], told["type"], told["name"]) == ("p-1", "policies", "Checkout")
    assert told["steps"][0]["targets"][0] == {"id": "u-1", "type": "users"}
    assert "attributes" not in json.dumps(told)
    assert plain(page(target=ResourceRef("teams", "t-1")))["target"] == {"id": "t-1", "type": "teams"}


def test_json_times_are_utc() -> None:
    """Times are told in UTC, whatever zone they came in, deep inside as well; names are the server's."""
    moment = datetime.fromisoformat("2031-04-12T09:30:00+02:00")
    assert plain(page(modified_at=moment, escalation_policy_id="p-1")) == {
        "id": UUID,
        "type": "pages",
        "tags": [],
        "title": "Disk full",
        "status": "triggered",
        "created_at": "2031-04-12T07:30:00Z",
        "modified_at": "2031-04-12T07:30:00Z",
        "escalation_policy_uuid": "p-1",
    }
    group = AlertGroup(id="I1", state="firing", created_at=moment)
    assert plain({"one": [group]})["one"][0]["created_at"] == "2031-04-12T07:30:00Z"
    assert plain(moment.replace(tzinfo=None)) == "2031-04-12T09:30:00"


@pytest.fixture
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog."""
    with shell() as found:
        yield found


def test_get(run: Shell) -> None:
    """`page get` tells whom it reached and its tags, and in JSON the same as the server, flat."""
    shown = run.sim.add_page(title="Disk full", tags=["service:checkout"], created_at=time.time() - 7200)
    people = run("page", "get", shown).out
    for line in ("status", "urgency", "(2h ago)", "service:checkout", "target", "responders", "escalation policy id"):
        assert line in people
    told = run("page", "get", shown, "--json").json
    assert (told["id"], told["type"], told["title"], told["tags"]) == (
        shown,
        "pages",
        "Disk full",
        ["service:checkout"],
    )
    assert told["target"]["type"] == "teams"
    assert isinstance(told["responders"], list)


def test_facts_inside_facts() -> None:
    """What is inside a thing is told by its own names, without what nobody knows."""
    group = AlertGroup(id="I1", state="firing", permalinks=Permalinks(web="https://x/I1", slack=None))
    assert facts_of(group, NOW) == {"id": "I1", "state": "firing", "permalinks": "web: https://x/I1"}
