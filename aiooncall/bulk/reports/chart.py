"""The timeline of a job as a chart: items per second, the allowed rate, and when something went wrong.

The page around it has the colours: the class `f-NAME` fills with one, `s-NAME` draws a line in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from aiooncall.bulk.reports.text import many, rate, result
from aiooncall.bulk.reports.time_axis import Axis, buckets, round_up, run_intervals
from aiooncall.drawing.outline import human_duration
from aiooncall.drawing.svg_shapes import Style, node, tooltip, width, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from aiooncall.bulk.reports.data import JobReport
    from aiooncall.bulk.reports.time_axis import Bucket, Interval

WIDTH: Final = 960
_LEFT: Final = 108
_RIGHT: Final = WIDTH - 32
"""The end of the time line, with room for half of a time that stands there."""
_TOP: Final = 48
_BASE: Final = 288
"""The line of zero items per second, in pixels from the top."""
_LANE: Final = 26
"""The height of the strip for one kind of marks, in pixels."""
_MOST_BUCKETS: Final = 200
_MOST_LABELS: Final = 9
_BETWEEN_LABELS: Final = 72
"""The least distance between the middles of two labels, in pixels."""
_FAR_ABOVE: Final = 4
"""The allowed rate is drawn unless it is more than this many times the rate that was reached."""
_LEAST_FAILED: Final = 3.0
"""The least height of failures in a bar, in pixels, so that even one can be seen."""
_ROOM_FOR_TEXT: Final = 16
_ROOM_FOR_GAP: Final = 5
_SMALL: Final = Style(size=12, colour="soft")
_BEFORE: Final = attrs.evolve(_SMALL, anchor="end")
_CENTRED: Final = attrs.evolve(_SMALL, anchor="middle")


def _cross(parent: Element, x: float, y: float, r: float) -> None:
    node(parent, "path", class_="s-failed", stroke_width=2, d=f"M{x - r:.1f} {y - r:.1f}l{2 * r:.1f} {2 * r:.1f}"
         f"M{x - r:.1f} {y + r:.1f}l{2 * r:.1f} {-2 * r:.1f}")  # fmt: skip


def _triangle(parent: Element, x: float, y: float, r: float) -> None:
    d = f"M{x:.1f} {y - r:.1f}l{r:.1f} {2 * r:.1f}h{-2 * r:.1f}z"
    node(parent, "path", class_="f-refused", d=d)


def _ring(parent: Element, x: float, y: float, r: float) -> None:
    node(parent, "circle", class_="s-retried", fill="none", stroke_width=2, cx=x, cy=y, r=r)


_Lane: TypeAlias = "tuple[str, str, str, Callable[[Element, float, float, float], None]]"
_LANES: Final[tuple[_Lane, ...]] = (
    ("failed", "failed", "failed or in doubt", _cross),
    ("refused", "429", "refused (429)", _triangle),
    ("retried", "retries", "sent again", _ring),
)
"""For each strip: the field of a bucket, its short name on the left, its full name, and its mark."""
_FLOOR: Final = _BASE + 8 + _LANE * len(_LANES)
"""The bottom of the strips, above the times, in pixels from the top."""
_HEIGHT: Final = _FLOOR + 44


def draw(parent: Element, report: JobReport) -> None:
    """Draw the timeline of a job.

    Args:
        parent: the element that the chart is added to.
        report: the report of the job.
    """
    root = node(parent, "svg", xmlns="http://www.w3.org/2000/svg", role="img", viewBox=f"0 0 {WIDTH} {_HEIGHT}")
    root.set("aria-labelledby", "timeline-title timeline-desc")
    node(root, "title", id="timeline-title").text = "Timeline of the job: items per second"
    node(root, "desc", id="timeline-desc").text = (
        f"{result(report)}. {rate(report.items_per_second)} items ended, {rate(report.allowed_per_second)} requests"
        f" allowed; {many(report.refused, 'request')} refused, {report.retried:,} sent again."
    )
    intervals = run_intervals(report)
    if intervals and report.timeline:
        _Chart.of(report, intervals).draw(root)
    else:
        place = (_LEFT + _RIGHT) / 2, (_TOP + _BASE) / 2
        write(root, "Nothing has been sent so far.", *place, attrs.evolve(_CENTRED, size=15))
        _line(root, "rail", f"M{_LEFT} {_TOP}V{_BASE}H{_RIGHT}")


def _line(parent: Element, colour: str, path: str, **attributes: str | float) -> Element:
    return node(parent, "path", class_=f"s-{colour}", fill="none", d=path, **attributes)


@attrs.frozen
class _Chart:
    """The values to draw, and their scale."""

    axis: Axis
    buckets: Sequence[Bucket]
    top: float
    step: float
    allowed: float | None

    @classmethod
    def of(cls, report: JobReport, intervals: Sequence[Interval]) -> _Chart:
        bars = list(buckets(intervals, report.timeline, _MOST_BUCKETS))
        most = max((one.done + one.failed) / one.interval.seconds for one in bars)
        allowed = max((one.allowed or 0.0 for one in bars), default=0.0)
        shown = allowed if not most or allowed <= _FAR_ABOVE * most else 0.0
        top, step = round_up(max(most, shown, 1.0) * 1.05)
        return cls(Axis(intervals, _LEFT, _RIGHT - _LEFT), bars, top, step, report.allowed_per_second)

    def draw(self, root: Element) -> None:
        """Draw the chart, from back to front."""
        self._levels(root)
        self._times(root)
        for gap in self.axis.gaps:
            self._gap(node(root, "g"), gap)
        for bucket in self.buckets:
            self._bar(node(root, "g"), bucket)
        for interval in self.axis.intervals:
            self._limit(root, interval)
        for number, lane in enumerate(_LANES):
            self._lane(node(root, "g"), _BASE + 8 + _LANE * (number + 0.5), lane)
        _line(root, "rail", f"M{_LEFT} {_TOP}V{_BASE}H{_RIGHT}")
        self._legend(root)

    def _y(self, speed: float) -> float:
        return _BASE - (_BASE - _TOP) * min(1.0, speed / self.top)

    def _levels(self, root: Element) -> None:
        for number in range(round(self.top / self.step) + 1):
            y = self._y(number * self.step)
            _line(root, "edge", f"M{_LEFT} {y:.1f}H{_RIGHT}")
            write(root, f"{number * self.step:,.10g}", _LEFT - 10, y + 4, _BEFORE)

    def _times(self, root: Element) -> None:
        last, day = float("-inf"), ""
        for x, at, whole in self.axis.labels(_MOST_LABELS):
            if x - last < _BETWEEN_LABELS or x > _RIGHT:
                continue
            _line(root, "edge", f"M{x:.1f} {_TOP}V{_FLOOR + 4}")
            write(root, f"{at:%H:%M}" if whole else f"{at:%H:%M:%S}", x, _FLOOR + 18, _CENTRED)
            if day != (day := f"{at:%Y-%m-%d}"):
                write(root, day, x, _FLOOR + 34, _CENTRED)
            last = x
        write(root, "UTC", _LEFT - 40, _FLOOR + 18, _BEFORE)

    def _gap(self, group: Element, gap: Interval) -> None:
        x, end = self.axis.x(gap.start), self.axis.x(gap.end)
        text = f"not running for {human_duration(gap.seconds)}"
        tooltip(group, f"{text}: {_time(gap.start)} to {_time(gap.end)}")
        node(group, "rect", class_="f-page", x=x, y=_TOP - 4, width=end - x, height=_FLOOR - _TOP + 4)
        node(group, "rect", class_="f-gap", x=x, y=_TOP, width=end - x, height=_FLOOR - _TOP)
        _line(group, "rail", f"M{x:.1f} {_TOP}V{_FLOOR}M{end:.1f} {_TOP}V{_FLOOR}", stroke_dasharray="3 4")
        if end - x >= _ROOM_FOR_TEXT:
            place = (x + end) / 2 + 4, (_TOP + _BASE) / 2
            write(group, text, *place, _CENTRED).set("transform", f"rotate(-90 {place[0]:.1f} {place[1]:.1f})")

    def _bar(self, group: Element, bucket: Bucket) -> None:
        x, end = self.axis.x(bucket.interval.start), self.axis.x(bucket.interval.end)
        size = max(1.0, end - x - (1 if end - x > _ROOM_FOR_GAP else 0))
        done, ended = (self._y(count / bucket.interval.seconds) for count in (bucket.done, bucket.done + bucket.failed))
        tooltip(group, _description(bucket))
        if bucket.done:
            node(group, "rect", class_="f-done", x=x, y=done, width=size, height=_BASE - done)
        if bucket.failed:
            failed = max(done - ended, _LEAST_FAILED)
            node(group, "rect", class_="f-failed", x=x, y=done - failed, width=size, height=failed)

    def _limit(self, root: Element, interval: Interval) -> None:
        """Draw the allowed rate of one interval, from the buckets in which it was known."""
        known = [(one.interval.start, one.allowed) for one in self.buckets if one.allowed and _is_in(one, interval)]
        if not known or max(level for _, level in known) > self.top:
            return
        path = f"M{self.axis.x(interval.start):.1f} {self._y(known[0][1]):.1f}"
        path += "".join(f"H{self.axis.x(second):.1f}V{self._y(level):.1f}" for second, level in known[1:])
        _line(root, "allowed", f"{path}H{self.axis.x(interval.end):.1f}", stroke_width=2, stroke_dasharray="7 4")

    def _lane(self, group: Element, y: float, lane: _Lane) -> None:
        name, label, meaning, mark = lane
        counts = [(bucket, count) for bucket in self.buckets if (count := getattr(bucket, name))]
        _line(group, "edge", f"M{_LEFT} {y}H{_RIGHT}")
        write(group, f"{label} {sum(count for _, count in counts):,}", _LEFT - 10, y + 4, _BEFORE)
        most = max((count for _, count in counts), default=1)
        for bucket, count in counts:
            one = node(group, "g")
            tooltip(one, f"{_time(bucket.interval.start)}: {count:,} {meaning}")
            middle = (self.axis.x(bucket.interval.start) + self.axis.x(bucket.interval.end)) / 2
            mark(one, middle, y, 3 + 3 * sqrt(count / most))

    def _legend(self, root: Element) -> None:
        write(root, "Items per second", _LEFT, 26, Style(size=13, bold=True))
        x = float(_RIGHT)
        for name, text in reversed(list(self._entries())):
            x -= width(text, _SMALL)
            write(root, text, x, 26, _SMALL)
            if name == "allowed":
                _line(root, name, f"M{x - 28:.1f} 22h22", stroke_width=2, stroke_dasharray="7 4")
            else:
                node(root, "rect", class_=f"f-{name}", x=x - 18, y=16, width=12, height=12, rx=2)
            x -= 46

    def _entries(self) -> Iterator[tuple[str, str]]:
        yield "done", "done"
        yield "failed", "failed or in doubt"
        if self.allowed is not None:
            yield (
                "allowed",
                f"allowed in the long run: {rate(self.allowed)}{', above this' if self.allowed > self.top else ''}",
            )


def _is_in(bucket: Bucket, interval: Interval) -> bool:
    return interval.start <= bucket.interval.start < interval.end


def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%H:%M:%S}"


def _description(bucket: Bucket) -> str:
    speed = rate(bucket.done / bucket.interval.seconds)
    start, end = _time(bucket.interval.start), _time(bucket.interval.end)
    return f"{start} to {end}: {speed} done, {bucket.failed:,} failed or in doubt"
