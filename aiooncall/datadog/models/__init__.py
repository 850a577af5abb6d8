"""Datadog's resources as attrs classes."""
