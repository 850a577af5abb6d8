"""Bulk jobs, which a crash does not lose: plan, preview, run, verify, undo, report."""

from aiooncall.bulk.job import Job, open_job, plan
from aiooncall.bulk.local_run import Workers
from aiooncall.bulk.models import Counts, Item, PlanFacts, Preview, Status, VerbName, Verification, WorkerShare
from aiooncall.bulk.previewing import preview, preview_text
from aiooncall.bulk.reports.data import JobReport
from aiooncall.bulk.reports.html import report_html
from aiooncall.bulk.reports.read import report
from aiooncall.bulk.reports.text import report_text
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
    "VerbName",
    "Verification",
    "WorkerShare",
    "Workers",
    "open_job",
    "plan",
    "preview",
    "preview_text",
    "read_ids",
    "report",
    "report_html",
    "report_text",
]
