"""The audit of a Grafana OnCall (https://grafana.com/docs/oncall/latest/oncall-api-reference/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.audit.service import Auditing
from aiooncall.grafana.audit_reading import AuditReading

if TYPE_CHECKING:
    from aiooncall.audit.question import Question
    from aiooncall.audit.report import AuditRequests


class GrafanaAudit(Auditing):
    """What is wrong with who is on call in a Grafana OnCall, and whether pages reach somebody.

    It takes a request for each hundred users, teams, chains, their steps, integrations, routes, schedules, on-call
    shifts and personal notification rules, and one for the final shifts of each schedule. A team can be named by its id
    or by its name. Tokens of service accounts may not read personal notification rules.
    """

    def _reading(self, asked: Question, requests: AuditRequests) -> AuditReading:
        return AuditReading(self._core.in_bulk(), asked, requests)
