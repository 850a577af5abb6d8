"""JSON:API as the fake servers speak it: identifiers, linkage and errors (https://jsonapi.org/format/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator.http.routing import Refusal, error_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiooncall.simulator.http.json_values import Json

JSON_API: Final = "application/vnd.api+json"


def ref(resource: Mapping[str, Any]) -> Json:
    """Return the identifier of a resource."""
    return {"id": resource["id"], "type": resource["type"]}


def linkage(kind: str, ids: Iterable[str]) -> Json:
    """Return the relationship to many resources of a kind."""
    return {"data": [{"id": one, "type": kind} for one in ids]}


def linked(resource: Mapping[str, Any], relationship: str) -> list[Json]:
    """Return the identifiers that a relationship holds, whether it is to one, to many or to none."""
    data: Json | list[Json] | None = resource.get("relationships", {}).get(relationship, {}).get("data")
    if data is None:
        return []
    return data if isinstance(data, list) else [data]


def refused(status: int, detail: str) -> Refusal:
    """Return a refusal in the form of an error object, as On-Call was recorded to answer."""
    error = {"title": "Generic Error", "detail": detail}
    return Refusal(json_answer(status, {"errors": [error]}, JSON_API))


def bad_request(detail: str) -> Refusal:
    """Return the refusal of a request that cannot be carried out as it is."""
    return refused(400, detail)


def plain_bad_request(error: str) -> Refusal:
    """Return the same in the older form, a list of texts, which pages, events and PagerDuty services have."""
    return Refusal(error_answer(400, error))
