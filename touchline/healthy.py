"""Whether a process of this machine says that it is well: ``python -m touchline.healthy 9466`` asks its ``/healthz`` and ends
with 0 or 1. What containers run every few seconds, so it imports next to nothing; http.client, for it knows no proxies."""

from __future__ import annotations

import http.client
import sys

PATIENCE = 4.0
"""Seconds for the answer: less than the five that a container's health check is given."""


def healthy(port: int, path: str = "/healthz") -> bool:
    """Whether 200 came back in time."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


if __name__ == "__main__":
    sys.exit(0 if healthy(int(sys.argv[1]), *sys.argv[2:3]) else 1)
