"""Tests of what carries a call: budget, retries, deadlines, connections."""
