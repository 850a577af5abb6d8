"""What spans and metrics are told with: OpenTelemetry's names, and ours where it has none.

Theirs: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and .../http-metrics/. How ours are made:
https://opentelemetry.io/docs/specs/semconv/general/naming/.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.events import AttemptFinished, CallFinished, CallStarted

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.38.0"
"""The version of the conventions that the names are from."""
METHOD: Final = "http.request.method"
STATUS: Final = "http.response.status_code"
RESEND_COUNT: Final = "http.request.resend_count"
ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
URL: Final = "url.full"
TEMPLATE: Final = "url.template"

PROVIDER: Final = "aiooncall.provider"
LANE: Final = "aiooncall.lane"
OUTCOME: Final = "aiooncall.outcome"
IN_DOUBT: Final = "aiooncall.in_doubt"
RECONCILED: Final = "aiooncall.reconciled"
BUDGET_WAIT: Final = "aiooncall.budget.wait.duration"
BACKOFF: Final = "aiooncall.backoff.duration"
RETRY_AFTER: Final = "aiooncall.retry_after"
CLIENT: Final = "aiooncall.client.name"
BUCKET: Final = "aiooncall.bucket.name"
THROTTLED: Final = "aiooncall.throttled"
RETRY: Final = "aiooncall.retry"

FIRST_ERROR_STATUS: Final = 400
"""From here on the status is what a request failed with (.../http-spans/#status)."""

Attributes = dict[str, str | int | float | bool]


def server_attributes(call: CallStarted) -> Mapping[str, str | int]:
    """Return what is asked, and where: the same for all calls of a route."""
    return _server(call.method, call.route, call.host, call.port)


@lru_cache(maxsize=1000)
def _server(method: str, route: str, host: str, port: int | None) -> Mapping[str, str | int]:
    named = {METHOD: method, TEMPLATE: route, SERVER_ADDRESS: host, SERVER_PORT: port}
    return {name: value for name, value in named.items() if value is not None}


def call_attributes(call: CallStarted) -> Attributes:
    """Return what is known of a call when it begins: what it asks, of whom, who waits, and the ids that it is about.

    Of what a call is about only ids are told. Titles and keys are the caller's own words.
    """
    ids = {f"aiooncall.{name[:-3]}.id": value for name, value in call.named.items() if name.endswith("_id")}
    return {**server_attributes(call), PROVIDER: call.provider, LANE: call.lane, **ids}


def outcome_attributes(call: CallFinished) -> Attributes:
    """Return what a call came to; what did not happen is left out."""
    told: Attributes = {OUTCOME: call.outcome}
    if call.in_doubt:
        told[IN_DOUBT] = True
    if call.reconciled:
        told[RECONCILED] = True
    if call.waited:
        told[BUDGET_WAIT] = call.waited
    if call.delayed:
        told[BACKOFF] = call.delayed
    if call.error is not None:
        told[ERROR_TYPE] = call.error
    return told


def answer_attributes(attempt: AttemptFinished) -> Attributes:
    """Return what an attempt came to: its status, if an answer arrived, and its error, if it did not succeed."""
    answer: Attributes = {} if attempt.status is None else {STATUS: attempt.status}
    error = error_type(attempt)
    return answer if error is None else {**answer, ERROR_TYPE: error}


def error_type(attempt: AttemptFinished) -> str | None:
    """Return what an attempt failed with: its status, else the class of its error; None if it succeeded."""
    if attempt.outcome == "success":
        return None
    if attempt.status is not None and attempt.status >= FIRST_ERROR_STATUS:
        return str(attempt.status)
    return attempt.error or attempt.outcome
