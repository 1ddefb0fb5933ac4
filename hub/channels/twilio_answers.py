"""What Twilio's answers mean: error codes and message states as outcomes, verdicts and fates.

Source: twilio.com/docs/api/errors and the Message resource's `status`. Twilio says that codes move, so a code
that is not listed here still has a verdict. Texts are our own: Twilio's contain people's numbers.
"""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from hub.alerts.notification import Fate
from hub.ports import FateReport, NoAnswer, Rejected, Verdict

CALLBACK_REFUSED = 21609
MESSAGE_UNKNOWN = 20404
LONGEST_WAIT = timedelta(hours=1)
GATEWAY_ERRORS = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
# An error that may have come after the message was taken; 503 and 429 come before.
MAY_HAVE_ACCEPTED = GATEWAY_ERRORS | {HTTPStatus.INTERNAL_SERVER_ERROR}

_LATER = Verdict.LATER
_NEXT = Verdict.NEXT_CHANNEL
_DEAD = Verdict.DEAD_NUMBER
_REFUSED = Verdict.REFUSED

CODES: Mapping[int, tuple[Verdict, str]] = {
    # the account, its credentials, its credit, its sender: nobody is reached until staff act
    10001: (_REFUSED, "account not active, perhaps out of credit"),
    20003: (_REFUSED, "account or token wrong"),
    20005: (_REFUSED, "account not active, perhaps out of credit"),
    20006: (_REFUSED, "access denied"),
    20008: (_REFUSED, "test credentials"),
    20403: (_REFUSED, "forbidden"),
    20404: (_REFUSED, "account not found"),
    21212: (_REFUSED, "sender number invalid"),
    21408: (_REFUSED, "country not enabled for this account"),
    21601: (_REFUSED, "sender cannot text"),
    21603: (_REFUSED, "sender missing"),
    21606: (_REFUSED, "sender not allowed"),
    21608: (_REFUSED, "trial account, number not verified"),
    21611: (_REFUSED, "queue of this sender full"),
    21659: (_REFUSED, "sender is not a Twilio number"),
    21660: (_REFUSED, "sender belongs to another account"),
    21661: (_REFUSED, "sender cannot text"),
    21910: (_REFUSED, "sender and receiver do not fit"),
    30002: (_REFUSED, "account suspended"),
    30032: (_REFUSED, "sender not verified"),
    30034: (_REFUSED, "sender not registered"),
    63038: (_REFUSED, "daily limit of the account reached"),
    90010: (_REFUSED, "account suspended"),
    # the number cannot be reached by text at all
    21211: (_DEAD, "number invalid"),
    21217: (_DEAD, "number invalid"),
    21265: (_DEAD, "short code, takes no texts"),
    21266: (_DEAD, "our own number"),
    21604: (_DEAD, "number missing"),
    21614: (_DEAD, "not a mobile number"),
    21635: (_DEAD, "landline"),
    30005: (_DEAD, "unknown handset"),
    30006: (_DEAD, "landline"),
    # this way cannot reach this person now
    21602: (_NEXT, "text empty"),
    21610: (_NEXT, "opted out by STOP"),
    21612: (_NEXT, "no route to this number"),
    21617: (_NEXT, "text too long"),
    30001: (_NEXT, "queue overflow"),
    30003: (_NEXT, "handset unreachable"),
    30004: (_NEXT, "blocked"),
    30007: (_NEXT, "filtered"),
    30008: (_NEXT, "not delivered, reason unknown"),
    30010: (_NEXT, "price above the limit"),
    30022: (_NEXT, "rate limit of the carrier"),
    30023: (_NEXT, "daily limit of the carrier"),
    30036: (_NEXT, "expired in the queue"),
    30410: (_NEXT, "carrier timed out"),
    30453: (_NEXT, "blocked as suspected fraud"),
    30500: (_NEXT, "carrier broken"),
    # Twilio is busy
    14107: (_LATER, "rate limit"),
    20429: (_LATER, "too many requests"),
    20500: (_LATER, "internal error"),
    20503: (_LATER, "service unavailable"),
    63017: (_LATER, "rate limit"),
}

_DELIVERED = frozenset({"delivered", "read"})
_FAILED = frozenset({"undelivered", "failed", "canceled"})
_UNDER_WAY = frozenset({"accepted", "scheduled", "queued", "sending", "sent", "partially_delivered"})


class Unanswered(Exception):
    """No usable answer came. `sent`: the request may have reached the carrier."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class Refused(Exception):
    """The carrier answered with an error."""

    def __init__(self, status: int, code: int | None, again_in: timedelta | None = None) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code
        self.again_in = again_in


def rejection(refused: Refused) -> Rejected | NoAnswer:
    """Return what an error answer to a new message means for it."""
    # A gateway that lost its upstream cannot say whether the message was taken.
    if refused.code is None and refused.status in GATEWAY_ERRORS:
        return NoAnswer(f"HTTP {refused.status} from a gateway")
    verdict, error = _meaning(refused)
    return Rejected(verdict, error, refused.again_in if verdict is Verdict.LATER else None)


def _meaning(refused: Refused) -> tuple[Verdict, str]:
    status, code = refused.status, refused.code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _LATER, f"{code or status} too many requests"
    if code is not None and code in CODES:
        verdict, phrase = CODES[code]
        return verdict, f"{code} {phrase}"
    name = str(code) if code and code != status else f"HTTP {status}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT):
        return _LATER, f"{name} carrier broken or busy"
    if status < HTTPStatus.BAD_REQUEST:  # a captive portal or a proxy, not the carrier
        return _LATER, f"{name} redirected"
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return _REFUSED, f"{name} account or address wrong"
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _LATER, f"{name} stopped by a proxy"
    return _NEXT, f"{name} refused by the carrier"


def fate_report(provider_id: str, status: str | None, code: int | None) -> FateReport | None:
    """Return the fate that a message's status and error code tell; None if the status is not one we know."""
    if status in _DELIVERED:
        return FateReport(provider_id, Fate.DELIVERED)
    if status in _UNDER_WAY:
        return FateReport(provider_id, Fate.ACCEPTED)
    if status not in _FAILED:
        return None
    if code is None:
        return FateReport(provider_id, Fate.FAILED, f"{status} without a reason", _NEXT)
    verdict, phrase = CODES.get(code, (_NEXT, f"{status} by the carrier"))
    # What the carrier had accepted is never sent again on the same channel.
    return FateReport(provider_id, Fate.FAILED, f"{code} {phrase}", _NEXT if verdict is _LATER else verdict)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long the carrier asks us to wait, at most an hour; None if it does not say.

    A date counts from the answer's own `Date`, so that no clock of ours takes part.
    """
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), LONGEST_WAIT)
    try:
        span = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return min(max(span, timedelta(0)), LONGEST_WAIT)
