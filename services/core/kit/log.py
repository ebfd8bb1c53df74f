"""Structured lines for machines to read: a correlation id in each, never a text, secret or body."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

# Longer than any id or path template; whatever is longer came from outside.
MAX_FIELD_CHARACTERS = 512
MAX_FRAMES = 12
# httpx names whole addresses, and a robot's webhook address is a secret; arq tells of every wake.
TALKATIVE = ("httpx", "httpcore", "arq")
# It repeats addresses it cannot read, tokens and all; what came of it is said by its gateway.
INDISCREET = ("apprise",)


def configure(*, level: str = "INFO", json_lines: bool = True) -> None:
    """Set up structlog and the standard library's logging to write one line an entry to stderr."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        name_exception,
        cut_fields,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _route_standard_logging(number, shared, renderer)


def _route_standard_logging(number: int, shared: list[Any], renderer: Any) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name in INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def name_exception(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its type and places; its message may hold what somebody wrote.

    SQLAlchemy, for one, puts the bound values of a failed statement into the message.
    """
    raised = fields.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    if isinstance(raised, tuple):
        raised = raised[1]
    if isinstance(raised, BaseException):
        frames = traceback.extract_tb(raised.__traceback__)[-MAX_FRAMES:]
        fields["exception"] = _type_of(raised)
        fields["cause"] = _type_of(raised.__cause__) if raised.__cause__ else None
        fields["sqlstate"] = getattr(getattr(raised, "orig", None), "sqlstate", None)
        fields["frames"] = [f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in frames]
    return fields


def cut_fields(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep every field short, so that no input can flood the log."""
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > MAX_FIELD_CHARACTERS:
            fields[name] = value[:MAX_FIELD_CHARACTERS]
    return fields


def _type_of(raised: BaseException) -> str:
    return f"{type(raised).__module__}.{type(raised).__qualname__}"
