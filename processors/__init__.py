"""Rules, the fold that runs them, the engine that makes a batch one transaction, and its runners."""
