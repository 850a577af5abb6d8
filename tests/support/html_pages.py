"""What a page of HTML has: ids, links and text, by the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class HtmlPage(HTMLParser):
    """A page.

    Attributes:
        ids: what can be linked to.
        links: where its links lead, by the text of each.
        classes: how many elements are of which class.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.classes: list[str] = []
        self._text: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element has."""
        values = {name: value or "" for name, value in attrs}
        self.classes += values.get("class", "").split()
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append((values["href"], ""))
            self._text = []

    def handle_data(self, data: str) -> None:
        """Note text, which may be a link's."""
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note the text of a link."""
        if tag == "a" and self.links:
            self.links[-1] = (self.links[-1][0], "".join(self._text))
