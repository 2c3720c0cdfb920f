"""Ledgers in files (电子台账): CSV and workbooks read row by row, empty ledgers and exports written."""
