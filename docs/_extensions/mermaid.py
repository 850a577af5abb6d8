"""Blocks of Mermaid are drawn by its script, which is part of the documentation."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

SCRIPTS = ("mermaid/mermaid.tiny.js", "draw-mermaid.js")
CLASS = "mermaid"


def mark(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Write each block of Mermaid in the way in which the script finds it."""
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == CLASS:
            html = f'<pre class="{CLASS}">{escape(block.astext())}</pre>'
            block.replace_self(nodes.raw("", html, format="html", classes=[CLASS]))


def add_scripts(app: Sphinx, _page: str, _template: str, _context: object, doctree: nodes.document | None) -> None:
    """Load the script on a page that has something to draw, and on no other: it is big."""
    if doctree is not None and any(CLASS in raw["classes"] for raw in doctree.findall(nodes.raw)):
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.add_lexer(CLASS, TextLexer)
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
