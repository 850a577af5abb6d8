"""Names of the API that stand in a text as code lead to the reference: `pages.create`, `dd.pages.create`, `Page`."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docutils import nodes
from public_names import PUBLIC
from sphinx.addnodes import desc_signature
from sphinx.util.nodes import make_refnode

from aiooncall import DatadogOnCall, GrafanaOnCall, bulk, datadog
from aiooncall.client.services import ServiceOf
from aiooncall.datadog.resources.overrides import Overrides
from aiooncall.simulator import FaultPlan, Ledger, Simulator
from aiooncall.simulator.grafana.app import Grafana

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx
    from sphinx.domains.python import ObjectEntry

CODE = re.compile(r"(?:await )?(?P<name>[A-Za-z_][\w.]*)(?P<call>\(.*\))?", re.DOTALL)
GIVEN: dict[str, type] = {
    "dd": DatadogOnCall,
    "gf": GrafanaOnCall,
    "sim": Simulator,
    "dd.schedules.overrides": Overrides,
    "job": bulk.Job,
    "policy": datadog.EscalationPolicy,
    "sim.faults": FaultPlan,
    "sim.grafana": Grafana,
    "sim.ledger": Ledger,
}
"""What an example calls by which name, beside the services of the clients."""
ABOUT = {
    "pages": ("dd.pages",),
    "alerts": ("dd.alerts",),
    "escalation-policies": ("dd.escalation_policies", "policy"),
    "schedules": ("dd.schedules",),
    "overrides": ("dd.schedules.overrides", "dd"),
    "routing-rules": ("dd.routing_rules",),
    "teams-and-users": ("dd.teams", "dd.users"),
    "notifications": ("dd",),
    "pagerduty": ("dd.pagerduty_services",),
    "editing": ("dd",),
    "linked-answers": ("dd",),
    "grafana-connecting": ("gf",),
    "grafana-paging": ("gf.paging",),
    "grafana-alert-groups": ("gf.alert_groups",),
    "grafana-schedules": ("gf.schedules",),
    "grafana-escalation": ("gf",),
    "grafana-integrations": ("gf",),
    "grafana-people": ("gf",),
    "bulk": ("job",),
    "simulator": ("sim", "sim.grafana", "sim.ledger", "sim.faults"),
}
"""What a page is about: whose methods it calls by their plain names, and which vendor's names it means."""
VENDORS = {"dd": "aiooncall.datadog.", "gf": "aiooncall.grafana."}
SKIPPED = (nodes.reference, nodes.title, nodes.raw, desc_signature)
"""Where nothing is linked: what is a link already, headings and signatures."""

Names = dict[str, set[str]]


def places() -> Iterator[tuple[str, type]]:
    """Yield what examples call their objects, with the classes of these."""
    yield from GIVEN.items()
    for given in ("dd", "gf"):
        for name, found in vars(GIVEN[given]).items():
            if isinstance(found, ServiceOf):
                yield f"{given}.{name}", found._find_class()  # noqa: SLF001 (there is no other way to ask)


def spellings(documented: str, kind: str, paths: dict[str, list[str]]) -> Iterator[str]:
    """Yield how a text may write a documented name."""
    owner, _, name = documented.rpartition(".")
    yield documented
    yield f"{owner.rpartition('.')[2]}.{name}"
    if kind in {"class", "exception", "data"}:
        yield name
    if kind == "function":
        yield f"{name}()"
    for path in [*paths.get(documented, ()), *(f"{path}.{name}" for path in paths.get(owner, ()))]:
        yield from (spelling for spelling in (path, path.partition(".")[2]) if "." in spelling)


def names_of(objects: Iterable[tuple[str, ObjectEntry]]) -> Names:
    """Return what each spelling may stand for."""
    paths: dict[str, list[str]] = defaultdict(list)
    for path, kind in places():
        for base in kind.__mro__:
            for module in {base.__module__, *PUBLIC}:
                if getattr(import_module(module), base.__name__, None) is base:
                    paths[f"{module}.{base.__name__}"].append(path)
    names: Names = defaultdict(set)
    for documented, entry in objects:
        for spelling in () if entry.aliased else spellings(documented, entry.objtype, paths):
            names[spelling].add(documented)
    return names


def meant(code: str, page: str, names: Names) -> str | None:
    """Return the documented name that code on a page stands for; None if there is none, or more than one."""
    found = CODE.fullmatch(code)
    if found is None:
        return None
    name, about = found["name"], ABOUT.get(page, ())
    tried = [*(f"{subject}.{name}" for subject in about), f"{name}()" if found["call"] else name, name]
    candidates = next((names[one] for one in tried if one in names), set())
    vendor = VENDORS.get(about[0].partition(".")[0]) if about else None
    if len(candidates) > 1 and vendor is not None:
        candidates = {one for one in candidates if one.startswith(vendor)}
    return next(iter(candidates)) if len(candidates) == 1 else None


def is_open(code: nodes.literal) -> bool:
    """Return whether code may become a link where it stands."""
    above = code.parent
    while above is not None:
        if isinstance(above, SKIPPED):
            return False
        above = above.parent
    return True


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make links of the code on a page that names something in the reference."""
    objects = app.env.domains.python_domain.objects
    names = names_of(objects.items())
    for code in list(doctree.findall(nodes.literal)):
        target = meant(code.astext(), docname, names) if is_open(code) else None
        if target is not None:
            entry = objects[target]
            copy = code.deepcopy()
            code.replace_self(make_refnode(app.builder, docname, entry.docname, entry.node_id, copy, target))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what this file adds."""
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
