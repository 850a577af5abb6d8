"""Who is on call over a time, for all providers: gaps, hours, what an edit changes, calendars and tables."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.coverage.calendars import to_icalendar as to_icalendar
    from aiooncall.coverage.comparing import changes as changes
    from aiooncall.coverage.counting import hours as hours
    from aiooncall.coverage.models import CoverageChange as CoverageChange
    from aiooncall.coverage.models import Gap as Gap
    from aiooncall.coverage.models import Hours as Hours
    from aiooncall.coverage.models import Person as Person
    from aiooncall.coverage.models import Shift as Shift
    from aiooncall.coverage.tables import to_csv as to_csv
    from aiooncall.coverage.tables import to_json as to_json
    from aiooncall.coverage.uncovered import gaps as gaps
    from aiooncall.coverage.week_in_svg import week_svg as week_svg
    from aiooncall.coverage.week_in_text import week_table as week_table
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
