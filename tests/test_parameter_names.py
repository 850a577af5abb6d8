"""What the parameters of the services' methods are called: the same for the same idea, at both vendors."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from aiooncall import DatadogOnCall, GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN: Final = ("get", "delete")
"""What every service does with the thing that it is of."""


def services() -> Iterator[tuple[str, Any]]:
    """Yield the services of both vendors' clients."""
    dd, gf = DatadogOnCall("api-key-1", "app-key-1"), GrafanaOnCall("https://example.com", "token-1")
    for client in (dd, gf):
        for name in dir(type(client)):
            service = None if name.startswith("_") else getattr(client, name)
            if ".resources." in type(service).__module__:
                yield f"{type(client).__name__}.{name}", service
    yield "DatadogOnCall.schedules.overrides", dd.schedules.overrides


def methods() -> Iterator[tuple[str, str, list[inspect.Parameter]]]:
    """Yield the public methods of all services, with their parameters."""
    for place, service in services():
        for name, method in inspect.getmembers(service, inspect.isroutine):
            if not name.startswith("_"):
                yield place, name, list(inspect.signature(method).parameters.values())


def is_id(parameter: inspect.Parameter) -> bool:
    """Return whether a parameter is what a thing is known by."""
    return parameter.default is parameter.empty and (parameter.name.endswith("_id") or parameter.name == "name")


def test_all_services_are_looked_at() -> None:
    """Both clients have services, and nearly all of them read a thing by its id."""
    places = {place for place, name, _ in methods() if name == "get"}
    assert {place.partition(".")[0] for place in places} == {"DatadogOnCall", "GrafanaOnCall"}
    assert len(places) > 20


def test_get_and_delete_take_one_id_by_position() -> None:
    """`get` and `delete` take an id by position only; where they need two, these are named after their kinds."""
    wrong = [
        f"{place}.{name}: {found.name}"
        for place, name, parameters in methods()
        if name in OWN
        for ids in [list(filter(is_id, parameters))]
        for found in ids
        if (found.kind is found.POSITIONAL_ONLY) is not (len(ids) == 1)
    ]
    assert wrong == []


def test_ids_are_named_after_their_kinds() -> None:
    """An id that can be given by its name says what it is the id of."""
    vague = {"id", "resource_id", "object_id", "identifier"}
    wrong = [
        f"{place}.{name}: {found.name}"
        for place, name, parameters in methods()
        for found in parameters
        if found.name in vague and found.kind is not found.POSITIONAL_ONLY
    ]
    assert wrong == []
