"""Tests of what admits a call: windows, buckets, budgets."""
