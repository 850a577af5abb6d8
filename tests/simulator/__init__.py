"""Tests of the simulator by bare requests."""
