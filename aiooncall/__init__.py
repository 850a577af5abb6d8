"""Async SDK for on-call paging."""
