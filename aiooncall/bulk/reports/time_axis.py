"""The course of a job as something to draw: stretches of running, buckets of seconds, and the time axis."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import groupby, pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiooncall.bulk.reports.read import JobReport, Tick

_SPANS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800)
"""Seconds that a bucket, or the distance of two labels on the axis, may have."""
_WIDEST_GAP: Final = 0.06
"""What of the axis one gap may take."""
_WIDEST_GAPS: Final = 0.3
"""What of it all gaps together may take."""
_NARROWEST_GAP: Final = 0.004


@attrs.frozen
class Span:
    """Some seconds, from `start` up to but not including `end`, counted from the epoch."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How many there are."""
        return self.end - self.start


@attrs.frozen(kw_only=True)
class Bucket:
    """What happened in one second or in several that are drawn as one."""

    span: Span
    done: int
    failed: int
    refused: int
    retried: int
    allowed: float | None


def stretches(report: JobReport) -> list[Span]:
    """Return when the job ran; runs that follow each other within a second are one stretch."""
    found: list[Span] = []
    for run in report.runs:
        start = int(run.started_at.timestamp())
        end = max(start, int(run.alive_until.timestamp() - 1e-6)) + 1
        if found and start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Span(start, end))
    return found


def span_of(total: float, most: int) -> int:
    """Return how many seconds to take together so that `total` seconds make `most` parts, or few more."""
    return next((span for span in _SPANS if span * most >= total), _SPANS[-1])


def buckets(ran: Sequence[Span], ticks: Iterable[Tick], most: int) -> Iterator[Bucket]:
    """Yield the buckets in which anything happened, in order.

    Args:
        ran: when the job ran.
        ticks: its seconds.
        most: how many buckets are wanted, or few more.
    """
    size = span_of(sum(one.seconds for one in ran), most)
    starts = [one.start for one in ran]

    def place(tick: Tick) -> Span:
        second = int(tick.at.timestamp())
        stretch = ran[max(0, bisect_right(starts, second) - 1)]
        whole = max(1, round(stretch.seconds / size))  # a rest that is shorter than half goes with what is before it
        number = min(whole - 1, max(0, second - stretch.start) // size)
        start = stretch.start + number * size
        return Span(start, stretch.end if number == whole - 1 else start + size)

    for span, found in groupby(ticks, place):
        yield _bucket(span, list(found))


def _bucket(span: Span, ticks: Sequence[Tick]) -> Bucket:
    return Bucket(
        span=span,
        done=sum(tick.done for tick in ticks),
        failed=sum(tick.failed for tick in ticks),
        refused=sum(tick.refused for tick in ticks),
        retried=sum(tick.retried for tick in ticks),
        allowed=ticks[-1].allowed,
    )


class Axis:
    """Where each second is drawn: stretches to scale, and the gaps between them in no more room than they need.

    Args:
        ran: when the job ran, in order; at least one stretch.
        left: where the axis begins, in pixels.
        width: how wide it is, in pixels.
    """

    def __init__(self, ran: Sequence[Span], left: float, width: float) -> None:
        self.stretches = ran
        self.gaps = [Span(one.end, following.start) for one, following in pairwise(ran)]
        self._total = sum(one.seconds for one in ran)
        shown = self._total + sum(map(self._shown, self.gaps))
        self._scale = width / shown
        self._left = left

    def x(self, second: float) -> float:
        """Return where a second begins, in pixels."""
        place = self._left
        for stretch, gap in zip(self.stretches, [*self.gaps, None], strict=True):
            if second <= stretch.end or gap is None:
                return place + (second - stretch.start) * self._scale
            place += (stretch.seconds + self._shown(gap)) * self._scale
        return place

    def labels(self, most: int) -> Iterator[tuple[float, datetime, bool]]:
        """Yield where there may be a label, its time, and whether it is exact to the minute."""
        step = span_of(self._total, most)
        for stretch in self.stretches:
            first = stretch.start - stretch.start % step + step
            for second in (stretch.start, *range(first, stretch.end + 1, step)):
                yield self.x(second), datetime.fromtimestamp(second, UTC), step % 60 == 0

    def _shown(self, gap: Span) -> float:
        most = min(_WIDEST_GAP, _WIDEST_GAPS / len(self.gaps)) * self._total
        return min(most, max(gap.seconds, _NARROWEST_GAP * self._total))


def round_up(value: float) -> tuple[float, float]:
    """Return the end of a scale that holds `value`, and the step of its marks."""
    power = 10.0 ** floor(log10(value))
    step = next(power * part for part in (0.2, 0.5, 1, 2) if power * part * 5 >= value)
    return ceil(value / step) * step, step
