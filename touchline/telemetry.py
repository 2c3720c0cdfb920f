"""OpenTelemetry: spans to a collector, over OTLP, where OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra ``scale`` installed.

The settings are OpenTelemetry's own (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES …). A collector
that is away costs nothing but its spans.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger import tracing
from ledger.tracing import Value
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
PATIENCE = 3.0
"""Seconds for a batch of spans, unless told otherwise: a process that ends must not wait long for a collector that is away."""


def start(service: str) -> Callable[[], None]:
    """Begin where an endpoint is set; what is returned sends what is left and ends it. Raises Refused where the endpoint is set
    and OpenTelemetry is not installed."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise Refused(
            Exit.UNAVAILABLE,
            "没有安装 OpenTelemetry：pip install 'touchline[scale]'，或去掉 OTEL_EXPORTER_OTLP_ENDPOINT。",
            "OpenTelemetry is not installed: pip install 'touchline[scale]', or unset OTEL_EXPORTER_OTLP_ENDPOINT.",
        ) from None
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or service})
    provider = TracerProvider(resource=resource)
    patience = None if any(os.environ.get(name) for name in TIMEOUTS) else PATIENCE
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=patience)))
    tracing.use(OpenTelemetry(provider))

    def end() -> None:
        tracing.use(None)
        provider.shutdown()

    return end


class _Open:
    """A span that is under way."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.context = _written(span)

    def tell(self, name: str = "", /, **attributes: Value) -> None:
        if name:
            self._span.update_name(name)
        self._span.set_attributes(attributes)


class OpenTelemetry:
    """``ledger.tracing.Tracer`` over a provider of spans."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("touchline")

    @contextmanager
    def span(self, name: str, parent: str, kind: str) -> Iterator[_Open]:
        span = self._tracer.start_span(name, _read(parent), _kind(kind))
        try:
            yield _Open(span)
        finally:
            span.end()

    def past(
        self, name: str, parent: str, kind: str, began: int, ended: int, attributes: dict[str, Value]
    ) -> str:
        span = self._tracer.start_span(
            name, _read(parent), _kind(kind), attributes=attributes, start_time=began
        )
        span.end(ended)
        return _written(span)


def _kind(word: str) -> SpanKind:
    from opentelemetry.trace import SpanKind

    return SpanKind[word.upper()]


def _read(parent: str) -> Context:
    """A context of its own: what OpenTelemetry believes to be current in this thread is nobody's business here."""
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, Context())


def _written(span: Span) -> str:
    found = span.get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"
