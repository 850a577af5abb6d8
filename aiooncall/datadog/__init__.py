"""Datadog: On-Call paging."""
