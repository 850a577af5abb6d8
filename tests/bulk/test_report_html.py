"""The page of a report: whole, safe, legible in light and in dark, and its picture true to the run."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import bulk
from aiooncall.bulk.reports.chart import WIDTH
from aiooncall.bulk.reports.data import SecondStats
from aiooncall.bulk.reports.html import PALETTE, style_sheet
from aiooncall.bulk.reports.time_axis import Axis, Interval, buckets, round_up
from aiooncall.drawing.measure import pixels
from tests.support.bulk_journals import DONE, START, journal_of
from tests.support.contrast import luminance

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from tests.support.bulk_journals import Second

SVG: Final = "{http://www.w3.org/2000/svg}"
BROWSER: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NASTY: Final = "<script>alert(1)</script>\x1b\x00 \"'&amp;\u202e ]]>"
SHOWN: Final = "<script>alert(1)</script> \"'&amp; ]]>"
"""What is left of it: neither control characters nor marks that turn the order of the text around."""
LEFT, TOP, RIGHT, BASE = 108, 48, 928, 288
"""Where the picture has its bars, in pixels."""
BESIDE: Final = {"meta", "br"}


class Page(HTMLParser):
    """A page that is read by the standard library: its tags must be balanced."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag."""
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in BESIDE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take in the end of one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self.open and self.open[-1] != "style":
            self.texts.append(data)


def page_of(path: Path, **given: Any) -> str:
    """Return the page of a journal; `given` is what it holds."""
    journal = journal_of(path / f"job{len(list(path.iterdir()))}.db", **given)
    return bulk.report_html(bulk.report(journal))


def picture(source: str) -> Element:
    """Return the picture of a page."""
    found = re.search(r"<svg.*</svg>", source, re.DOTALL)
    assert found
    return fromstring(found[0])


def drawn(path: Path, seconds: Sequence[Second], runs: Sequence[tuple[float, float | None]], **given: Any) -> Element:
    """Return the picture of a run."""
    return picture(page_of(path, seconds=seconds, runs=runs, outcomes=[DONE], **given))


def bars(found: Element, name: str) -> list[tuple[float, float, float, float]]:
    """Return left, top, width and height of the bars of a kind."""
    every = [rect for rect in found.iter(f"{SVG}rect") if rect.get("class") == f"f-{name}" and not rect.get("rx")]
    return [tuple(float(rect.get(side, "")) for side in ("x", "y", "width", "height")) for rect in every]  # type: ignore[misc]


def marks(found: Element, name: str) -> list[Element]:
    """Return the marks below the bars that have a colour."""
    return [
        one
        for one in found.iter()
        if one.tag in {f"{SVG}circle", f"{SVG}path"} and one.get("class") in {f"f-{name}", f"s-{name}"}
    ]


def texts(found: Element) -> list[str]:
    """Return what is written in a picture."""
    return [one.text or "" for one in found.iter(f"{SVG}text")]


def hints(found: Element) -> list[str]:
    """Return the tooltips."""
    return [one.text or "" for one in found.iter(f"{SVG}title")][1:]


def steady(first: int, last: int, *, done: int = 10, failed: int = 0, allowed: float | None = 12.0) -> list[Second]:
    """Return seconds that are all alike."""
    return [(second, done, failed, done + failed, 0, 0, allowed) for second in range(first, last)]


FULL: Final[dict[str, Any]] = {
    "items": 20,
    "runs": [(0, None), (100, 103)],
    "seconds": [(0, 6, 2, 10, 1, 1, 12.0), (100, 4, 0, 5, 1, 0, 12.0), (102, 1, 1, 2, 0, 0, 12.0)],
    "outcomes": [*[DONE] * 11, ("failed", "NotFound", NASTY), ("ambiguous", "Interrupted", "the process ended")],
    "seen": ["resolved"] * 9,
    "selection": NASTY,
}


