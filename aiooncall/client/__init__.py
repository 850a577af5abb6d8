"""What the clients of all providers share."""
