"""The errors the carrier answers with, and those it reports of a message later.

Source: Twilio's error dictionary (twilio.com/docs/api/errors) and "Twilio's response", error body: code, message,
more_info, status.
"""

from datetime import timedelta
from typing import NamedTuple


class Refusal(NamedTuple):
    """An error of a request: the HTTP status and what the body says. `{0}` stands for what it is about."""

    http_status: int
    message: str


REFUSALS: dict[int, Refusal] = {
    20001: Refusal(400, "Invalid parameter: {0}"),
    20003: Refusal(401, "Authenticate"),
    20004: Refusal(405, "Method not allowed"),
    # "Your Twilio account is not active, potentially because you ran out of funds": our "no credit".
    20005: Refusal(403, "Account not active"),
    20009: Refusal(409, "Cannot delete this Message because delivery has not been completed."),
    20404: Refusal(404, "The requested resource {0} was not found"),
    20429: Refusal(429, "Too Many Requests"),
    20500: Refusal(500, "An internal server error has occurred"),
    20503: Refusal(503, "Service is unavailable. Please try again."),
    21211: Refusal(400, "The 'To' number {0} is not a valid phone number."),
    21266: Refusal(400, "'To' and 'From' number cannot be the same: {0}"),
    21408: Refusal(
        400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {0}"
    ),
    21603: Refusal(400, "A 'From' phone number is required."),
    21604: Refusal(400, "A 'To' phone number is required."),
    21606: Refusal(
        400,
        "The From phone number {0} is not a valid, SMS-capable inbound phone number or short code for your account.",
    ),
    21609: Refusal(400, "The 'StatusCallback' URL {0} is not a valid URL."),
    21610: Refusal(400, "Attempt to send to unsubscribed recipient"),
    21612: Refusal(400, "The 'To' phone number: {0}, is not currently reachable using the 'From' phone number."),
    21614: Refusal(400, "'To' number: {0}, is not a valid mobile number"),
    21617: Refusal(400, "The concatenated message body exceeds the 1600 character limit."),
    21619: Refusal(400, "A text message body or media urls must be specified."),
    21635: Refusal(400, "'To' number {0} cannot be a landline"),
    30409: Refusal(400, "This message cannot be canceled"),
}


class Failure(NamedTuple):
    """An error of a message that had been accepted: the status it ends in and its error_message."""

    status: str
    message: str


FAILURES: dict[int, Failure] = {
    30001: Failure("failed", "Queue overflow"),
    30002: Failure("failed", "Account suspended"),
    30003: Failure("undelivered", "Unreachable destination handset"),
    30004: Failure("undelivered", "Message blocked"),
    30005: Failure("undelivered", "Unknown destination handset"),
    30006: Failure("undelivered", "Landline or unreachable carrier"),
    30007: Failure("undelivered", "Message filtered"),
    30008: Failure("undelivered", "Unknown error"),
}

# Numbers that always answer the same, as with Twilio's test credentials (twilio.com/docs/iam/test-credentials).
MAGIC_RECIPIENTS: dict[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}


class RestError(Exception):
    """A request the carrier answers with an error."""

    def __init__(self, code: int, about: str = "", *, retry_after: timedelta | None = None) -> None:
        """`code` is one of REFUSALS; `about` the number, URL or path the message names."""
        refusal = REFUSALS[code]
        self.code = code
        self.http_status = refusal.http_status
        self.message = refusal.message.format(about)
        self.retry_after = retry_after
        super().__init__(f"{code}: {self.message}")

    def body(self) -> dict[str, str | int]:
        """Return the body of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http_status,
        }
