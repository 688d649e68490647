"""Log lines: one JSON object each, with the correlation id of the message they belong to. Secrets never get here."""

import logging
import sys
from typing import Any

import structlog

log: Any = structlog.get_logger("tracemill")


def configure(level: str = "info", *, human: bool = False) -> None:
    """Send log lines to standard error: JSON for machines, aligned text for people."""
    plain = structlog.dev.plain_traceback
    renderer: Any = structlog.dev.ConsoleRenderer(exception_formatter=plain) if human else structlog.processors.JSONRenderer()
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not human:
        # Without local variables: they may hold what a log line must never show.
        made = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        processors.append(structlog.processors.ExceptionRenderer(made))
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked anew each time: tests and daemons swap it
        cache_logger_on_first_use=False,
    )


configure()  # safe from the first line on: structlog's own default prints local variables with every traceback
