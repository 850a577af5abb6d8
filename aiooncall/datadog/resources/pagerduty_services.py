"""The services of Datadog's PagerDuty integration.

https://docs.datadoghq.com/api/latest/pagerduty-integration/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall._base.validation import secret
from aiooncall.codec import dumps, loads, structure
from aiooncall.datadog.models.pagerduty import PagerDutyService
from aiooncall.errors import OptionsError
from aiooncall.transport.crud import crud

if TYPE_CHECKING:
    from aiooncall.client.core import ApiCore

ENDPOINTS = crud("/api/v1/integration/pagerduty/configuration/services", "service_name")


class PagerDutyServices:
    """The PagerDuty services that Datadog can page. Their keys are secrets: they are sent and never come back."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def create(self, name: str, service_key: str) -> PagerDutyService:
        """Add a service, once.

        Args:
            name: how messages mention it, as `@pagerduty-NAME`.
            service_key: PagerDuty's integration key.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether it was created is unknown.
        """
        body = dumps({"service_name": _name(name), "service_key": self._key(service_key)})
        return await self._core.fetch(ENDPOINTS.create, read=_service, body=body)

    async def get(self, name: str, /) -> PagerDutyService:
        """Return a service.

        Raises:
            NotFound: there is none of that name.
        """
        return await self._core.fetch(ENDPOINTS.get, name, read=_service)

    async def update(self, name: str, service_key: str) -> PagerDutyService:
        """Change the key of a service.

        Raises:
            NotFound: there is none of that name.
        """
        sent = dumps({"service_key": self._key(service_key)})

        def read(body: bytes) -> PagerDutyService:
            # Documented as an empty answer; answers with the name have been seen.
            return _service(body) if body else PagerDutyService(name=name)

        return await self._core.fetch(ENDPOINTS.update, name, body=sent, read=read)

    async def delete(self, name: str, /) -> None:
        """Delete a service.

        Raises:
            NotFound: there is none of that name.
        """
        await self._core.delete(ENDPOINTS.delete, name)

    def _key(self, service_key: str) -> str:
        key = secret("service_key", service_key)
        self._core.hide(key)
        return key


def _service(body: bytes) -> PagerDutyService:
    """Return the service in an answer, without its key in case the server says that too."""
    service = structure(loads(body), PagerDutyService)
    service.extra.pop("service_key", None)
    return service


def _name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise OptionsError("name", name, "a non-empty text without line breaks")
    return name
