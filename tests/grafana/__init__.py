"""Tests of the Grafana OnCall client, against the simulator."""
