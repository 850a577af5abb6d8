"""Lists in pages by offset: rows that come and go between two pages shift the later ones.

grafana/oncall, engine/common/api_helpers/paginators.py
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

USUAL_SIZE: Final = 50
_LARGEST_SHOWN: Final = 100
_WHOLE: Final = re.compile(r"\d{1,18}", re.ASCII)


def page_of(
    call: Call, rows: Sequence[Any], show: Callable[[Any], Json], base_url: str, usual_size: int = USUAL_SIZE
) -> Json:
    """Return the page of a list that a request asks for; past the end it is the last one.

    Args:
        call: The request.
        rows: The whole list.
        show: Turns a row into an item.
        base_url: Where the links lead, whatever host was called.
        usual_size: Rows on a page unless the request says otherwise.
    """
    size = _positive(call.query, "perpage") or usual_size
    pages = max(1, math.ceil(len(rows) / size))
    number = min(_positive(call.query, "page") or 1, pages)
    return {
        "count": len(rows),
        "next": _link(call, base_url, number + 1) if number < pages else None,
        "previous": _link(call, base_url, number - 1) if number > 1 else None,
        "results": [show(row) for row in rows[(number - 1) * size : number * size]],
        "current_page_number": number,
        "page_size": min(size, _LARGEST_SHOWN),
        "total_pages": pages,
    }


def _positive(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    return (int(text) or None) if _WHOLE.fullmatch(text) else None


def _link(call: Call, base_url: str, number: int) -> str:
    """Return the URL of another page; the first one goes without a number."""
    kept = [(name, value) for name, value in call.query.items() if name != "page"]
    query = urlencode([*kept, ("page", number)] if number > 1 else kept)
    return f"{base_url}{call.path}{'?' if query else ''}{query}"
