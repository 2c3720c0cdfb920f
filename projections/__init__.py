"""Read models in SQL: tables derived from the rules' rows, one generic store, queries, replay, rebuild."""
