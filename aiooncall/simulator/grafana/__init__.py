"""The fake Grafana OnCall: its public API in plain JSON, with the habits of the engine behind it."""
