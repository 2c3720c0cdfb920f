"""A subscriber of the ledger that reaches people: routing, coalescing, channels, deliveries. Knows no rules, no read models."""
