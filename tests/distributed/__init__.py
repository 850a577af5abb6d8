"""Tests of what several processes share. They need real servers: see `tests/support/servers.py`."""
