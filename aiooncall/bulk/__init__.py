"""Bulk jobs that survive anything: plan, preview, run, verify, undo, report."""

from aiooncall.bulk.job import Job, open_job, plan
from aiooncall.bulk.models import Counts, Item, PlanFacts, Preview, Status, Verification
from aiooncall.bulk.reports.read import JobReport, report
from aiooncall.bulk.selection import Selection, read_ids

__all__ = [
    "Counts",
    "Item",
    "Job",
    "JobReport",
    "PlanFacts",
    "Preview",
    "Selection",
    "Status",
    "Verification",
    "open_job",
    "plan",
    "read_ids",
    "report",
]
