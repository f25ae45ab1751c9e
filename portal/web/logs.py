"""The log: one line an event on standard error, JSON for machines, readable on a terminal."""

import logging
import logging.config
import sys
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

_SHARED: Final[tuple[Any, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class _Unfailing:
    """Standard error, where a full disk behind it costs the line and not the request."""

    def write(self, text: str) -> int:
        """Write, or do without."""
        with suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        """Flush, or do without."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(level: int = logging.INFO) -> None:
    """Send our events and the libraries' through one format.

    Args:
        level: the least level that is written; libraries' chatter below WARNING is not.
    """
    structlog.configure(
        processors=[*_SHARED, *_endings()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing())),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(library_logging())


def library_logging() -> dict[str, Any]:
    """Configuration of the standard library's logging in the same format."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": _formatter}},
        "handlers": {
            "line": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["line"], "level": "WARNING"},
        "loggers": {"_granian": {"handlers": ["line"], "level": "WARNING", "propagate": False}},
    }


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_endings()],
        foreign_pre_chain=list(_SHARED),
    )


def _endings() -> list[Any]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
