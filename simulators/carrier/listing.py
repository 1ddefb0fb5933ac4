"""Listing messages: filters and pages.

Source: twilio.com/docs/messaging/api/message-resource (To, From, DateSent, DateSent<, DateSent>; newest first) and
twilio.com/docs/usage/twilios-response (paging: PageSize 1 to 1000, 50 by default; next_page_uri carries a PageToken).
A message that has not been sent has no sent date, so no filter on that date finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulators.carrier.errors import RestError
from simulators.carrier.message import Message

DEFAULT_PAGE = 50
LARGEST_PAGE = 1000
_FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")


def list_messages(messages: Sequence[Message], path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of those of `messages` (oldest first) that match `query`, newest first, as the REST API answers.

    Raises RestError 20001 for values that are not numbers, dates or tokens.
    """
    size = max(1, min(LARGEST_PAGE, _number(query, "PageSize", DEFAULT_PAGE)))
    page = _number(query, "Page", 0)
    matching = _filtered(reversed(messages), query)
    older, position = _token(query.get("PageToken"))
    if position is None:
        rest = matching[page * size :]
    elif older:
        rest = [message for message in matching if message.number < position]
    else:
        rest = [message for message in matching if message.number > position][-size:]
    shown = rest[:size]
    filters = {name: query[name] for name in _FILTERS if name in query}

    def uri(**more: Any) -> str:
        return f"{path}?{urlencode({**filters, 'PageSize': size, **more})}"

    more_after = bool(shown) and shown[-1].number != matching[-1].number
    more_before = bool(shown) and shown[0].number != matching[0].number
    return {
        "end": page * size + max(0, len(shown) - 1),
        "first_page_uri": uri(Page=0),
        "messages": [message.resource() for message in shown],
        "next_page_uri": uri(Page=page + 1, PageToken=f"PASM{shown[-1].number:032x}") if more_after else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": (
            uri(Page=max(0, page - 1), PageToken=f"PBSM{shown[0].number:032x}") if more_before else None
        ),
        "start": page * size,
        "uri": uri(Page=page),
    }


def _filtered(messages: Iterable[Message], query: Mapping[str, str]) -> list[Message]:
    to, from_ = query.get("To"), query.get("From")
    spans = [_span(name, query[name]) for name in ("DateSent", "DateSent<", "DateSent>") if query.get(name)]
    return [
        message
        for message in messages
        if (not to or message.to == to)
        and (not from_ or message.from_ == from_)
        and all(_sent_within(message, since, until) for since, until in spans)
    ]


def _sent_within(message: Message, since: datetime | None, until: datetime | None) -> bool:
    if message.sent_at is None:
        return False
    sent_at = message.sent_at.replace(microsecond=0)  # the API knows whole seconds
    return (since is None or sent_at >= since) and (until is None or sent_at < until)


def _span(name: str, value: str) -> tuple[datetime | None, datetime | None]:
    """Return the span of sent dates a filter lets through: from (inclusive), until (exclusive)."""
    relation = name.removeprefix("DateSent")
    if not relation and value[:2] in ("<=", ">="):
        relation, value = value[0], value[2:]
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise RestError(20001, f"{name}={value}") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    end = at + (timedelta(days=1) if len(value) == len("2026-03-01") else timedelta(seconds=1))
    return (None if relation == "<" else at), (None if relation == ">" else end)


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, "")
    if not value:
        return default
    if not value.isdecimal():
        raise RestError(20001, f"{name}={value}")
    return int(value)


def _token(token: str | None) -> tuple[bool, int | None]:
    """Return whether the page lies after (older) and from which message's number; no number without a token."""
    if not token:
        return True, None
    try:
        return token.startswith("PA"), int(token[4:], 16)
    except ValueError:
        raise RestError(20001, f"PageToken={token}") from None
