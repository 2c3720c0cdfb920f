"""The record: append, read, feed, verify. Knows no rules and no HTTP."""
