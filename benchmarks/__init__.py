"""Benchmarks: one file per question. Run them with `python -m benchmarks`."""
