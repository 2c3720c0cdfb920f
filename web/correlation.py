"""One id for each request (``X-Request-Id``, the sender's or made here): in the answer, in its problem, in every line of log.

A fault of ours is logged by its kind and the places in our code where it happened, never by its words or values: those may
be a customer's.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from re import ASCII, compile

import structlog
from prometheus_client import CollectorRegistry, Counter
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger import tracing
from schemas.telltale import looks_personal
from schemas.tracing import trace_id, traceparent

HEADER = "X-Request-Id"
_RAW = HEADER.lower().encode()
_FORM = compile(r"[A-Za-z0-9][A-Za-z0-9._:/=+-]{0,127}", ASCII)
_drawn = Random()
"""Seeded by the system once: an id is no secret, and asking the system each time lets go of the interpreter, which a busy
thread then keeps for up to 5 ms."""
_LOOKED_AT = ("/healthz", "/readyz", "/metrics")
"""By machines, every few seconds: that one is told 503 is no request that failed."""
_UNTRACED = (*_LOOKED_AT, "/stream", "/static/")
"""Asked every few seconds, or for hours."""
_DEPTH = 12
"""Frames of a fault that are logged: the innermost."""


def request_id(scope: Scope) -> str:
    """As the sender gave it, if it is a plain word that holds nobody's number; else a new one."""
    given = next((value for name, value in scope["headers"] if name == _RAW), b"").decode("latin-1")
    return (
        given if _FORM.fullmatch(given) and not looks_personal(given) else f"{_drawn.getrandbits(128):032x}"
    )


def context_of(scope: Scope) -> str:
    """The trace context that the sender is part of; "" for none."""
    given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    return traceparent(given.decode("latin-1"))


def route_of(scope: Scope) -> str:
    """The path as the route is written (``/cases/{case_id}``): what stands in its place is the sender's."""
    return str(getattr(scope.get("route"), "path", ""))


def frames_of(error: BaseException) -> list[str]:
    """``web/events.py:93 post_events``, outermost first, without what any line says."""
    found = traceback.extract_tb(error.__traceback__)[-_DEPTH:]
    return [f"{'/'.join(f.filename.split('/')[-2:])}:{f.lineno} {f.name}" for f in found]


class Answers:
    """What was answered, counted for the whole process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "touchline_http_answers",
            "Answers by status, but for health checks and scrapes; streams when they begin",
            ["status"],
            registry=self.registry,
        )
        for status in ("202", "500", "503"):
            self.answers.labels(status)


class Correlation:
    """Plain ASGI, inside of whatever marks answers and outside of the routes."""

    def __init__(self, app: ASGIApp, counted: Answers, fault: Callable[[Scope, str], Response]) -> None:
        """``fault`` answers what nobody expected, by the request and its id."""
        self._app = app
        self._counted = counted.answers
        self._fault = fault
        self._log = structlog.get_logger("web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ident = request_id(scope)
        status = 0

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if scope["path"] not in _LOOKED_AT:
                    self._counted.labels(str(status)).inc()
                if status > 500:  # a fault has a line of its own
                    self._log.warning(
                        "answered", status=status, method=scope["method"], route=route_of(scope)
                    )
                message["headers"] = [*message.get("headers", ()), (_RAW, ident.encode())]
            await send(message)

        with ExitStack() as under:
            bound = {"request_id": ident}
            span = None
            if not scope["path"].startswith(_UNTRACED):
                span = under.enter_context(tracing.span("HTTP", context_of(scope), "server"))
                if span.context:
                    bound["trace_id"] = trace_id(span.context)
            under.enter_context(structlog.contextvars.bound_contextvars(**bound))
            try:
                await self._app(scope, receive, marked)
            except ClientDisconnect:
                pass
            except Exception as error:
                self._log.error(
                    "fault",
                    error=type(error).__name__,
                    at=frames_of(error),
                    method=scope["method"],
                    route=route_of(scope),
                )
                if not status:
                    await self._fault(scope, ident)(scope, receive, marked)
            if span is not None:
                route = route_of(scope)
                span.tell(
                    f"{scope['method']} {route}".rstrip(),
                    **{
                        "http.request.method": scope["method"],
                        "http.route": route,
                        "http.response.status_code": status,
                    },
                )
