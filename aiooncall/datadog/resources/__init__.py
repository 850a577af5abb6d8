"""One module for each resource of Datadog On-Call, and what they share."""
