"""What a client shows: its services and what is for users, and nothing else."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.client.services import ServiceOf

Client = DatadogOnCall | GrafanaOnCall

API: Final = Path(__file__).parent.parent / "docs" / "api"
FOR_BOTH: Final = {"from_env", "open", "close", "with_options", "options", "budgets", "who_is_on_call"}
"""What every client shows beside its services."""
CLIENTS: Final[dict[str, Client]] = {
    "datadog": DatadogOnCall("key", "key"),
    "grafana": GrafanaOnCall("https://oncall.example.com", "token"),
}
"""The clients, by their page in the API reference."""
MORE: Final[dict[str, set[str]]] = {"datadog": {"hydrate"}, "grafana": set()}

vendors = pytest.mark.parametrize("vendor", CLIENTS)


@cache
def documented(vendor: str) -> dict[str, str]:
    """Return the services that the API reference lists for a client, and their classes."""
    page = (API / f"{vendor}.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| \{py:class\}`~([\w.]+)` \|$", page, re.MULTILINE))


def services(client: Client) -> dict[str, ServiceOf[object]]:
    """Return what stands for the services in the class of a client."""
    return {name: found for name, found in vars(type(client)).items() if isinstance(found, ServiceOf)}


@vendors
def test_client_shows_what_is_documented(vendor: str) -> None:
    """The public names of a client are its services in the API reference, and the few that are for users."""
    client = CLIENTS[vendor]
    shown = [name for name in dir(client) if not name.startswith("_")]
    assert shown == sorted({*documented(vendor), *FOR_BOTH, *MORE[vendor]})


@vendors
def test_services_are_of_the_documented_classes(vendor: str) -> None:
    """Each service is an instance of the class that the API reference names, and is made once."""
    client = CLIENTS[vendor]
    made = {name: getattr(client, name) for name in documented(vendor)}
    assert {name: f"{type(one).__module__}.{type(one).__name__}" for name, one in made.items()} == documented(vendor)
    assert [name for name, one in made.items() if getattr(client, name) is not one] == []


@vendors
def test_services_have_the_types_that_are_written(vendor: str) -> None:
    """The class that type checkers are told is the one that is made."""
    written = type(CLIENTS[vendor]).__annotations__
    placed = {name: one._place.rpartition(":")[2] for name, one in services(CLIENTS[vendor]).items()}
    assert {name: written[name] for name in placed} == {name: f"ServiceOf[{kind}]" for name, kind in placed.items()}


@vendors
def test_service_of_a_class_is_its_place(vendor: str) -> None:
    """Asked of the class a service is what stands for it, with where its class is found."""
    kind = type(CLIENTS[vendor])
    found = {name: one._find_class() for name, one in services(CLIENTS[vendor]).items()}
    assert {name: getattr(kind, name)._find_class() for name in found} == found


@vendors
def test_services_are_completed_with_their_own_names(vendor: str) -> None:
    """What stands for a service has no public name: completion that takes it for the service shows no other names."""
    stands: set[str] = set()
    for one in services(CLIENTS[vendor]).values():
        stands.update(name for name in dir(one) if not name.startswith("_"))
    assert stands == set()


@vendors
def test_view_has_services_of_its_own(vendor: str) -> None:
    """A view makes its services anew, as they act within other bounds, and leaves those of its client alone."""
    client = CLIENTS[vendor]
    used = client.users
    view = client.with_options(timeout=1)
    assert view.users is not used
    assert client.users is used
    assert (view.options.timeout, client.options.timeout) == (1, 10.0)