def test_page_has_the_facts(tmp_path: Path) -> None:
    """Result, counts, reasons, verification, runs, timeline and plan are all on the page."""
    found = Page(page_of(tmp_path, **FULL)).texts
    assert {
        "resolve · datadog · Stopped",
        "9 of 20 items confirmed, 7 to do, 1 failed, 2 accepted but not confirmed, 1 unknown",
        *("Items", "done", "11", "55 %", "failed", "5 %", "in doubt", "to do", "35 %"),
        *("Verified 2031-04-12 02:14:00 UTC", "confirmed", "9", "45 %", "accepted", "unknown"),
        *("What went wrong", "NotFound", "i11", "Interrupted", "i12", "the process ended"),
        *("Timeline", "Runs", "not told; last seen alive 2031-04-12 02:13:01 UTC", "2031-04-12 02:14:43 UTC"),
        *("Plan", "datadog api.example.test 0123456789ab", "0123456789abcdef, made 2031-04-12 02:12:00 UTC"),
        "17, of which 2 refused (429); 1 sent again",
    } <= set(found)


@pytest.mark.parametrize(
    ("outcomes", "seen", "verb", "tone"),
    [
        (["done"], (), "resolve", "open"),
        (["done"], (), "escalate", "good"),
        (["done"], ["triggered"], "resolve", "open"),
        (["done"], ["resolved"], "resolve", "good"),
        (["open"], (), "escalate", "open"),
        (["failed"], (), "escalate", "bad"),
        (["ambiguous"], (), "escalate", "bad"),
    ],
)
def test_tone(outcomes: list[str], seen: list[str], verb: str, tone: str, tmp_path: Path) -> None:
    """Only what is all over and confirmed looks good, or accepted where that is all there can be."""
    ended = [(status, None, None) for status in outcomes]
    source = page_of(tmp_path, items=1, runs=[(0, 1)], outcomes=ended, seen=seen, verb=verb)
    assert f'<header class="{tone}">' in source


def test_share_is_whole_only_if_it_is(tmp_path: Path) -> None:
    """One item of many does not round to nothing, nor all but one to everything."""
    outcomes = [*[DONE] * 2999, ("failed", "NotFound", "404")]
    found = Page(page_of(tmp_path, items=3000, runs=[(0, 1)], outcomes=outcomes)).texts
    assert {">99.9 %", "<0.1 %", "0 %"} <= set(found)
    assert "100 %" not in found


def test_text_stays_text(tmp_path: Path) -> None:
    """Whatever an error or a selection says is shown as it is, without control characters, and is never markup."""
    source = page_of(tmp_path, **FULL)
    found = Page(source)
    assert SHOWN in found.texts
    assert f"20 from {SHOWN}; 2 duplicates left out" in found.texts
    assert "script" not in found.tags
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", source) is None


def test_page_needs_nothing_else(tmp_path: Path) -> None:
    """There is nothing to load, to follow or to run."""
    source = page_of(tmp_path, **FULL)
    found = Page(source)
    assert not found.tags & {"script", "link", "img", "iframe", "object", "base", "form", "a"}
    assert [name for name, _ in found.attributes if re.match("on|src|.*href", name)] == []
    assert re.search(r"url\(|@import|@font-face", style_sheet()) is None
    assert set(re.findall(r"https?://[^\"<]*", source)) == {"http://www.w3.org/2000/svg"}


