"""Tests of what carries a call: retries, deadlines, connections."""
