"""The ground that both fake servers stand on: HTTP, faults, limits, and the ledger."""
