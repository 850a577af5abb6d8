"""Tests of the Datadog client, against the simulator."""
