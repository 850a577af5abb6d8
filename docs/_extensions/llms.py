"""Writes `llms.txt`, a table of contents for language models (https://llmstxt.org), and copies the guides beside it."""

from __future__ import annotations

import shutil
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.addnodes import toctree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def first_sentence(doctree: nodes.document) -> str:
    """Return the first sentence of a page."""
    text = " ".join(next(doctree.findall(nodes.paragraph)).astext().split())
    return text.partition(". ")[0].rstrip(".:")


def chapters(env: BuildEnvironment, page: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the captions and the pages of the tables of contents on a page."""
    for table in env.get_doctree(page).findall(toctree):
        yield table["caption"], table["includefiles"]


def is_written(env: BuildEnvironment, page: str) -> bool:
    """Return whether somebody wrote a page, so that its source can be read: the reference comes from docstrings."""
    return page not in {pages for _, found in chapters(env, "api") for pages in found}


def entry(env: BuildEnvironment, page: str) -> str:
    """Return the line for a page."""
    title = env.titles[page].astext()
    if is_written(env, page):
        return f"- [{title}]({page}.md): {first_sentence(env.get_doctree(page))}"
    return f"- [{title}]({page}.html)"


def with_inner(env: BuildEnvironment, page: str) -> list[str]:
    """Return a page and those below it; those of the reference have chapters of their own."""
    return [page, *(() if page == "api" else env.toctree_includes.get(page, ()))]


def llms_txt(env: BuildEnvironment) -> str:
    """Return the table of contents: the guides by chapter, then the reference."""
    parts = ["# aiooncall", f"> {metadata('aiooncall')['Summary']}"]
    for home, prefix in (("index", ""), ("api", "API reference: ")):
        for caption, pages in chapters(env, home):
            every = [inner for page in pages for inner in with_inner(env, page)]
            parts.append("\n".join((f"## {prefix}{caption}\n", *(entry(env, page) for page in every))))
    return "\n\n".join(parts) + "\n"


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the file, and copy the pages that it names."""
    if error is not None or app.builder.format != "html":
        return
    Path(app.outdir, "llms.txt").write_text(llms_txt(app.env), encoding="utf-8")
    for page in app.env.found_docs:
        if is_written(app.env, page):
            target = Path(app.outdir, f"{page}.md")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(app.env.doc2path(page), target)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
