"""Tests of the audit: what it decides by plain facts, and its report."""
