"""Tests of the resolver, and the documents they link."""
