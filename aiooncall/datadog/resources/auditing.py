"""The audit of a Datadog account (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.audit.service import Auditing
from aiooncall.datadog.audit_reading import AuditReading

if TYPE_CHECKING:
    from aiooncall.audit.question import Question
    from aiooncall.audit.report import AuditRequests


class DatadogAudit(Auditing):
    """What is wrong with who is on call in a Datadog account, and whether pages reach somebody.

    It takes a request for each hundred teams, policies and schedules; one a team for its routing rules; one a schedule,
    one for each 45 days of its overrides, and one more after each page that had any; and one for each person whom pages
    reach. To read other people's notification rules takes the permission `on_call_admin`.
    """

    def _reading(self, asked: Question, requests: AuditRequests) -> AuditReading:
        return AuditReading(self._core.in_bulk(), asked, requests)
