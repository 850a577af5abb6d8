"""The pages for those who come from other clients name every operation of theirs, and only what there is of ours."""

from __future__ import annotations

import re
import tomllib
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.api.pager_duty_integration_api import PagerDutyIntegrationApi
from datadog_api_client.v2.api.events_api import EventsApi
from datadog_api_client.v2.api.incidents_api import IncidentsApi
from datadog_api_client.v2.api.on_call_api import OnCallApi
from datadog_api_client.v2.api.on_call_paging_api import OnCallPagingApi
from datadog_api_client.v2.api.teams_api import TeamsApi
from datadog_api_client.v2.api.users_api import UsersApi

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.simulator import GrafanaOptions, Simulator
from tests.support import datadog_api, grafana_api
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS: Final = ROOT / "docs"
PAGES: Final = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "migrating").glob("*.md")}
DATADOG: Final = PAGES["from-datadog-api-client"]
GRAFANA: Final = PAGES["from-grafana-http-api"]
PAGERDUTY: Final = PAGES["from-pagerduty"]
OURS: Final = {"dd": DatadogOnCall("api-key", "app-key"), "gf": GrafanaOnCall("https://example.com", "token")}
WHOLE: Final = (OnCallApi, OnCallPagingApi, PagerDutyIntegrationApi)
"""The published client's APIs of which every method has to be named."""
OTHERS: Final = (TeamsApi, UsersApi, EventsApi, IncidentsApi)
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NUMBERS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NAME: Final = re.compile(r"`((?:dd|gf)\.[a-z_.]+)`")
"""A name of ours, as it stands in a page."""
NONE: Final = "\N{EN DASH}"
"""What stands in a cell for which there is nothing."""
VERBS: Final = ("GET", "POST", "GET {id}/", "PUT {id}/", "PATCH {id}/", "DELETE {id}/")
"""The columns of Grafana's matrix of kinds and verbs."""


