"""The port of tracing: what each room says of a piece of work, and under which context it hands the work on.

Without a tracer (``touchline.telemetry`` sets one up where OTEL_EXPORTER_OTLP_ENDPOINT is set) nothing is measured, and a
context that came from outside is handed on as it came. Attributes are numbers and names of ours, nothing of a customer's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import time_ns
from typing import Protocol

Value = str | int
_here: ContextVar[str] = ContextVar("traceparent", default="")


class Span(Protocol):
    """A piece of work that is under way. ``context`` is what follows from it gets as its parent."""

    @property
    def context(self) -> str: ...

    def tell(self, name: str = "", /, **attributes: Value) -> None: ...


class Tracer(Protocol):
    """``kind``: server, producer, consumer, client or internal."""

    def span(self, name: str, parent: str, kind: str) -> AbstractContextManager[Span]: ...

    def past(
        self, name: str, parent: str, kind: str, began: int, ended: int, attributes: dict[str, Value]
    ) -> str:
        """A piece of work that is over (nanoseconds since 1970); its context."""
        ...


@dataclass(frozen=True, slots=True)
class _Passing:
    context: str

    def tell(self, name: str = "", /, **attributes: Value) -> None:
        """Nobody listens."""


_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """From now on, for the whole process; None: nobody."""
    global _tracer
    _tracer = tracer


def on() -> bool:
    """Whether anybody listens."""
    return _tracer is not None


def here() -> str:
    """The context of the work that the caller is part of; "" for none."""
    return _here.get()


@contextmanager
def span(name: str, parent: str, kind: str = "internal", **attributes: Value) -> Iterator[Span]:
    """A piece of work. What is begun within, in this task or a thread that it hands work to, is part of it (``here``)."""
    if _tracer is None:
        token = _here.set(parent)
        try:
            yield _Passing(parent)
        finally:
            _here.reset(token)
        return
    with _tracer.span(name, parent, kind) as made:
        made.tell(**attributes)
        token = _here.set(made.context)
        try:
            yield made
        finally:
            _here.reset(token)


def past(name: str, parent: str, began: int = 0, kind: str = "internal", **attributes: Value) -> str:
    """A piece of work that ends now and began at ``began`` (``time_ns``; 0: now). Only what is part of a trace is told.
    Returns the context to hand on: ``parent`` where nobody listens."""
    if _tracer is None or not parent:
        return parent
    now = time_ns()
    return _tracer.past(name, parent, kind, began or now, now, attributes)
