"""What an edit would change, before it is written."""
