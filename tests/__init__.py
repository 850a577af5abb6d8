"""The tests, one folder a part of the package; what they share is in `tests.support` and in conftest.py."""
