"""Tests of the drawings, and the escalations they draw."""