def test_every_colour_is_there_for_light_and_dark(tmp_path: Path) -> None:
    """Each colour that page and picture use is defined for light and for dark."""
    source = page_of(tmp_path, **FULL)
    light, _, dark = style_sheet().partition("@media (prefers-color-scheme:dark)")
    names = set(re.findall(r"var\(--(\w+)\)", source))
    assert names >= {"ink", "page", "done", "failed"}
    for name in names:
        assert f"--{name}:#" in light
        assert f"--{name}:#" in dark
    classes = {name for one in picture(source).iter() for name in one.get("class", "").split()}
    assert [name for name in classes if f".{name}{{" not in style_sheet()] == []


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        *[(front, back, 4.5) for front in ("ink", "soft") for back in ("page", "panel")],
        *[(front, "page", 3.0) for front in ("done", "failed", "refused", "retried", "allowed")],
        *[(front, "page", 3.0) for front in ("rail", "good", "open")],
    ],
)
def test_page_contrast(front: str, back: str, least: float, mode: int) -> None:
    """Text and marks have the contrast that WCAG asks for, on light and on dark."""
    lighter, darker = sorted((luminance(PALETTE[front][mode]), luminance(PALETTE[back][mode])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_timeline_without_a_request(tmp_path: Path) -> None:
    """Before anything was sent the picture says so, also if a run began and nothing came of it."""
    for runs in ((), [(0, 1)]):
        assert texts(picture(page_of(tmp_path, runs=runs))) == ["Nothing has been sent so far."]


def test_short_run(tmp_path: Path) -> None:
    """Three seconds are three bars beside each other, as high as what was done in them."""
    found = drawn(
        tmp_path,
        [(0, 100, 0, 100, 0, 0, None), (1, 50, 0, 50, 0, 0, None), (2, 200, 0, 200, 0, 0, None)],
        [(0.25, 2.5)],
    )
    one, two, three = bars(found, "done")
    assert [one[3], two[3]] == pytest.approx([three[3] / 2, three[3] / 4], abs=0.2)
    assert one[0] == LEFT
    assert one[0] + one[2] <= two[0] <= three[0] - two[2]
    assert RIGHT - 2 <= three[0] + three[2] <= RIGHT
    assert {"02:13:00", "02:13:01", "02:13:02", "2031-04-12", "UTC", "0", "100", "200"} <= set(texts(found))


def test_long_run(tmp_path: Path) -> None:
    """Three hours take no more bars than can be told apart, at the speed they had, and the axis tells the time."""
    found = drawn(tmp_path, steady(0, 3 * 3600), [(0, 3 * 3600)])
    every = bars(found, "done")
    assert 100 <= len(every) <= 200
    assert {round(bar[3]) for bar in every} == {round(every[0][3])}
    assert {"02:13", "03:00", "05:00"} <= set(texts(found))
    assert "02:13:00 to 02:14:00: 10/s done, 0 failed or in doubt" in hints(found)


@pytest.mark.parametrize("seconds", [3, 3600, 3 * 3600])
def test_few_failures_can_be_seen(seconds: int, tmp_path: Path) -> None:
    """One failure among very many items has a bar that can be seen, and a mark below."""
    timeline = steady(0, seconds, done=1000)
    timeline[1] = (1, 1000, 1, 1001, 0, 0, 12.0)
    found = drawn(tmp_path, timeline, [(0, seconds)])
    ((_, top, width, height),) = bars(found, "failed")
    assert (width >= 1, height >= 3, top >= TOP) == (True, True, True)
    assert len(marks(found, "failed")) == 1
    assert "failed 1" in texts(found)


def test_refusals_and_retries_are_marked(tmp_path: Path) -> None:
    """Each second with refusals or retries has a mark with their number, larger where there were more."""
    timeline = [(0, 5, 0, 9, 4, 0, 12.0), (1, 5, 0, 6, 1, 3, 12.0), (2, 5, 0, 7, 0, 2, 12.0)]
    found = drawn(tmp_path, timeline, [(0, 3)])
    assert [len(marks(found, name)) for name in ("failed", "refused", "retried")] == [0, 2, 2]
    assert {"429 5", "retries 5", "failed 0"} <= set(texts(found))
    assert {"02:13:00: 4 refused (429)", "02:13:01: 1 refused (429)", "02:13:02: 2 sent again"} <= set(hints(found))
    first, second = (float(one.get("r", "")) for one in marks(found, "retried"))
    assert first > second


@pytest.mark.parametrize(
    ("allowed", "lines", "said"),
    [
        (12.0, 1, "allowed in the long run: 12/s"),
        (1000.0, 0, "allowed in the long run: 1,000/s, above this"),
        (None, 0, None),
    ],
)
def test_allowed_rate(allowed: float | None, lines: int, said: str | None, tmp_path: Path) -> None:
    """The allowed rate is a line over the bars; if it is far above them or not known, the legend says so."""
    found = drawn(tmp_path, steady(0, 10, allowed=allowed), [(0, 10)])
    lines_drawn = [one for one in marks(found, "allowed") if " 22h22" not in one.get("d", "")]
    assert len(lines_drawn) == lines
    assert [text for text in texts(found) if text.startswith("allowed")] == ([said] if said else [])
    if lines_drawn:
        start = re.match(r"M([\d.]+) ([\d.]+)", lines_drawn[0].get("d", ""))
        assert start
        height = bars(found, "done")[0][3]
        assert float(start[1]) == LEFT
        assert BASE - float(start[2]) == pytest.approx(height * 1.2, abs=0.3)


def test_gap_is_a_gap(tmp_path: Path) -> None:
    """The time between two runs is shown, takes little room however long it was, and has no bar in it."""
    timeline = [*steady(0, 60), *steady(36_060, 36_120)]
    found = drawn(tmp_path, timeline, [(0, None), (36_060, 36_120)])
    ((left, _, width, _),) = bars(found, "gap")
    assert 20 <= width <= 60
    assert "not running for 10 h" in texts(found)
    assert "not running for 10 h: 02:14:00 to 12:14:00" in hints(found)
    assert all(bar[0] + bar[2] <= left + 0.2 or bar[0] >= left + width - 0.2 for bar in bars(found, "done"))
    assert len(bars(found, "done")) == 120


def test_last_bar_is_no_peak(tmp_path: Path) -> None:
    """What is left over at the end of a run does not look faster than it was for being drawn as a bar of its own."""
    timeline = [*steady(0, 3), *steady(300, 303), *steady(600, 602)]
    found = drawn(tmp_path, timeline, [(0, 602)])
    assert len({round(bar[3]) for bar in bars(found, "done")[:2]}) == 1
    assert max(bars(found, "done"), key=lambda bar: bar[3])[0] < 500


def test_wait_within_a_run_is_no_gap(tmp_path: Path) -> None:
    """A run that waits for the next window of a limit goes on: the time keeps its scale, and nothing is hidden."""
    timeline = [*steady(0, 2), *steady(300, 302)]
    found = drawn(tmp_path, timeline, [(0, 302)])
    assert bars(found, "gap") == []
    first, *_, last = bars(found, "done")
    assert last[0] - first[0] > 800


def test_last_time_is_whole(tmp_path: Path) -> None:
    """A time that stands at the end of the axis ends within the picture."""
    found = drawn(tmp_path, steady(0, 8), [(0, 8)])
    *_, last = [one for one in found.iter(f"{SVG}text") if re.fullmatch(r"\d\d:\d\d:\d\d", one.text or "")]
    assert float(last.get("x", "")) == RIGHT
    assert RIGHT + pixels(last.text or "", 12) / 2 <= WIDTH


def test_labels_of_time_stand_apart(tmp_path: Path) -> None:
    """With many short runs the labels on the axis still can be read, and the bars stay in the picture."""
    runs = [(start, start + 20.0) for start in range(0, 40_000, 1000)]
    timeline = [second for start, _ in runs for second in steady(int(start), int(start) + 20)]
    found = drawn(tmp_path, timeline, runs)
    times = [float(one.get("x", "")) for one in found.iter(f"{SVG}text") if re.fullmatch(r"\d\d:.*", one.text or "")]
    assert len(times) > 3
    assert all(after - before >= 72 for before, after in pairwise(times))
    assert all(x >= LEFT and x + w <= RIGHT + 1 and y >= TOP for x, y, w, _ in bars(found, "done"))
    assert len(bars(found, "gap")) == 39


SPANS = st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 100_000)), min_size=1, max_size=8)
HAPPENED = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 9), st.integers(0, 9)), max_size=60)


