"""Where ids come from: files, streams, listings, and what is wrong with them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import OptionsError
from aiooncall.bulk import Item, read_ids
from aiooncall.bulk.selection import items_in
from tests.support.bulk_world import add_groups, add_pages, json_lines
from tests.support.datadog_client import datadog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock


def ids_of(content: bytes) -> list[str]:
    """Return the ids in a stream."""
    return [item.id for item in read_ids(io.BytesIO(content))]


async def selected(selection: Any) -> list[Item]:
    """Return the items of a selection."""
    return [item async for item in items_in(selection)]


@pytest.mark.parametrize(
    "content",
    [
        b"a\nb\nc\n",
        b"a\nb\nc",
        b"a\r\nb\r\nc\r\n",
        b"\xef\xbb\xbfa\nb\nc\n",
        b"\xef\xbb\xbf\r\n\n  \na\n\n\tb \n\n c\n\n",
        b'"a"\n"b"\n"c"\n',
        b'{"id": "a"}\n{"id": "b", "whatever": [1]}\n{"title": 7, "id": "c"}\n',
        b'a\n"b"\n{"id": "c"}\n',
    ],
)
def test_lines(content: bytes) -> None:
    """Line ends, blank lines, a byte-order mark and white space around ids count for nothing; JSON lines are read."""
    assert ids_of(content) == ["a", "b", "c"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_no_lines(content: bytes) -> None:
    """A file without a line that says anything has no items."""
    assert ids_of(content) == []


def test_details_in_json_lines() -> None:
    """What a JSON line says of an item is kept, times among it; what it does not say is not known."""
    line = {"id": "a", "title": "T", "team": "x", "urgency": "high", "state": "triggered"}
    said = io.BytesIO(json_lines({**line, "created_at": "2031-04-12T09:30:00+02:00"}, {"id": "b", "created_at": None}))
    full, bare = read_ids(said)
    assert full == Item(
        id="a",
        title="T",
        team="x",
        urgency="high",
        state="triggered",
        created_at=datetime(2031, 4, 12, 7, 30, tzinfo=UTC),
    )
    assert bare == Item(id="b")


@pytest.mark.parametrize(
    "line",
    [
        b"a/b",
        b"two words",
        b"a?b",
        b"..",
        b"x" * 513,
        b"\xff\xfe",
        b'{"id": "a"',
        b'{"id": 7}',
        b'{"name": "a"}',
        b'{"id": ""}',
        b'{"id": "a/b"}',
        b'"a" "b"',
        b'{"id": "a", "created_at": "yesterday"}',
        b'{"id": "a", "created_at": 1800000000}',
    ],
)
def test_bad_line_has_its_number(line: bytes) -> None:
    """A line that is no id ends the reading with an error that says which line it is; the lines before are yielded."""
    reading = read_ids(io.BytesIO(b"good\r\n\r\n" + line + b"\nnever-read\n"))
    assert next(reading).id == "good"
    with pytest.raises(OptionsError, match=r"^input, line 3: "):
        next(reading)


def test_error_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for a bad line names the file too, and so does that for a file that cannot be read."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ids.txt"
    path.write_bytes(b"a b\n")
    with pytest.raises(OptionsError, match=r"ids\.txt, line 1"):
        list(read_ids(path))
    with pytest.raises(OptionsError, match=r"no-such-file.*No such file"):
        list(read_ids("no-such-file"))
    with pytest.raises(OptionsError, match="directory"):
        list(read_ids(str(tmp_path)))


def test_lines_are_read_as_they_are_needed() -> None:
    """A stream is read line by line: the first item is there before the stream has ended."""

    def endless() -> Iterator[bytes]:
        yield b"a\n"
        raise AssertionError

    stream: Any = endless()
    assert next(read_ids(stream)).id == "a"


async def test_selections() -> None:
    """Ids and items can come from any iterable, or an async one."""

    async def later() -> AsyncIterator[str | Item]:
        yield "a"
        yield Item(id="b", title="T")

    wanted = [Item(id="a"), Item(id="b", title="T")]
    assert await selected(later()) == wanted
    assert await selected(["a", Item(id="b", title="T")]) == wanted
    assert await selected(iter(("a", Item(id="b", title="T")))) == wanted
    assert await selected(read_ids(io.BytesIO(json_lines("a", {"id": "b", "title": "T"})))) == wanted


@pytest.mark.parametrize("selection", ["abc", b"abc", {"a": 1}, 7, None])
async def test_not_a_selection(selection: Any) -> None:
    """One id, a mapping, a number or nothing is no selection."""
    with pytest.raises(OptionsError, match="selection"):
        await selected(selection)


@pytest.mark.parametrize("one", [7, None, b"abc", ["a"], object()])
async def test_not_an_item(one: Any) -> None:
    """What is neither an id nor an item ends a selection with an error."""
    with pytest.raises(OptionsError, match="selection"):
        await selected(["a", one])


@pytest.mark.parametrize("bad", ["", " ", "a/b", Item(id="a b")])
async def test_bad_id(bad: Any) -> None:
    """An id that cannot be one ends a selection with an error, however it comes."""
    with pytest.raises(OptionsError, match="id"):
        await selected(["a", bad])


async def test_pages_as_a_selection() -> None:
    """Of a listed page its title, team, urgency, state and time are kept."""
    async with datadog(simulator={"search_lag": 0.0}) as (sim, client):
        (page_id,) = add_pages(sim, 1, urgency="low", status="acknowledged", created_at=1_900_000_000.0)
        (item,) = await selected(client.pages.list())
        assert (item.id, item.title, item.urgency, item.state) == (page_id, "page 0", "low", "acknowledged")
        assert item.created_at == datetime.fromtimestamp(1_900_000_000, UTC)
        assert item.team
        assert await selected([await client.pages.get(page_id)]) == [item]


async def test_alert_groups_as_a_selection(sim: Simulator, gf: GrafanaOnCall, clock: VirtualClock) -> None:
    """Of a listed alert group its title, team, state and time are kept; there is no urgency."""
    team = sim.grafana.add_team("storage")
    add_groups(sim, 1, state="silenced")
    add_groups(sim, 1, team=team)
    newest, oldest = await selected(gf.alert_groups.list())
    assert {newest.team, oldest.team} == {team, None}
    assert {newest.state, oldest.state} == {"firing", "silenced"}
    assert newest.title == "group 0"
    assert newest.urgency is None
    assert newest.created_at is not None
    assert datetime.fromtimestamp(clock.time(), UTC) - newest.created_at < timedelta(seconds=2)
