"""Connections that commit rows of an event's size and nothing else: ``python -m benchmarks.raw_commits URL CONNECTIONS SECONDS
HALF`` prints commits a second. What PostgreSQL does for callers of its own, one statement and one round trip each."""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import psycopg

SQL = "WITH f AS (INSERT INTO raw VALUES (%s, %s, %s)) INSERT INTO raw_ids VALUES (%s, %s)"
BODY = os.urandom(900)
"""Bytes of a stored fact of ``benchmarks.traffic``, about."""


def main(url: str, connections: int, seconds: float, half: int) -> None:
    done = [0] * connections
    start = threading.Barrier(connections + 1)
    end = [0.0]

    def work(own: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            start.wait()
            number = (half * connections + own) << 40
            while time.perf_counter() < end[0]:
                number += 1
                connection.execute(SQL, (number, BODY, BODY[:32], os.urandom(16), number))
                done[own] += 1

    threads = [threading.Thread(target=work, args=(own,)) for own in range(connections)]
    for thread in threads:
        thread.start()
    end[0] = time.perf_counter() + seconds + 5
    start.wait()
    end[0] = time.perf_counter() + seconds
    for thread in threads:
        thread.join()
    print(json.dumps(sum(done) / seconds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
