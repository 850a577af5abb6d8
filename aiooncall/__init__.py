"""Async SDK for on-call paging: never page twice, never lose an item, use the whole rate budget."""

from aiooncall._base.lazy import attach

__getattr__ = attach(__name__, __file__)
