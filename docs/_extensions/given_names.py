"""Each page whose examples take `sim`, `dd` and `gf` as given says in a folded box how to get them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

HOME = "quickstart"
"""The page that has what is in the box, in a container of the class `given-names`."""
CLASS = "given-names"
NAMES = {"sim", "dd", "gf"}
SUMMARY = "The examples take <code>sim</code>, <code>dd</code> and <code>gf</code> as given: how to get them"
OPENING = f'<details class="{CLASS}"><summary>{SUMMARY}</summary>'


def free_names(code: str) -> set[str]:
    """Return the names that code uses and does not make itself."""
    try:
        tree = compile(code, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    except SyntaxError:
        return set()
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    made |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - made


def takes_names(block: nodes.literal_block) -> bool:
    """Return whether a block of code is an example that takes one of the names as given."""
    return block.get("language") == "python" and not NAMES.isdisjoint(free_names(block.astext()))


def how_to_get_them(env: BuildEnvironment) -> nodes.container:
    """Return a copy of what the box holds."""
    containers = env.get_doctree(HOME).findall(nodes.container)
    (found,) = (one for one in containers if CLASS in one["classes"])
    return found.deepcopy()


def place(page: nodes.section) -> int:
    """Return where the box belongs on a page: below its first paragraph, unless that leads to what follows."""
    first = next(index for index, node in enumerate(page.children) if not isinstance(node, nodes.title))
    leads = page[first].astext().endswith(":")
    return first if leads or not isinstance(page[first], nodes.paragraph) else first + 1


def add_box(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the box into a page that needs it."""
    if docname == HOME or not any(map(takes_names, doctree.findall(nodes.literal_block))):
        return
    page = next(doctree.findall(nodes.section))
    box = [nodes.raw("", OPENING, format="html"), how_to_get_them(app.env), nodes.raw("", "</details>", format="html")]
    page.insert(place(page), box)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.connect("doctree-resolved", add_box)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
