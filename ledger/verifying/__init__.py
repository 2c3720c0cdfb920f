"""Checking the record against itself, part by part; ``ledger.verify`` puts the parts together."""
