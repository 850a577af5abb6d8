"""The configuration of Datadog On-Call: policies, schedules, routing rules, and how people are reached."""
