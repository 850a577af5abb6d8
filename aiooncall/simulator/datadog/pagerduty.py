"""The PagerDuty service objects of the first version of the Datadog API.

https://docs.datadoghq.com/api/latest/pagerduty-integration/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.json_api import plain_bad_request
from aiooncall.simulator.http.routing import Answer, Refusal, error_answer, json_answer

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call, Router

_SERVICES: Final = "/api/v1/integration/pagerduty/configuration/services"

# As recordings word it.
_NOT_FOUND: Final = "Service not found"
_WRONG: Final = {
    "service_key": "service_key cannot be blank",
    "service_name": "'service_name' should be string",
}


class PagerDutyRoutes:
    """The routes of services; what their keys are is never told."""

    def __init__(self, *, answers_put: bool) -> None:
        """Start without services; `answers_put` gives a change the recorded body in place of the documented none."""
        self._keys: dict[str, str] = {}
        self._answers_put = answers_put

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", _SERVICES, self._create)
        router.add("GET", f"{_SERVICES}/{{id}}", self._get)
        router.add("PUT", f"{_SERVICES}/{{id}}", self._change)
        router.add("DELETE", f"{_SERVICES}/{{id}}", self._delete)

    def find(self, name: str) -> Json | None:
        """Return a service with its key, None if there is no such service."""
        return {"service_name": name, "service_key": self._keys[name]} if name in self._keys else None

    def _create(self, call: Call) -> Answer:
        service = Fields.parse(call.body, plain_bad_request)
        name, key = _text(service, "service_name"), _text(service, "service_key")
        if name in self._keys:
            raise service.refusal("service_name", f"{name} exists")
        self._keys[name] = key
        return json_answer(201, {"service_name": name})

    def _get(self, call: Call) -> Answer:
        return json_answer(200, {"service_name": self._name(call)})

    def _change(self, call: Call) -> Answer:
        name = self._name(call)
        self._keys[name] = _text(Fields.parse(call.body, plain_bad_request), "service_key")
        return json_answer(200, {"service_name": name}) if self._answers_put else Answer(200)

    def _delete(self, call: Call) -> Answer:
        del self._keys[self._name(call)]
        return Answer(204)

    def _name(self, call: Call) -> str:
        name = call.ids[0]
        if name not in self._keys:
            raise Refusal(error_answer(404, _NOT_FOUND))
        return name


def _text(service: Fields, name: str) -> str:
    try:
        return service.text(name)
    except Refusal:
        raise plain_bad_request(_WRONG[name]) from None
