"""Structured logs: one JSON object a line on stderr; ids, not people; numbers and secrets masked."""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

# A number with its country, wherever it stands.
_INTERNATIONAL = re.compile(r"\+\d(?:[\s().-]?\d){6,}")
# Seven digits and more, also in groups: a domestic number. Dates, times, fractions, and digits inside ids are none.
_DOMESTIC = re.compile(
    r"(?:(?<!\w)(?<!\d[.:-])|(?<=%2B))(?!(?:19|20)\d\d-\d\d-\d\d(?!\d))\(?\d(?:[\s()-]{0,2}\d){6,}(?!\w|[.:-]\d|@)"
)
_ACCOUNT = re.compile(r"\bAC[0-9a-f]{32}\b")
_PAGE = re.compile(r"(/a/)[\w-]+")
# Values that are never written, whatever they hold.
_NEVER = frozenset({"password", "auth_token", "token", "secret", "text", "body", "payload", "name", "address", "phone"})
_FIRST = ("timestamp", "level", "event")
_FRAMES = 12
_SHORTEST_SECRET = 4

_secrets: set[str] = set()


def hide(*secrets: str | None) -> None:
    """Never write these values, wherever they turn up."""
    _secrets.update(secret for secret in secrets if secret and len(secret) >= _SHORTEST_SECRET)


def masked(text: str) -> str:
    """Return the text with telephone numbers cut to their last two digits, secrets and tokens of pages removed."""
    for secret in _secrets:
        text = text.replace(secret, "***")
    text = _ACCOUNT.sub("AC***", _PAGE.sub(r"\1***", text))
    return _DOMESTIC.sub(_last_two, _INTERNATIONAL.sub(_last_two, text))


def _last_two(match: re.Match[str]) -> str:
    return f"***{match.group().rstrip(')')[-2:]}"


def mask(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask personal data in every value; drop what is a secret or a text by name."""
    return {key: value if key == "timestamp" else _mask(key, value) for key, value in event.items()}


def _mask(key: str, value: Any) -> Any:
    if key in _NEVER:
        return "***"
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(str(inner)): _mask(str(inner), what) for inner, what in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_mask(key, each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float)) else masked(str(value))


def configure(*, debug: bool = False, quiet: bool = False, stream: TextIO | None = None) -> None:
    """Write logs to `stream` (stderr), from `info` on, or all with `debug`; other libraries' from `warning` on.

    `quiet`: our own from `warning` on too.
    """
    lines = _Lines(stream or sys.stderr)
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Failures(whole=debug),
    ]
    last: list[Processor] = [mask, _in_order, structlog.processors.JSONRenderer(ensure_ascii=False)]
    level = logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(lines),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _in_order(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put what a reader looks for first in front."""
    return {key: event[key] for key in (*_FIRST, *(k for k in event if k not in _FIRST)) if key in event}


class _Failures:
    """Writes an exception as its type and the way to it.

    Its words are left out unless `whole`: they may quote what it failed on, and that may be a person.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Replace `exc_info`."""
        info = event.pop("exc_info", None)
        if info is True:
            info = sys.exc_info()
        error = info[1] if isinstance(info, tuple) else info
        if isinstance(error, BaseException):
            event["exception"] = "".join(traceback.format_exception(error)) if self._whole else type(error).__name__
            if not self._whole:
                frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
                event["way"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return event


class _Lines:
    """A stream whose reader may go away: a hub goes on without its log."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if anybody reads."""
        with suppress(OSError, ValueError):
            self._stream.flush()
