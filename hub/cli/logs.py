"""Structured logs: one JSON object a line on stderr; ids, not people; numbers masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

# E.164, and domestic numbers of seven digits and more; ids of ours carry letters and are left alone.
_NUMBER = re.compile(r"(?<![\w.:-])(\+?\d[\d\s-]{5,}\d)(?![\w.:-])")
_TOKEN = re.compile(r"(AC[0-9a-f]{32}|/a/)[\w-]*")
_SECRETS = frozenset({"password", "auth_token", "token", "secret", "text", "body", "payload", "name", "address"})


def masked(text: str) -> str:
    """Return the text with telephone numbers cut to their last two digits, tokens of pages removed."""
    text = _NUMBER.sub(lambda match: f"***{match.group(1).strip()[-2:]}", text)
    return _TOKEN.sub(lambda match: f"{match.group(1)[:3]}***", text)


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask personal data in every value; drop what is a secret or a text by name."""
    for key, value in event.items():
        if key in _SECRETS:
            event[key] = "***"
        elif isinstance(value, str) and key != "timestamp":
            event[key] = masked(value)
    return event


def configure(*, debug: bool = False) -> None:
    """Write logs to stderr, from `info` on, or all with `debug`; other libraries' logs from `warning` on."""
    level = logging.DEBUG if debug else logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
