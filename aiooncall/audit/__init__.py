"""What is wrong with who is on call, for all providers: findings, what to do about them, and the report."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.audit.kinds import FindingKind as FindingKind
    from aiooncall.audit.kinds import PlaceKind as PlaceKind
    from aiooncall.audit.kinds import Severity as Severity
    from aiooncall.audit.models import Finding as Finding
    from aiooncall.audit.models import Place as Place
    from aiooncall.audit.report import Audit as Audit
    from aiooncall.audit.report import AuditRequests as AuditRequests
    from aiooncall.audit.report import AuditStream as AuditStream
    from aiooncall.audit.web_report import audit_html as audit_html
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)
