"""Logs on stderr: lines for people, or JSON for machines. Personal data never comes near them."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from touchline import options


def configure(form: str) -> None:
    """``form`` is text or json. Warnings of libraries (uvicorn, Kafka's clients) reach stderr too, and with json all that this
    process says to people."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    as_json: list[Any] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    last: list[Any] = (
        as_json
        if form == "json"
        else [
            # the usual formatter shows the values of local variables
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *as_json],
        )
        if form == "json"
        else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[theirs])
    options.lines(_line if form == "json" else None)


def _line(level: str, zh: str, en: str) -> None:
    getattr(structlog.get_logger("touchline"), level)(en or zh, zh=zh)
