"""The trace context of an event: the attributes of the CloudEvents extension *Distributed Tracing* (W3C Trace Context).

It says by which request an event came, not what happened. So it is no part of the content: a retry under another trace is the
same event, a context that cannot be read is ignored as W3C asks, and no rule looks at it. ``tracestate`` is a vendor's free
text, in which anything may stand: it is taken, and not kept.
"""

from __future__ import annotations

import re
from typing import Final

from schemas.canonical import Json

ATTRIBUTES: Final = ("traceparent", "tracestate")
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


def traceparent(value: object) -> str:
    """Version, trace, span and flags as they were sent; "" for what is no trace context."""
    return value if isinstance(value, str) and _FORM.fullmatch(value) else ""


def trace_id(context: str) -> str:
    """Of a ``traceparent``: 32 hexadecimal digits, the same for all that one request led to."""
    return context[3:35]


def untraced(raw: Json) -> Json:
    """An event as it was sent, without its trace context."""
    if isinstance(raw, dict) and any(name in raw for name in ATTRIBUTES):
        return {name: value for name, value in raw.items() if name not in ATTRIBUTES}
    return raw
