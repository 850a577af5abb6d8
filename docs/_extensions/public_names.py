"""Types lead to where they are documented, however a signature writes them."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docutils.nodes import paragraph, reference
from sphinx.addnodes import desc_content, pending_xref

from aiooncall.client.services import ServiceOf

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement, document
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PUBLIC = (
    "aiooncall",
    "aiooncall.simulator",
    "aiooncall.events",
    "aiooncall.options",
    "aiooncall.fanout",
    "aiooncall._base.compact_texts",
    "aiooncall.datadog.models.page",
    "aiooncall.datadog",
    "aiooncall.distributed",
    "aiooncall.instrumentation",
    "aiooncall.grafana",
    "aiooncall.bulk",
    "aiooncall.coverage",
    "aiooncall.audit",
    "aiooncall.bulk.reports.data",
    "aiooncall.grafana.resources.alert_groups",
    "aiooncall.drawing.outline",
    "aiooncall._base.unset",
)
"""Modules with public names, in the order in which a name is looked for."""
VENDORS = ("aiooncall.datadog", "aiooncall.grafana")
"""Packages that have some names in common."""
SHARED = dict.fromkeys((*(f"{one}.resources.shifts" for one in VENDORS), "aiooncall.audit"), "aiooncall.coverage")
"""Modules in which a plain name is one of coverage, if that has it."""


def stay_with_vendor(_: Sphinx, doctree: document) -> None:
    """Point a plain name that stands among one vendor's to the one that this vendor has."""
    for node in doctree.findall(pending_xref):
        name, module = node.get("reftarget", ""), node.get("py:module") or ""
        for vendor in (*VENDORS, "aiooncall.audit"):
            home = SHARED.get(module, vendor)
            if module.startswith(vendor) and name in import_module(home).__all__:
                node["reftarget"] = f"{home}.{name}"


def find_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement) -> Element | None:
    """Point a type that is written by its defining module, or plainly, to where it is documented."""
    target = node.get("reftarget", "")
    name = target.rpartition(".")[2]
    domain = env.domains.python_domain
    for module in sorted(PUBLIC, key=lambda module: not (module in VENDORS and target.startswith(module))):
        if hasattr(import_module(module), name) and f"{module}.{name}" in domain.objects:
            return domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", f"{module}.{name}", node, content
            )  # fmt: skip
    return None


def shorten(*signature: str) -> tuple[str | None, str | None]:
    """Write `...` for defaults of attrs classes, whose source is generated; leave out what a service is made of."""
    arguments, returned = signature[-2:]
    if arguments and "ApiCore" in arguments:
        return "", returned
    return arguments and re.sub(r"attr_dict\['\w+'\]\.default|NOTHING", "...", arguments), returned


def skip_services(_app: Sphinx, _what: str, _name: str, found: object, _skip: object, _options: object) -> bool | None:
    """Leave out the services of a client, which have a table of their own."""
    return True if isinstance(found, cached_property | ServiceOf) else None


def hide_inner_bases(_app: Sphinx, doctree: document, _docname: str) -> None:
    """Leave out the bases of a class if the first is not documented."""
    for content in doctree.findall(desc_content):
        first = next(iter(content.children), None)
        if (
            isinstance(first, paragraph)
            and first.astext().startswith("Bases: ")
            and not isinstance(first[1], reference)
        ):
            content.remove(first)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-skip-member", skip_services)
    app.connect("doctree-read", stay_with_vendor)
    app.connect("missing-reference", find_public_name)
    app.connect("doctree-resolved", hide_inner_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
