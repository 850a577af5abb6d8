"""What both simulated providers stand on: a server, its faults, its limits, and its ledger."""
