"""Datadog On-Call: the client, and what its answers and requests consist of."""

from aiooncall._base.lazy import attach

__getattr__ = attach(__name__, __file__)
