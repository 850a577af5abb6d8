"""Tests of coverage: who is on call over a time."""
