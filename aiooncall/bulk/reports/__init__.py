"""What became of a job: its data, and what shows them."""
