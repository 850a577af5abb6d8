"""The geometry of the chart: the intervals in which the job ran, buckets of seconds, and the time axis."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import groupby, pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiooncall.bulk.reports.data import JobReport, SecondStats

_SIZES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800)
"""Round numbers of seconds: the size of a bucket, or the distance between two labels."""
_WIDEST_GAP: Final = 0.06
"""The largest part of the axis that one gap takes."""
_WIDEST_GAPS: Final = 0.3
"""The largest part of the axis that all gaps take together."""
_NARROWEST_GAP: Final = 0.004


@attrs.frozen
class Interval:
    """Whole seconds since the epoch, from `start` up to but not including `end`."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.start


@attrs.frozen(kw_only=True)
class Bucket:
    """One second, or several that are drawn as one bar, and what happened in it."""

    interval: Interval
    done: int
    failed: int
    refused: int
    retried: int
    allowed: float | None


def run_intervals(report: JobReport) -> list[Interval]:
    """Return the intervals in which the job ran; runs less than a second apart share one interval."""
    intervals: list[Interval] = []
    for run in report.runs:
        start = int(run.started_at.timestamp())
        end = max(start, int(run.alive_until.timestamp() - 1e-6)) + 1
        if intervals and start <= intervals[-1].end:
            intervals[-1] = Interval(intervals[-1].start, max(intervals[-1].end, end))
        else:
            intervals.append(Interval(start, end))
    return intervals


def size_for(total: float, most: int) -> int:
    """Return a round number of seconds that divides `total` seconds into `most` parts, or a few more."""
    return next((size for size in _SIZES if size * most >= total), _SIZES[-1])


def buckets(intervals: Sequence[Interval], timeline: Iterable[SecondStats], most: int) -> Iterator[Bucket]:
    """Yield the buckets in which anything happened, in order.

    Args:
        intervals: when the job ran.
        timeline: the seconds of the job.
        most: how many buckets to aim at; there may be a few more.
    """
    size = size_for(sum(interval.seconds for interval in intervals), most)
    starts = [interval.start for interval in intervals]

    def place(stats: SecondStats) -> Interval:
        second = int(stats.at.timestamp())
        interval = intervals[max(0, bisect_right(starts, second) - 1)]
        count = max(1, round(interval.seconds / size))  # a rest shorter than half a bucket joins the bucket before it
        number = min(count - 1, max(0, second - interval.start) // size)
        start = interval.start + number * size
        return Interval(start, interval.end if number == count - 1 else start + size)

    for interval, seconds in groupby(timeline, place):
        yield _bucket(interval, list(seconds))


def _bucket(interval: Interval, seconds: Sequence[SecondStats]) -> Bucket:
    return Bucket(
        interval=interval,
        done=sum(one.done for one in seconds),
        failed=sum(one.failed for one in seconds),
        refused=sum(one.refused for one in seconds),
        retried=sum(one.retried for one in seconds),
        allowed=seconds[-1].allowed,
    )


class Axis:
    """The horizontal axis. It draws the intervals to scale, and shortens the gaps between them.

    Args:
        intervals: when the job ran, in order; at least one.
        left: the left end of the axis, in pixels.
        width: the width of the axis, in pixels.
    """

    def __init__(self, intervals: Sequence[Interval], left: float, width: float) -> None:
        self.intervals = intervals
        self.gaps: list[Interval] = [Interval(one.end, following.start) for one, following in pairwise(intervals)]
        self._total = sum(interval.seconds for interval in intervals)
        self._scale = width / (self._total + sum(map(self._shown, self.gaps)))
        self._left = left

    def x(self, second: float) -> float:
        """Return the place of the start of a second, in pixels."""
        place = self._left
        for interval, gap in zip(self.intervals, [*self.gaps, None], strict=True):
            if second <= interval.end or gap is None:
                return place + (second - interval.start) * self._scale
            place += (interval.seconds + self._shown(gap)) * self._scale
        return place

    def labels(self, most: int) -> Iterator[tuple[float, datetime, bool]]:
        """Yield places for labels: the place, its time, and whether minutes are enough to write that time."""
        step = size_for(self._total, most)
        for interval in self.intervals:
            first = interval.start - interval.start % step + step
            for second in (interval.start, *range(first, interval.end + 1, step)):
                yield self.x(second), datetime.fromtimestamp(second, UTC), step % 60 == 0

    def _shown(self, gap: Interval) -> float:
        most = min(_WIDEST_GAP, _WIDEST_GAPS / len(self.gaps)) * self._total
        return min(most, max(gap.seconds, _NARROWEST_GAP * self._total))


def round_up(value: float) -> tuple[float, float]:
    """Return a round end of the scale that is at least `value`, and the step between its marks."""
    power = 10.0 ** floor(log10(value))
    step = next(power * part for part in (0.2, 0.5, 1, 2) if power * part * 5 >= value)
    return ceil(value / step) * step, step
