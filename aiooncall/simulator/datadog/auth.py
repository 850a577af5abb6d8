"""Credentials of the fake Datadog: pairs of keys, and bearer tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.http.routing import Refusal, error_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_V1: Final = "/api/v1/"
# As recorded in https://github.com/DataDog/datadog-api-client-java, src/test/resources/cassettes/v1
_V1_FORBIDDEN: Final = {
    "status": "error",
    "code": 403,
    "errors": ["Forbidden"],
    "statuspage": "http://status.datadoghq.com",
    "twitter": "http://twitter.com/datadogops",
    "email": "support@datadoghq.com",
}


class DatadogAuth:
    """The check of a pair of keys or a bearer token; it names the caller by the key."""

    def __init__(self, credentials: Mapping[str, str] | None) -> None:
        """Accept these pairs of API key and application key; None accepts whatever is not empty."""
        self._credentials = credentials

    def caller(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Return the API key or token of a request, or refuse it in the way of the API that the path belongs to."""
        del method
        api_key, app_key = headers.get("DD-API-KEY"), headers.get("DD-APPLICATION-KEY")
        if api_key and app_key:
            if self._credentials is not None and self._credentials.get(api_key) != app_key:
                raise _forbidden(path)
            return api_key
        return self._bearer(path, headers)

    def _bearer(self, path: str, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unknown(path)
        if self._credentials is not None:
            raise _forbidden(path)
        return token.strip()


def _unknown(path: str) -> Refusal:
    """Return the refusal of a caller without credentials; the first version knows no 401."""
    return _forbidden(path) if path.startswith(_V1) else Refusal(error_answer(401, "Unauthorized"))


def _forbidden(path: str) -> Refusal:
    return Refusal(json_answer(403, _V1_FORBIDDEN) if path.startswith(_V1) else error_answer(403, "Forbidden"))
