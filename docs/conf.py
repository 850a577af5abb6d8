"""How the documentation is built; nothing here needs the network."""

from __future__ import annotations

import re
from functools import cached_property
from importlib import import_module
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

from pygments.lexers.special import TextLexer
from sphinx.addnodes import pending_xref

from aiooncall.client.services import ServiceOf

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement, document
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "aiooncall"
author = "The aiooncall authors"
copyright = "The aiooncall authors"
release = version = installed_version("aiooncall")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"aiooncall {release}"
html_copy_source = False
html_show_sourcelink = False
pygments_style = "tango"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autoclass_content = "class"
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_default_options = {"show-inheritance": True}
napoleon_google_docstring = True
napoleon_use_ivar = True

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

nitpick_ignore_regex = [
    # There is no inventory of other projects here, so links into them are left as text.
    (r"py:.*", r"(abc|aiohttp|asyncio|attrs|collections|datetime|enum|ssl|taskiq|types|typing|yarl)(\..*)?"),
    # Internal names that signatures mention.
    (r"py:.*", r"(.*\.)?(ApiCore|BaseClient|Deadline(Scope)?|Endpoint|Moment|PagingRoute|Provider|Refusal|Timer)"),
    (r"py:.*", r"(.*\.)?(Collection|Readable|(Team)?Services?|TeamCollection|UserCollection|_Senders|_Step|M|R|W)"),
    (r"py:.*", r"(.*\.)?(SearchMode|SharedBudget|State)|date|time|timedelta|Path|ZoneInfo|Journal|Redis(Cluster)?"),
    (r"py:.*", r"(.*\.)?(AbstractAsyncContextManager|AsyncBroker|PeopleChange|RoutingRuleReader|RunOptions)"),
]


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


def shorten_defaults(*signature: str) -> tuple[str | None, str | None]:
    """Write `...` for the defaults of attrs classes, whose source is generated code."""
    arguments, returned = signature[-2:]
    return arguments and re.sub(r"attr_dict\['\w+'\]\.default|NOTHING", "...", arguments), returned


def skip_services(_app: Sphinx, _what: str, _name: str, found: object, _skip: object, _options: object) -> bool | None:
    """Leave out the services of a client, which have a table of their own."""
    return True if isinstance(found, cached_property | ServiceOf) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.add_lexer("mermaid", TextLexer)  # GitHub draws it; here it is shown as it is
    app.connect("autodoc-process-signature", shorten_defaults)
    app.connect("autodoc-skip-member", skip_services)
    app.connect("doctree-read", stay_with_vendor)
    app.connect("missing-reference", find_public_name)
    return {"parallel_read_safe": True}
