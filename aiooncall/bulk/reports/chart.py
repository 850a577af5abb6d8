"""The course of a job as a picture: items in a second, the rate that was allowed, and what went wrong when.

Its colours are those of the page around it: classes `f-NAME` fill and `s-NAME` stroke.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import sqrt
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from aiooncall.bulk.reports.text import many, rate, result
from aiooncall.bulk.reports.time_axis import Axis, buckets, round_up, stretches
from aiooncall.drawing.outline import human_duration
from aiooncall.drawing.svg_shapes import Style, node, tooltip, width, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from aiooncall.bulk.reports.read import JobReport
    from aiooncall.bulk.reports.time_axis import Bucket, Span

WIDTH: Final = 960
_LEFT: Final = 108
_RIGHT: Final = WIDTH - 24
_TOP: Final = 48
_BASE: Final = 288
"""Where nothing is done in a second, in pixels from the top."""
_LANE: Final = 26
"""How high the strip of each kind of marks is, in pixels."""
_MOST_BUCKETS: Final = 200
_MOST_LABELS: Final = 9
_BETWEEN_LABELS: Final = 72
"""Pixels from the middle of one label to that of the next, at least."""
_FAR_ABOVE: Final = 4
"""How many times what was done the allowed rate may be, and still be drawn."""
_LEAST_FAILED: Final = 3.0
"""Pixels by which failures can be seen however few they are."""
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
"""Which number of a bucket, what it is called on the left and in full, and its mark."""
_FLOOR: Final = _BASE + 8 + _LANE * len(_LANES)
"""Where the time is written."""
_HEIGHT: Final = _FLOOR + 44


def draw(parent: Element, report: JobReport) -> None:
    """Draw the course of a job.

    Args:
        parent: where to add the picture.
        report: what to draw.
    """
    root = node(parent, "svg", xmlns="http://www.w3.org/2000/svg", role="img", viewBox=f"0 0 {WIDTH} {_HEIGHT}")
    root.set("aria-labelledby", "course-title course-desc")
    node(root, "title", id="course-title").text = "Course of the job: items per second"
    node(root, "desc", id="course-desc").text = (
        f"{result(report)}. {rate(report.items_per_second)} items ended, {rate(report.allowed_per_second)} requests"
        f" allowed; {many(report.refused, 'request')} refused, {report.retried:,} sent again."
    )
    ran = stretches(report)
    if ran and report.timeline:
        _Course.of(report, ran).draw(root)
    else:
        place = (_LEFT + _RIGHT) / 2, (_TOP + _BASE) / 2
        write(root, "Nothing has been sent so far.", *place, attrs.evolve(_CENTRED, size=15))
        _line(root, "rail", f"M{_LEFT} {_TOP}V{_BASE}H{_RIGHT}")


def _line(parent: Element, colour: str, path: str, **attributes: str | float) -> Element:
    return node(parent, "path", class_=f"s-{colour}", fill="none", d=path, **attributes)


@attrs.frozen
class _Course:
    """What is drawn, and to which scale."""

    axis: Axis
    buckets: Sequence[Bucket]
    top: float
    step: float
    allowed: float | None

    @classmethod
    def of(cls, report: JobReport, ran: Sequence[Span]) -> _Course:
        found = list(buckets(ran, report.timeline, _MOST_BUCKETS))
        most = max((one.done + one.failed) / one.span.seconds for one in found)
        allowed = max((one.allowed or 0.0 for one in found), default=0.0)
        shown = allowed if not most or allowed <= _FAR_ABOVE * most else 0.0
        top, step = round_up(max(most, shown, 1.0) * 1.05)
        return cls(Axis(ran, _LEFT, _RIGHT - _LEFT), found, top, step, report.allowed_per_second)

    def draw(self, root: Element) -> None:
        """Draw it all, what lies behind first."""
        self._levels(root)
        self._times(root)
        for gap in self.axis.gaps:
            self._gap(node(root, "g"), gap)
        for bucket in self.buckets:
            self._bar(node(root, "g"), bucket)
        for stretch in self.axis.stretches:
            self._limit(root, stretch)
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

    def _gap(self, group: Element, gap: Span) -> None:
        x, end = self.axis.x(gap.start), self.axis.x(gap.end)
        said = f"not running for {human_duration(gap.seconds)}"
        tooltip(group, f"{said}: {_time(gap.start)} to {_time(gap.end)}")
        node(group, "rect", class_="f-page", x=x, y=_TOP - 4, width=end - x, height=_FLOOR - _TOP + 4)
        node(group, "rect", class_="f-gap", x=x, y=_TOP, width=end - x, height=_FLOOR - _TOP)
        _line(group, "rail", f"M{x:.1f} {_TOP}V{_FLOOR}M{end:.1f} {_TOP}V{_FLOOR}", stroke_dasharray="3 4")
        if end - x >= _ROOM_FOR_TEXT:
            place = (x + end) / 2 + 4, (_TOP + _BASE) / 2
            write(group, said, *place, _CENTRED).set("transform", f"rotate(-90 {place[0]:.1f} {place[1]:.1f})")

    def _bar(self, group: Element, bucket: Bucket) -> None:
        x, end = self.axis.x(bucket.span.start), self.axis.x(bucket.span.end)
        size = max(1.0, end - x - (1 if end - x > _ROOM_FOR_GAP else 0))
        done, all_ = (self._y(count / bucket.span.seconds) for count in (bucket.done, bucket.done + bucket.failed))
        tooltip(group, _said(bucket))
        if bucket.done:
            node(group, "rect", class_="f-done", x=x, y=done, width=size, height=_BASE - done)
        if bucket.failed:
            failed = max(done - all_, _LEAST_FAILED)
            node(group, "rect", class_="f-failed", x=x, y=done - failed, width=size, height=failed)

    def _limit(self, root: Element, stretch: Span) -> None:
        """Draw the rate that was allowed while the job ran, from what was known of it."""
        known = [(one.span.start, one.allowed) for one in self.buckets if one.allowed and _is_in(one, stretch)]
        if not known or max(level for _, level in known) > self.top:
            return
        path = f"M{self.axis.x(stretch.start):.1f} {self._y(known[0][1]):.1f}"
        path += "".join(f"H{self.axis.x(second):.1f}V{self._y(level):.1f}" for second, level in known[1:])
        _line(root, "allowed", f"{path}H{self.axis.x(stretch.end):.1f}", stroke_width=2, stroke_dasharray="7 4")

    def _lane(self, group: Element, y: float, lane: _Lane) -> None:
        name, label, meaning, mark = lane
        counts = [(bucket, count) for bucket in self.buckets if (count := getattr(bucket, name))]
        _line(group, "edge", f"M{_LEFT} {y}H{_RIGHT}")
        write(group, f"{label} {sum(count for _, count in counts):,}", _LEFT - 10, y + 4, _BEFORE)
        most = max((count for _, count in counts), default=1)
        for bucket, count in counts:
            one = node(group, "g")
            tooltip(one, f"{_time(bucket.span.start)}: {count:,} {meaning}")
            middle = (self.axis.x(bucket.span.start) + self.axis.x(bucket.span.end)) / 2
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
            yield "allowed", f"allowed: {rate(self.allowed)}{', above this' if self.allowed > self.top else ''}"


def _is_in(bucket: Bucket, stretch: Span) -> bool:
    return stretch.start <= bucket.span.start < stretch.end


def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%H:%M:%S}"


def _said(bucket: Bucket) -> str:
    speed = rate(bucket.done / bucket.span.seconds)
    return f"{_time(bucket.span.start)} to {_time(bucket.span.end)}: {speed} done, {bucket.failed:,} failed or in doubt"
