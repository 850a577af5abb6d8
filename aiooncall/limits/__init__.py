"""May one more call go now? What servers say of their limits, and what follows from it. No I/O."""
