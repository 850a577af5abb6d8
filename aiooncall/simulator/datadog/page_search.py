"""The query language of the page list, as far as clients use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aiooncall.simulator.datadog.tags import normalise_tag

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.page_store import Snapshot

_FACETS = frozenset({"status", "urgency", "team"})
_TERM = re.compile(r'(?:(?P<facet>\w[^\s:"]*):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))')


class Term(NamedTuple):
    """One condition: on a facet, on a tag when the facet is "tag", on the title when it is None."""

    facet: str | None
    value: str

    def matches(self, page: Snapshot) -> bool:
        """Tell whether a page fulfils the condition."""
        match self.facet:
            case None:
                return self.value in page.title.lower()
            case "tag":
                return self.value in page.tags
            case facet:
                return bool(getattr(page, facet) == self.value)


def parse_query(query: str) -> list[Term]:
    """Split a query into conditions that must all hold."""
    return [_term(match["facet"], match["quoted"] or match["plain"] or "") for match in _TERM.finditer(query)]


def _term(facet: str | None, value: str) -> Term:
    if facet is None:
        return Term(None, value.lower())
    if facet in _FACETS:
        return Term(facet, value)
    return Term("tag", normalise_tag(value if facet == "tags" else f"{facet}:{value}"))
