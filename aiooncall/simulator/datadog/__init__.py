"""The fake Datadog: pages, events, the configuration of On-Call, and who is on call, each in a module of its name."""
