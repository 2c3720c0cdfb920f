"""Alembic's scripts for the record and the operational tables. What can be folded again is made by ``projections.tables``."""
