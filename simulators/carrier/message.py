"""A message as the carrier keeps it, and as its REST API shows it.

Source: twilio.com/docs/messaging/api/message-resource.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from simulators.carrier.errors import FAILURES

API_VERSION = "2010-04-01"
FINAL = frozenset({"delivered", "undelivered", "failed", "received", "canceled", "read"})

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


def count_segments(text: str) -> int:
    """Return how many SMS `text` takes: GSM-7 160, else 153 each; other scripts UCS-2 70, else 67 each."""
    if all(char in _GSM_BASIC or char in _GSM_EXTENDED for char in text):
        units, single, part = sum(2 if char in _GSM_EXTENDED else 1 for char in text), 160, 153
    else:
        units, single, part = len(text.encode("utf-16-be", "surrogatepass")) // 2, 70, 67
    return 1 if units <= single else math.ceil(units / part)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that will happen to a message.

    `what`: "status" changes it; "callback" reports it; "arrive" puts the text on the phone; "webhook" tells the
    account's own URL of an inbound message.
    """

    due_at: datetime
    what: str
    status: str = ""
    error_code: int | None = None


@dataclass(slots=True)
class Message:
    """One text, outbound or inbound. `number` counts all messages of this carrier; `plan` is what is still to come."""

    sid: str
    number: int
    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    arrived_at: datetime | None = None
    error_code: int | None = None
    status_callback: str | None = None
    plan: list[Step] = field(default_factory=list)

    @property
    def inbound(self) -> bool:
        """Whether a phone sent it to us."""
        return self.direction == "inbound"

    @property
    def phone(self) -> str:
        """The number of the person, not ours."""
        return self.from_ if self.inbound else self.to

    @property
    def segments(self) -> int:
        """How many SMS it takes."""
        return count_segments(self.body)

    @property
    def uri(self) -> str:
        """Its address in the REST API."""
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}.json"

    def resource(self) -> dict[str, Any]:
        """Return what the REST API answers."""
        failure = FAILURES.get(self.error_code) if self.error_code else None
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": _rfc2822(self.created_at),
            "date_sent": _rfc2822(self.sent_at),
            "date_updated": _rfc2822(self.updated_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": failure.message if failure else None,
            "from": self.from_,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri.removesuffix('.json')}/Media.json"},
            "to": self.to,
            "uri": self.uri,
        }

    def to_row(self) -> dict[str, Any]:
        """Return it as JSON values, to be kept."""
        row = asdict(self)
        for name in ("created_at", "updated_at", "sent_at", "arrived_at"):
            row[name] = row[name].isoformat() if row[name] else None
        for step in row["plan"]:
            step["due_at"] = step["due_at"].isoformat()
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Message":
        """Return what `to_row` kept."""
        values = dict(row)
        for name in ("created_at", "updated_at", "sent_at", "arrived_at"):
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        values["plan"] = [Step(**{**step, "due_at": datetime.fromisoformat(step["due_at"])}) for step in values["plan"]]
        return cls(**values)


def _rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at) if at else None
