"""Where a recorded verdict comes from (出处), in the names that today's rules use."""

from __future__ import annotations

from schemas.event import Event


def scope_said(verdict: Event) -> str:
    """The scope of the row that said it. The promises of before version 5 had the policy before the key values."""
    scope = str(verdict.origin["scope"])
    policy, bar, keys = scope.partition("|{")
    return f"{{{keys}|{policy}" if bar and keys.endswith("}") else scope
