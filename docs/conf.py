"""How the documentation is built; nothing here needs the network."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "aiooncall"
author = "The aiooncall authors"
copyright = "The aiooncall authors"
release = version = installed_version("aiooncall")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "given_names",
    "linked_code",
    "llms",
    "mermaid",
    "public_names",
]
exclude_patterns = ["_build"]
default_role = "code"
html_theme = "furo"
html_title = f"aiooncall {release}"
html_static_path = ["_static"]
html_css_files = ["aiooncall.css"]
html_copy_source = False
html_show_sourcelink = False
pygments_style = "default"
copybutton_selector = ".highlight-python pre, .highlight-sh pre"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
python_maximum_signature_line_length = 88

autoclass_content = "class"
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_default_options = {"show-inheritance": True}
napoleon_google_docstring = True
napoleon_use_ivar = True

nitpick_ignore_regex = [
    # There is no inventory of other projects here, so links into them are left as text.
    (r"py:.*", r"(abc|aiohttp|asyncio|attrs|collections|datetime|enum|ssl|taskiq|types|typing|yarl)(\..*)?"),
    (r"py:.*", r"prometheus_client\..*|CollectorRegistry"),
    (r"py:.*", r"(MeterProvider|TracerProvider)"),  # OpenTelemetry's
    # Internal names that signatures mention.
    (r"py:.*", r"(.*\.)?(ApiCore|BaseClient|Deadline(Scope)?|Endpoint|Moment|PagingRoute|Provider|Refusal|Timer)"),
    (r"py:.*", r"(.*\.)?(Collection|Readable|(Team)?Services?|TeamCollection|UserCollection|_Senders|_Step|M|R|W)"),
    (r"py:.*", r"(.*\.)?(SearchMode|SharedBudget|State)|date|time|timedelta|Path|ZoneInfo|Journal|Redis(Cluster)?"),
    (r"py:.*", r"(.*\.)?(AbstractAsyncContextManager|AsyncBroker|PeopleChange|RoutingRuleReader|RunOptions)"),
]
