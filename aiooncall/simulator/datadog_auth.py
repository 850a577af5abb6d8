"""Who may call the fake Datadog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.routing import Refusal, error_answer

if TYPE_CHECKING:
    from collections.abc import Mapping


class DatadogAuth:
    """Checks a pair of keys, or a bearer token, and names the caller by its key."""

    def __init__(self, credentials: Mapping[str, str] | None) -> None:
        """Accept these pairs of API key and application key; None accepts whatever is not empty."""
        self._credentials = credentials

    def caller(self, headers: Mapping[str, str]) -> str:
        """Return the API key or token of a request, or refuse it."""
        api_key, app_key = headers.get("DD-API-KEY"), headers.get("DD-APPLICATION-KEY")
        if api_key and app_key:
            if self._credentials is not None and self._credentials.get(api_key) != app_key:
                raise Refusal(error_answer(403, "Forbidden"))
            return api_key
        return self._bearer(headers)

    def _bearer(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refusal(error_answer(401, "Unauthorized"))
        if self._credentials is not None:
            raise Refusal(error_answer(403, "Forbidden"))
        return token.strip()
