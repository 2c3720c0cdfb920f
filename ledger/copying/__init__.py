"""Copying a ledger: stored bytes verbatim, from any database to any."""
