"""Bytes in, bytes out: sessions, budget, retries. Knows no endpoint and no model."""