def ran(lengths: Sequence[tuple[int, int]]) -> list[Interval]:
    """Return intervals of these lengths with these gaps after them."""
    found: list[Interval] = []
    start = START
    for length, gap in lengths:
        found.append(Interval(start, start + length))
        start += length + gap + 1
    return found


@given(lengths=SPANS, happened=HAPPENED, most=st.integers(1, 300))
def test_buckets_lose_nothing(lengths: list[tuple[int, int]], happened: list[tuple[int, int, int]], most: int) -> None:
    """Buckets hold all that happened, in order, apart from each other and within the intervals."""
    intervals = ran(lengths)
    all_seconds = [second for interval in intervals for second in range(interval.start, interval.end)]
    chosen = {all_seconds[place % len(all_seconds)]: (done, failed) for place, done, failed in happened}
    seconds = [
        SecondStats(
            at=datetime.fromtimestamp(at, UTC), done=done, failed=failed, requests=0, refused=1, retried=2, allowed=None
        )
        for at, (done, failed) in sorted(chosen.items())
    ]
    found = list(buckets(intervals, seconds, most))
    assert sum(one.done for one in found) == sum(second.done for second in seconds)
    assert sum(one.failed for one in found) == sum(second.failed for second in seconds)
    assert (sum(one.refused for one in found), sum(one.retried for one in found)) == (len(seconds), 2 * len(seconds))
    assert all(one.interval.end <= after.interval.start for one, after in pairwise(found))
    assert all(any(s.start <= one.interval.start < one.interval.end <= s.end for s in intervals) for one in found)


