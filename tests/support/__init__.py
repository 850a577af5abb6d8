"""What tests share: clients on a simulator, one call of every operation, virtual time, documents of all shapes."""