def rows(page: str, heading: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the table under a heading, without the row that names the columns."""
    section = re.split(rf"^#+ {re.escape(heading)}\n", page, flags=re.MULTILINE)[1]
    table = re.findall(r"^\|.*\|$", re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0], re.MULTILINE)
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def code(cell: str) -> str:
    """Return what a cell says in code first; a dash for nothing."""
    found = re.match(r"`([^`]+)`", cell)
    return found[1] if found else cell


def methods(api: type[Any]) -> set[str]:
    """Return the names of the public methods of one of the published client's APIs."""
    return {name for name, found in vars(api).items() if callable(found) and not name.startswith("_")}


def route_of(api: type[Any], method: str) -> str:
    """Return the operation that a method of the published client makes, as method and path."""
    with ApiClient(Configuration()) as client:  # type: ignore[no-untyped-call]
        endpoint = getattr(api(client), f"_{method.removesuffix('_with_pagination')}_endpoint")
    return f"{endpoint.settings['http_method']} {endpoint.settings['endpoint_path']}"


def operations_of_grafana() -> dict[str, str]:
    """Return the method of ours for each operation that the page has, from its matrix and its list."""
    found = {code(operation): code(ours) for operation, ours, _ in rows(GRAFANA, "What can be done")}
    for path, service, *cells in rows(GRAFANA, "What can be listed, read and changed"):
        for verb, cell in zip(VERBS, cells, strict=True):
            method, _, rest = verb.partition(" ")
            if cell != NONE:
                found[f"{method} {code(path)}{rest}"] = f"{code(service)}.{code(cell)}"
    return found


def served(**options: Any) -> set[str]:
    """Return the operations that the simulator's Grafana serves, which knows nothing of our client."""
    routes = Simulator(grafana=GrafanaOptions(**options)).grafana.router._routes.items()
    return {
        f"{method} {'/'.join(segments).removeprefix('/api/v1')}" for (method, _), some in routes for segments, _ in some
    }


@pytest.mark.parametrize("page", [*PAGES, "comparison"])
def test_each_name_of_ours_exists(page: str) -> None:
    """Whatever a page calls by a name on `dd` or `gf` is there."""
    text = PAGES.get(page) or (DOCS / f"{page}.md").read_text(encoding="utf-8")
    for name in NAME.findall(text):
        client, _, rest = name.partition(".")
        attrgetter(rest)(OURS[client])


def test_each_page_names_ours() -> None:
    """The pages have names to look at."""
    assert {page: len(NAME.findall(text)) > 30 for page, text in PAGES.items()} == dict.fromkeys(PAGES, True)


def test_comparison_knows_this_package() -> None:
    """The comparison has this package's version, licence, Pythons and number of dependencies."""
    text = (DOCS / "comparison.md").read_text(encoding="utf-8")
    pythons = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d", line)]
    (ours,) = re.findall(r"^\| aiooncall \| .*\|$", text, re.MULTILINE)
    assert {PROJECT["version"], PROJECT["license"], f"{pythons[0]} to {pythons[-1]}"} <= set(
        re.split(r" \| |, ", ours[:-2])
    )
    assert f"aiooncall has {NUMBERS[len(PROJECT['dependencies'])]}." in text


@pytest.mark.parametrize("api", WHOLE, ids=lambda api: api.__name__)
def test_each_method_of_the_published_client_is_named(api: type[Any]) -> None:
    """The table of an API has every method that the installed version has, and no other."""
    assert {code(theirs) for theirs, *_ in rows(DATADOG, api.__name__)} == methods(api)


@pytest.mark.parametrize("api", WHOLE, ids=lambda api: api.__name__)
def test_methods_of_both_make_the_same_operation(api: type[Any]) -> None:
    """What stands in a row of both clients is the same method on the same path."""
    pairs = [(code(theirs), code(ours)) for theirs, ours, _ in rows(DATADOG, api.__name__)]
    assert {theirs: route_of(api, theirs) for theirs, _ in pairs} == {
        theirs: datadog_api.API[ours.removeprefix("dd.")] for theirs, ours in pairs
    }


def test_methods_of_other_apis_exist() -> None:
    """The methods that stand with the name of their API are there, and make the operation that ours makes."""
    apis = {api.__name__: api for api in OTHERS}
    for theirs, ours, _ in rows(DATADOG, "Its other APIs"):
        name, _, method = code(theirs).partition(".")
        assert method in methods(apis[name])
        if code(ours) != NONE:
            assert route_of(apis[name], method) == datadog_api.API[code(ours).removeprefix("dd.")]


def test_each_operation_of_grafana_is_named() -> None:
    """The page has every operation that the simulator serves, and no other."""
    assert operations_of_grafana().keys() == served() | served(paging="direct_paging")


def test_operations_of_grafana_are_those_of_ours() -> None:
    """The method that stands beside an operation makes it."""
    newer = {"POST /direct_paging/": "paging.page, newer"}
    for operation, ours in operations_of_grafana().items():
        name = newer.get(operation, ours.removeprefix("gf."))
        assert grafana_api.API[name] == operation.replace(" /", " /api/v1/", 1)


@pytest.mark.parametrize("heading", ["Events", "Incidents", "Who is on call", "Policies, people, services"])
def test_each_operation_of_pagerduty_has_an_answer(heading: str) -> None:
    """Each row has a name of ours in both columns, or a dash that says that there is none."""
    for _, datadog, grafana in rows(PAGERDUTY, heading):
        for cell, client in ((datadog, "dd"), (grafana, "gf")):
            assert cell == NONE or cell.startswith((f"`{client}.", f"{NONE}:")), cell


def test_what_their_client_does_with_a_lost_answer() -> None:
    """The example for the published client runs as it stands there, and pages twice."""
    (before,) = re.findall(r"^```\{code-block\} python\n(.*?)^```$", DATADOG, re.DOTALL | re.MULTILINE)
    with Simulator() as sim:
        exec(compile(before, "from-datadog-api-client.md", "exec"), {"sim": sim})
    assert len(sim.ledger.pages_by_title("Disk full on db-1")) == 2
