"""Alembic's scripts for the record, the operational tables of all rooms, and the key store, on both databases. What can be
folded again is made by ``projections.tables``.

A new revision: a module in ``versions``, ``HEAD`` in ``ledger.revisions``; what the application may do with a new table, in
``ledger.migrating``. Which store is being brought up to date says ``op.get_context().opts["store"]``: record or keys.
"""