@given(lengths=SPANS)
def test_axis_keeps_the_order_of_time(lengths: list[tuple[int, int]]) -> None:
    """Later is further right, from one end of the axis to the other, and running has most of the room."""
    axis = Axis(ran(lengths), 100, 800)
    edges = [axis.x(edge) for interval in axis.intervals for edge in (interval.start, interval.end)]
    assert edges == sorted(edges)
    assert [edges[0], edges[-1]] == pytest.approx([100, 900])
    assert sum(end - start for start, end in zip(edges[::2], edges[1::2], strict=True)) >= 800 / 1.31
    assert all(100 - 1e-6 <= x <= 900 + 1e-6 for x, _, _ in axis.labels(9))


@given(value=st.floats(0.01, 1e9))
def test_scale_holds_its_value(value: float) -> None:
    """A scale ends at or a little above the value, in two to five even steps."""
    top, step = round_up(value)
    assert value <= top * (1 + 1e-9)
    assert top < 2 * value + step
    assert 2 <= round(top / step) <= 5


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
@pytest.mark.parametrize("name", ["full", "empty", "long"])
def test_browser_shows_the_page(name: str, tmp_path: Path) -> None:
    """A real browser has nothing to complain about, and shows the facts and the picture."""
    held = {"full": FULL, "empty": {}, "long": {"seconds": steady(0, 5000), "runs": [(0, 5000)], "outcomes": [DONE]}}[
        name
    ]
    (tmp_path / "page").mkdir()
    page = tmp_path / "page" / "report.html"
    page.write_text(page_of(tmp_path, **held), encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        f"--user-data-dir={tmp_path}/user",
    ]
    shown = subprocess.run(
        [str(BROWSER), *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert [line for line in shown.stderr.splitlines() if "CONSOLE" in line] == []
    said = {"full": "9 of 20 items confirmed", "empty": "Nothing has been sent", "long": "1 of 10 items accepted"}[name]
    assert said in shown.stdout
    assert shown.stdout.count("<svg") == 1
    assert shown.stdout.count("<script") == 0
