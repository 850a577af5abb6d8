"""One module for each resource of Grafana OnCall, and what they share."""
