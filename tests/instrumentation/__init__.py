"""Tests of the hooks that make traces and metrics."""
